"""Colours: `--color`, `NO_COLOR`, `FORCE_COLOR`, and what is a terminal."""

from __future__ import annotations

import pytest

from .running import EXAMPLES, environment, run, run_in_terminal

PLAIN = "active -> terminating: allowed\n"
COLOURED = "\x1b[32mactive\x1b[0m -> \x1b[33mterminating\x1b[0m: \x1b[32mallowed\x1b[0m\n"
ARGUMENTS = ("state", "active", "terminating")
Case = tuple[list[str], dict[str, str], bool]

DECIDED: list[Case] = [
    (["--color", "always"], {}, True),
    (["--color", "always"], {"NO_COLOR": "1"}, True),
    (["--color", "always"], {"TERM": "dumb"}, True),
    (["--color", "never"], {}, False),
    (["--color=never"], {"FORCE_COLOR": "1"}, False),
    ([], {"FORCE_COLOR": "1"}, True),
    (["--color", "auto"], {"FORCE_COLOR": "1"}, True),
    ([], {"NO_COLOR": "1"}, False),
    ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
]


@pytest.mark.parametrize(
    ("options", "variables", "is_coloured"), [*DECIDED, ([], {"FORCE_COLOR": ""}, False)]
)
def test_in_a_pipe(options: list[str], variables: dict[str, str], is_coloured: bool) -> None:
    finished = run(*options, *ARGUMENTS, env=environment(**variables))
    assert (finished.out, finished.err) == (COLOURED if is_coloured else PLAIN, "")


@pytest.mark.parametrize(
    ("options", "variables", "is_coloured"),
    [*DECIDED, ([], {}, True), (["--color", "auto"], {"NO_COLOR": ""}, True)],
)
def test_in_a_terminal(options: list[str], variables: dict[str, str], is_coloured: bool) -> None:
    shown = run_in_terminal(*options, *ARGUMENTS, columns=100, cwd=EXAMPLES, **variables)
    assert shown.text == (COLOURED if is_coloured else PLAIN)


def test_the_table_of_services_in_a_pipe() -> None:
    finished = run("--color", "always", "list", "service_get_5.json")
    assert finished.out == (
        "\x1b[1mID   Frontend       Service Type   Backend\x1b[0m\n"
        "5    192.0.2.1:80   LoadBalancer   1 => 10.0.1.1:8080 \x1b[31m(quarantined)\x1b[0m\n"
        "                                   2 => 10.0.1.2:8080 \x1b[32m(active)\x1b[0m\n"
        "                                   3 => 10.0.1.3:8080 \x1b[35m(maintenance)\x1b[0m\n"
    )


def test_a_problem_is_on_one_line_in_a_pipe_with_and_without_colours() -> None:
    plain = run("validate", "-q", "--max-problems", "1", "broken.json")
    coloured = run("--color", "always", "validate", "-q", "--max-problems", "1", "broken.json")
    assert coloured.out.splitlines()[0] == (
        "\x1b[1mbroken.json:3:5:\x1b[0m\x1b[33m warning:\x1b[0m\x1b[36m /0/backend_addresses:"
        '\x1b[0m unknown key "backend_addresses" is ignored; did you mean '
        "\x1b[32mbackend-addresses\x1b[0m?"
    )
    assert coloured.out.splitlines()[1:] == plain.out.splitlines()[1:]


@pytest.mark.parametrize("output_format", ["json", "concise", "sarif", "junit", "github", "gitlab"])
def test_what_programs_read_has_no_colours(output_format: str) -> None:
    arguments = ("validate", "--format", output_format, "broken.json")
    assert run("--color", "always", *arguments) == run(*arguments)
