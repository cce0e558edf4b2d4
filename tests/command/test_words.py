"""`loadbalancer flags`, `state`, `schema` and `completion`: what needs no input."""

from __future__ import annotations

import json
import re

import pytest

from loadbalancer import (
    BackendState,
    ServiceFlags,
    SvcFlagParam,
    is_valid_state_transition,
    schemas,
)
from loadbalancer.command.output.printing import STATE_STYLES
from loadbalancer.domain.backend_state import STATE_WORDS

from .conftest import Invoke
from .running import run_in_terminal


def last_line(text: str) -> str:
    """What a usage error comes down to."""
    return text.splitlines()[-1]


@pytest.mark.parametrize("number", ["0x1044", "4164", "0b1000001000100", "0o10104"])
def test_decode_flags(invoke: Invoke, number: str) -> None:
    finished = invoke("flags", number)
    assert finished.out == (
        "0x1044 = 4164: ClusterIP, Local, InternalLocal\n"
        "  bit 2   0x0004  ext-local-scope\n"
        "  bit 6   0x0040  routable\n"
        "  bit 12  0x1000  int-local-scope\n"
    )
    assert (finished.code, finished.err) == (0, "")


def test_encode_flags(invoke: Invoke) -> None:
    finished = invoke("flags", "--type", "nodeport", "--ext-local", "--routable", "--nat", "Nat46")
    assert finished.out == (
        "0x2246 = 8774: NodePort, Local, two-scopes, 46x64\n"
        "  bit 1   0x0002  node-port\n"
        "  bit 2   0x0004  ext-local-scope\n"
        "  bit 6   0x0040  routable\n"
        "  bit 9   0x0200  nat46x64\n"
        "  bit 13  0x2000  two-scopes\n"
    )


