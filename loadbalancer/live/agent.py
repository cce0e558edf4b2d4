"""One shell script that asks an agent everything, and the reader of what it prints.

Each command's output stands behind a line with a random token and its length: no data can look
like the beginning of the next command.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

__all__ = ["COMMANDS", "Answer", "new_token", "parse_answers", "script_arguments"]

COMMANDS = {
    "version": "version",
    "service list -o json": "service-list--o-json",
    "shell -- db/show frontends -f json": "statedb",
    "shell -- db/show services -f json": "statedb",
    "shell -- db/show backends -f json": "statedb",
    "statedb dump": "statedb-dump",
    "bpf lb list": "bpf-lb-list",
    "bpf lb list --frontends": "bpf-lb-list---frontends",
    "bpf lb list --backends": "bpf-lb-list---backends",
    "bpf lb list --revnat": "bpf-lb-list---revnat",
    "config -a": "config--a",
    "status --verbose": "status--verbose",
}
"""What an agent is asked, and the name of the file with the answer."""

_SCRIPT = r"""
token=$1
LC_ALL=C; export LC_ALL
program=cilium-dbg
command -v cilium-dbg >/dev/null 2>&1 || program=cilium
if ! command -v "$program" >/dev/null 2>&1; then
  echo "neither cilium-dbg nor cilium is there" >&2; exit 127
fi
ask() {
  begin=$(date +%s)
  output=$("$program" "$@" 2>&1; echo "$token$?")
  status=${output##*"$token"}
  output=${output%"$token"*}
  end=$(date +%s)
  printf '%s %s %s %s %s %s\n' "$token" "${#output}" "$status" "$((end - begin))" "$program" "$*"
  printf '%s\n' "$output"
}
"""
_HEAD = re.compile(
    rb"(?P<token>\S+) (?P<length>\d+) (?P<status>\d+) (?P<seconds>-?\d+) "
    rb"(?P<program>\S+) (?P<command>[^\n]*)\n"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command printed."""

    program: str
    command: str
    status: int
    seconds: int
    output: bytes

    @property
    def name(self) -> str:
        """The name of its file in a bugtool archive."""
        return f"{self.program}-{COMMANDS.get(self.command, self.command.replace(' ', '-'))}.md"


def new_token() -> str:
    """Return a token that no data can have."""
    return f"loadbalancer-{secrets.token_hex(16)}"


def script_arguments(token: str) -> list[str]:
    """Return the command that asks an agent everything in one go."""
    calls = "\n".join(f"ask {command}" for command in COMMANDS)
    return ["sh", "-c", f"{_SCRIPT}{calls}\n", "loadbalancer", token]


def parse_answers(output: bytes, token: str) -> tuple[list[Answer], str]:
    """Return the answers, and why the output ends early; empty if it does not."""
    answers: list[Answer] = []
    at = 0
    while at < len(output):
        match = _HEAD.match(output, at)
        if match is None or match["token"] != token.encode():
            where = f"behind {answers[-1].command!r}" if answers else "at its beginning"
            return answers, f"the output cannot be read {where}"
        end = match.end() + int(match["length"])
        if end > len(output):
            command = match["command"].decode(errors="replace")
            return answers, f"the output ends within {command!r}"
        answers.append(
            Answer(
                match["program"].decode(errors="replace"),
                match["command"].decode(errors="replace"),
                int(match["status"]),
                int(match["seconds"]),
                output[match.end() : end],
            )
        )
        at = end + 1
    if len(answers) < len(COMMANDS):
        return answers, f"{len(answers)} of {len(COMMANDS)} commands were run"
    return answers, ""
