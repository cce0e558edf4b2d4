"""The states of a backend, the flags that encode them, and the ways between them."""

from __future__ import annotations

from ..errors import BackendStateError
from .scalars import UINT8_MAX
from .strict_enums import StrictIntEnum, hint_for_words
from .texts.go_text import to_lower

__all__ = [
    "STATE_WORDS",
    "BackendState",
    "BackendStateFlags",
    "get_backend_state",
    "get_backend_state_from_flags",
    "is_valid_backend_state",
    "is_valid_state_transition",
    "new_backend_flags",
]


class BackendState(StrictIntEnum):
    """What a backend is used for (Go: `BackendState`)."""

    ACTIVE = 0
    """It takes new connections."""
    TERMINATING = 1
    """It only serves the connections it has."""
    QUARANTINED = 2
    """It was found unhealthy: it is not used, and its health is checked."""
    MAINTENANCE = 3
    """Its operator took it out: it is not used, and its health is not checked."""
    INVALID = 4
    """Not a state; there is no word for it."""

    def string(self) -> str:
        """The word for the state (Go: `String`).

        Raises:
            BackendStateError: there is none, as for INVALID.
        """
        try:
            return STATE_WORDS[self]
        except KeyError:
            raise BackendStateError(f"invalid backend state {int(self)}") from None

    def __str__(self) -> str:
        return STATE_WORDS.get(self, "invalid")

    @classmethod
    def _missing_(cls, value: object) -> None:
        hint_for_words(cls, value, "get_backend_state() reads words")


# How the states are spelled, on the wire as well; INVALID has no word.
STATE_WORDS: dict[int, str] = {
    BackendState.ACTIVE: "active",
    BackendState.TERMINATING: "terminating",
    BackendState.QUARANTINED: "quarantined",
    BackendState.MAINTENANCE: "maintenance",
}
_BY_WORD = {word: BackendState(state) for state, word in STATE_WORDS.items()}
_BY_WORD[""] = BackendState.ACTIVE


class BackendStateFlags(StrictIntEnum):
    """How the datapath's backend map encodes a state, in one byte (Go: `BackendStateFlags`)."""

    ACTIVE = 0
    """The state ACTIVE, and every state without flags of its own."""
    TERMINATING = 1
    """The state TERMINATING."""
    QUARANTINED = 2
    """The state QUARANTINED."""
    MAINTENANCE = 3
    """The state MAINTENANCE."""


# Where a state may go beside itself. What is in no row, INVALID and numbers of no state
# included, goes nowhere; the rows let a backend into such numbers as the reference does.
_LEAVES_FOR_ANYTHING_BUT: dict[int, frozenset[int]] = {
    BackendState.ACTIVE: frozenset({BackendState.INVALID}),
    BackendState.QUARANTINED: frozenset({BackendState.MAINTENANCE, BackendState.INVALID}),
    BackendState.MAINTENANCE: frozenset(range(1, UINT8_MAX + 1)),
}


def get_backend_state(text: str) -> BackendState:
    """The state of that name, in whatever case; empty is ACTIVE (Go: `GetBackendState`).

    Raises:
        BackendStateError: there is no such state.
    """
    try:
        return _BY_WORD[to_lower(text)]
    except KeyError:
        raise BackendStateError(f"invalid backend state {text}") from None


def is_valid_backend_state(text: str) -> bool:
    """Whether `get_backend_state` knows the text (Go: `IsValidBackendState`)."""
    return to_lower(text) in _BY_WORD


def new_backend_flags(state: int) -> BackendStateFlags:
    """The flags of a state; a state without flags of its own has 0 (Go: `NewBackendFlags`)."""
    return BackendStateFlags(state if state in STATE_WORDS else 0)


def get_backend_state_from_flags(flags: int) -> BackendState:
    """The state of the flags; unknown ones mean ACTIVE (Go: `GetBackendStateFromFlags`)."""
    return BackendState(flags if flags in STATE_WORDS else 0)


def is_valid_state_transition(old: int, new: int) -> bool:
    """Whether a backend may go from one state to another (Go: `IsValidStateTransition`).

    Takes states and plain numbers, 0 … 255; a number of no state goes nowhere but to itself.
    """
    if old == new:
        return True
    return old in _LEAVES_FOR_ANYTHING_BUT and new not in _LEAVES_FOR_ANYTHING_BUT[old]