def test_flags_for_programs(invoke: Invoke) -> None:
    finished = invoke("flags", "--format", "json", "0", "0xc020")
    assert json.loads(finished.out) == [
        {
            "flags": 0,
            "hex": "0x0000",
            "text": str(ServiceFlags(0)),
            "type": "ClusterIP",
            "external_traffic_policy": "Cluster",
            "internal_traffic_policy": "Cluster",
            "bits": [],
        },
        {
            "flags": 0xC020,
            "hex": "0xc020",
            "text": "LoadBalancer, non-routable, quarantined, dsr",
            "type": "LoadBalancer",
            "external_traffic_policy": "Cluster",
            "internal_traffic_policy": "Cluster",
            "bits": [
                {"bit": 5, "mask": 0x20, "name": "load-balancer"},
                {"bit": 14, "mask": 0x4000, "name": "quarantined"},
                {"bit": 15, "mask": 0x8000, "name": "dsr"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Error: give FLAGS to decode, or options to encode; --help has examples"),
        (("1", "--l7"), "Error: give FLAGS to decode, or options to encode, not both"),
        (
            ("0x10000",),
            "Error: Invalid value for 'FLAGS': "
            "'0x10000' is not a number from 0 to 0xffff (65535), or a pair of bytes",
        ),
        (
            ("--nat", "none"),
            "Error: Invalid value for '--nat': there is no policy 'none'. "
            "It is one of Nat46, Nat64.",
        ),
        (
            ("node-port",),
            "Error: Invalid value for 'FLAGS': "
            "'node-port' is not a number from 0 to 0xffff (65535), or a pair of bytes",
        ),
    ],
)
def test_no_flags(invoke: Invoke, arguments: tuple[str, ...], message: str) -> None:
    finished = invoke("flags", *arguments)
    assert (finished.code, finished.out) == (2, "")
    assert last_line(finished.err) == message


@pytest.mark.parametrize(
    ("old", "new", "out", "code"),
    [
        ("active", "quarantined", "active -> quarantined: allowed\n", 0),
        ("Terminating", "ACTIVE", "terminating -> active: not allowed\n", 1),
        ("2", "3", "quarantined -> maintenance: not allowed\n", 1),
        ("invalid", "4", "invalid -> invalid: allowed\n", 0),
    ],
)
def test_may_it_go_there(invoke: Invoke, old: str, new: str, out: str, code: int) -> None:
    finished = invoke("state", old, new)
    assert (finished.code, finished.out, finished.err) == (code, out, "")


def test_where_may_it_go(invoke: Invoke) -> None:
    finished = invoke("state", "maintenance")
    assert [line.rstrip() for line in finished.out.splitlines()] == [
        "from \\ to    active  terminating  quarantined  maintenance  invalid",
        "maintenance  yes     -            -            yes          -",
    ]
    assert finished.code == 0


def test_table_of_transitions(invoke: Invoke) -> None:
    finished = invoke("state")
    assert [line.rstrip() for line in finished.out.splitlines()] == [
        "from \\ to    active  terminating  quarantined  maintenance  invalid",
        "active       yes     yes          yes          yes          -",
        "terminating  -       yes          -            -            -",
        "quarantined  yes     yes          yes          -            -",
        "maintenance  yes     -            -            yes          -",
        "invalid      -       -            -            -            yes",
    ]
    facts = json.loads(invoke("state", "--format", "json").out)
    assert facts == [
        {"from": str(old), "to": str(new), "allowed": is_valid_state_transition(old, new)}
        for old in BackendState
        for new in BackendState
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("maintenence", "Did you mean maintenance?"),
        ("7", "It is one of active, terminating, quarantined, maintenance or invalid."),
    ],
)
def test_no_state(invoke: Invoke, text: str, hint: str) -> None:
    finished = invoke("state", "active", text)
    assert (finished.code, finished.out) == (2, "")
    assert last_line(finished.err) == (
        f"Error: Invalid value for 'TO': invalid backend state {text}. {hint}"
    )


@pytest.mark.parametrize(
    ("arguments", "name"), [(["", "active"], "FROM"), ([""], "FROM"), (["active", ""], "TO")]
)
def test_an_empty_state_is_wrong_usage(invoke: Invoke, arguments: list[str], name: str) -> None:
    finished = invoke("state", *arguments)
    assert (finished.code, finished.out) == (2, "")
    assert f"Invalid value for '{name}': it is empty. It is one of active, " in finished.err


def test_schemas(invoke: Invoke) -> None:
    listed = invoke("schema", "--list").out.split()
    assert listed == [*schemas.names(), "openapi"]
    for name in schemas.names():
        assert json.loads(invoke("schema", name).out) == schemas.schema(name)
        written = json.loads(invoke("schema", "--written", name).out)
        assert written == schemas.schema(name, "serialization")
    assert json.loads(invoke("schema", "openapi").out) == schemas.openapi()
    assert json.loads(invoke("schema").out) == schemas.openapi()
    older = invoke("schema", "openapi", "--version", "3.0").out
    assert json.loads(older) == schemas.openapi(version="3.0")


def test_no_schema(invoke: Invoke) -> None:
    finished = invoke("schema", "servicespec")
    assert (finished.code, finished.out) == (2, "")
    assert last_line(finished.err) == (
        "Error: Invalid value for 'NAME': there is no schema of 'servicespec'. "
        "Did you mean ServiceSpec?"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(invoke: Invoke, shell: str) -> None:
    finished = invoke("completion", shell)
    assert f"_LOADBALANCER_COMPLETE={shell}_complete" in finished.out
    assert (finished.code, finished.err) == (0, "")


def test_there_is_an_option_for_every_flag(invoke: Invoke) -> None:
    # A loopback counts for a HostPort alone, which makes no difference to the others.
    help_text = invoke("flags", "--help").out
    options = re.findall(r"^  (--[a-z0-9-]+)  ", help_text, re.MULTILINE)
    numbers = {
        json.loads(invoke("flags", "--format", "json", "--type", "HostPort", option).out)[0]["hex"]
        for option in options
    }
    flags = [name for name, field in SvcFlagParam.model_fields.items() if field.annotation is bool]
    assert len(numbers) == len(options) == len(flags)
    states = [str(state) for state in BackendState if state is not BackendState.INVALID]
    assert list(STATE_STYLES) == states


def test_the_states_that_have_a_colour_are_those_of_the_domain() -> None:
    assert [*STATE_STYLES] == [*STATE_WORDS.values()]


@pytest.mark.parametrize("words", [["state"], ["flags"], ["schema"], ["list", "--"], []])
def test_what_is_wrong_with_words_is_said_without_control_characters(words: list[str]) -> None:
    nasty = "\x1b[31m\x7f\x9b\u202e"
    last = words.pop() + nasty if words[-1:] == ["--"] else nasty
    shown = run_in_terminal(*words, last)
    assert shown.code == 2
    assert shown.text.replace("\n", "").isprintable()
    assert r"\x7f\x9b\u202e" in shown.text
