"""`kubectl`, the user's own: exec plugins, OIDC, proxies and contexts work as they do there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..dumps.json_text.values import is_array, is_object
from ..errors import LoadBalancerError

__all__ = ["Kubectl", "LiveError"]

_SHOWN = 300


class LiveError(LoadBalancerError):
    """Something of the cluster cannot be read; the message has what kubectl printed."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """How kubectl is called. It only reads: `get`, and `exec` of programs that print."""

    program: str = "kubectl"
    context: str | None = None
    kubeconfig: str | None = None
    timeout: float = 30.0
    """How long one call may take, in seconds."""

    def check(self) -> None:
        """Find out whether kubectl can be started.

        Raises:
            LiveError: it is not installed.
        """
        if shutil.which(self.program) is None:
            raise LiveError(f"{self.program} is not installed, or not on the PATH (--kubectl)")

    def current_context(self) -> str:
        """Return the name of the context that is used.

        A pod without a configuration uses its service account: `in-cluster`.

        Raises:
            LiveError: there is none.
        """
        if self.context is not None:
            return self.context
        try:
            return self.run("config", "current-context").decode(errors="replace").strip()
        except LiveError:
            if "KUBERNETES_SERVICE_HOST" in os.environ:
                return "in-cluster"
            raise

    def get(self, kind: str, *arguments: str) -> list[dict[str, Any]]:
        """Return the objects of a kind.

        Raises:
            LiveError: they cannot be read.
        """
        text = self.run("get", kind, *arguments, "-o", "json", timeout=max(self.timeout, 120.0))
        try:
            found: Any = json.loads(text)
        except ValueError as error:
            raise LiveError(f"kubectl get {kind} printed no JSON: {error}") from None
        items = found.get("items") if is_object(found) else None
        if is_array(items):
            return [dict(each) for each in items if is_object(each)]
        return [dict(found)] if is_object(found) else []

    def execute(self, namespace: str, pod: str, container: str, command: Sequence[str]) -> bytes:
        """Return what a command in a pod prints.

        Raises:
            LiveError: it cannot be run, or takes too long.
        """
        place = ("-n", namespace, pod, "-c", container)
        return self.run("exec", *place, "--", *command)

    def run(self, *arguments: str, timeout: float | None = None) -> bytes:
        """Return what kubectl prints.

        Raises:
            LiveError: kubectl fails, or takes too long.
        """
        allowed = self.timeout if timeout is None else timeout
        try:
            done = subprocess.run(
                [self.program, *self._options(), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=allowed,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LiveError(f"no answer within {allowed:g} seconds") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise LiveError(f"{self.program} cannot be started: {reason}") from None
        if done.returncode:
            reason = " ".join(done.stderr.decode(errors="replace").split())[:_SHOWN]
            raise LiveError(reason or f"{self.program} ended with status {done.returncode}")
        return done.stdout

    def _options(self) -> list[str]:
        options: list[str] = []
        if self.kubeconfig is not None:
            options += ["--kubeconfig", self.kubeconfig]
        if self.context is not None:
            options += ["--context", self.context]
        return options
