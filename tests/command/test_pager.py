"""Long text in a terminal is shown by a pager; elsewhere, and in other formats, it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .running import COMMAND, EXAMPLES, Shown, environment, run, run_in_terminal

PAGED = [
    ["audit", "sysdump"],
    ["explain", "shop/api", "sysdump"],
    ["list", "service_list.json"],
    ["rules"],
]
MARKING = "sed s/^/|/"


def shown(*arguments: str, **variables: str) -> Shown:
    return run_in_terminal(*arguments, columns=100, cwd=EXAMPLES, **variables)


@pytest.mark.parametrize("arguments", PAGED, ids=" ".join)
def test_text_goes_through_the_pager(arguments: list[str]) -> None:
    plain = shown(*arguments)
    paged = shown(*arguments, LOADBALANCER_PAGER=MARKING)
    # Colors, width and exit code are the same.
    assert paged.text == "".join(f"|{line}" for line in plain.text.splitlines(keepends=True))
    assert "\x1b[" in paged.text
    assert paged.code == plain.code


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--no-pager", "rules"], {"LOADBALANCER_PAGER": MARKING}),
        (["rules", "--format", "json"], {"LOADBALANCER_PAGER": MARKING}),
        (["rules"], {"LOADBALANCER_PAGER": "", "PAGER": MARKING}),
        (["rules"], {"LOADBALANCER_PAGER": "cat", "PAGER": MARKING}),
        (["rules"], {"LOADBALANCER_PAGER": "no-such-pager"}),
        (["rules"], {"LOADBALANCER_PAGER": "'"}),
        (["rules"], {"LOADBALANCER_PAGER": MARKING, "TERM": "dumb"}),
    ],
)
def test_no_pager(arguments: list[str], variables: dict[str, str]) -> None:
    found = shown(*arguments, **variables)
    assert not any(line.startswith("|") for line in found.text.splitlines())
    assert len(found.text.splitlines()) > 20
    assert found.code == 0


def test_other_text_is_not_paged() -> None:
    found = shown("validate", "service_list.json", LOADBALANCER_PAGER=MARKING)
    assert found.text.startswith("service_list.json: ")


def test_nothing_is_paged_where_standard_output_is_piped() -> None:
    finished = run("rules", env=environment(LOADBALANCER_PAGER=MARKING, TERM="xterm"))
    assert finished.out.startswith("error: ")


def test_pager_and_the_options_of_less(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\necho "$LESS $LV $1"; cat > /dev/null\n')
    pager.chmod(0o755)
    found = run_without_choice("rules", PAGER=f"{pager} a")
    assert found.text == "FRX -c a\n"
    assert run_without_choice("rules", PAGER=str(pager), LESS="S").text == "S -c \n"


def run_without_choice(*arguments: str, **variables: str) -> Shown:
    """Run with PAGER alone: LOADBALANCER_PAGER is not set."""
    unset = ("env", "-u", "LOADBALANCER_PAGER", *COMMAND)
    return run_in_terminal(*arguments, columns=100, cwd=EXAMPLES, command=unset, **variables)


def test_a_pager_that_is_left_early() -> None:
    found = shown("rules", LOADBALANCER_PAGER="head -n 1")
    assert len(found.text.splitlines()) == 1
    assert "Traceback" not in found.text
    assert found.code in (0, 141)
