"""Which file is what, by its name, over the releases of `cilium-bugtool` and `cilium sysdump`."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

__all__ = ["Name", "Role", "is_bugtool_archive", "name_of", "node_name_of", "pod_of"]

Role = Literal[
    "json",
    "text",
    "statedb",
    "bpf",
    "status",
    "hostname",
    "settings",
    "objects",
    "config",
    "kvstore",
]

# A command of an agent's pod. Where `--k8s-mode` ran it, the pod stands in front of it.
_COMMAND = re.compile(
    r"(?:kubectl-exec-(?P<pod>[a-z0-9.-]+?)--n-[a-z0-9-]+?----)?(?P<command>.+)\.md"
)
_ROLE_OF_COMMAND: dict[str, Role] = {
    **{f"cilium{dbg}-service-list--o-json": "json" for dbg in ("", "-dbg")},
    **{f"cilium{dbg}-service-list": "text" for dbg in ("", "-dbg")},
    **{f"cilium{dbg}-bpf-lb-list": "bpf" for dbg in ("", "-dbg")},
    **{
        f"cilium{dbg}-status--{a}": "status"
        for dbg in ("", "-dbg")
        for a in ("verbose", "-verbose")
    },
    **{
        f"cilium{dbg}-config--{option}": "settings"
        for dbg in ("", "-dbg")
        for option in ("a", "-all")
    },
    "cilium-dbg-statedb-dump": "statedb",
    "cilium-dbg-statedb": "statedb",
    "hostname": "hostname",
}
_TIME = r"(?:-<?[0-9]{8}-[0-9]{6}[^/]*)?"
_YAML = r"\.(?:ya?ml|json)"
_CLUSTER: list[tuple[re.Pattern[str], Role]] = [
    (
        re.compile(
            r"(?:k8s-)?(?:services|endpointslices|endpoints|pods|nodes|ciliumlocalredirectpolicies"
            rf"|cilium-?node-?configs){_TIME}{_YAML}"
        ),
        "objects",
    ),
    (re.compile(rf"cilium-config(?:map)?{_TIME}{_YAML}"), "config"),
    (re.compile(rf"kvstore-services{_TIME}\.json"), "kvstore"),
]
_PACKED = r"\.(?:tar(?:\.(?:gz|xz|zst))?|tgz|txz)"
_STEM = re.compile(rf"(.+?)(?:{_PACKED})?")
_ARCHIVE = re.compile(rf".*{_PACKED}")
_BUGTOOL = re.compile(r"cilium-bugtool-(?:(?P<pod>[0-9.-]*[a-z][a-z0-9.-]*?)-)?[0-9]{8}-.*")
_PREFIXED = re.compile(r"(?P<pod>[a-z0-9.-]+)-cilium-bugtool-[0-9]{8}-.*")


_EXTENSIONS = re.compile(r"(?:\.(?:json|ya?ml|txt|md|tar|tgz|txz|zip|gz|xz|zst))+\Z")


def node_name_of(path: str) -> str:
    """Return the node that a file is named after: its name without known extensions."""
    return _EXTENSIONS.sub("", path.rsplit("/", 1)[-1])


class Name(NamedTuple):
    """What a path says: the role of the file, the folder of its node, the pod where it is named."""

    role: Role
    node: str
    pod: str


def pod_of(folder: str) -> str:
    """The pod in the name of a bugtool folder or archive, "" where there is none."""
    match = _BUGTOOL.fullmatch(folder) or _PREFIXED.fullmatch(folder)
    return (match["pod"] or "") if match else ""


def is_bugtool_archive(path: str, everything: bool) -> bool:
    """Whether a file within is itself an archive of one node; in a folder each tar is one."""
    base = path.rsplit("/", 1)[-1]
    return bool(_ARCHIVE.fullmatch(base)) and (everything or "bugtool" in base)


def name_of(path: str) -> Name | None:
    """What the file at a path is; None for the many that say nothing of services."""
    *folders, base = path.split("/")
    for pattern, role in _CLUSTER:
        if pattern.fullmatch(base):
            return Name(role, "", "")
    match = _COMMAND.fullmatch(base)
    role_found = _ROLE_OF_COMMAND.get(match["command"]) if match else None
    if match is None or role_found is None:
        return None
    if folders and folders[-1] == "cmd":
        folders.pop()
    pod = match["pod"] or next((pod for each in reversed(folders) if (pod := _pod_in(each))), "")
    return Name(role_found, pod or "/".join(folders), pod)


def _pod_in(folder: str) -> str:
    match = _STEM.fullmatch(folder)
    return pod_of(match[1] if match else folder)
