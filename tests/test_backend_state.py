"""Backend states: their words, their flags and where a backend may go from each."""

from __future__ import annotations

import pytest

from loadbalancer import (
    BackendState,
    BackendStateError,
    BackendStateFlags,
    get_backend_state,
    get_backend_state_from_flags,
    is_valid_backend_state,
    is_valid_state_transition,
    new_backend_flags,
)

WORDS = {
    BackendState.ACTIVE: "active",
    BackendState.TERMINATING: "terminating",
    BackendState.QUARANTINED: "quarantined",
    BackendState.MAINTENANCE: "maintenance",
}
BYTES = range(256)


class TestWords:
    @pytest.mark.parametrize("state", WORDS)
    def test_of_a_state(self, state: BackendState) -> None:
        assert (state.string(), str(state), f"{state}") == (WORDS[state],) * 3

    def test_the_invalid_state_has_one_for_people_alone(self) -> None:
        with pytest.raises(BackendStateError) as caught:
            BackendState.INVALID.string()
        assert str(caught.value) == "invalid backend state 4"
        assert str(BackendState.INVALID) == "invalid"

    @pytest.mark.parametrize("state", WORDS)
    def test_are_read_in_any_case(self, state: BackendState) -> None:
        word = WORDS[state]
        for text in (word, word.upper(), word.title(), word.swapcase()):
            assert get_backend_state(text) is state
            assert is_valid_backend_state(text) is True

    def test_no_word_is_active(self) -> None:
        assert get_backend_state("") is BackendState.ACTIVE
        assert is_valid_backend_state("") is True

    @pytest.mark.parametrize("text", ["invalid", "Activ", " active", "active\n", "0", "\0"])
    def test_others_are_errors(self, text: str) -> None:
        with pytest.raises(BackendStateError) as caught:
            get_backend_state(text)
        assert str(caught.value) == f"invalid backend state {text}"
        assert is_valid_backend_state(text) is False

    @pytest.mark.parametrize("text", ["act\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}ve"])
    def test_lower_case_is_that_of_go(self, text: str) -> None:
        """Rune by rune: Python would leave a dot behind the i."""
        assert get_backend_state(text) is BackendState.ACTIVE


class TestFlags:
    def test_of_every_state(self) -> None:
        assert [new_backend_flags(state) for state in BackendState] == [
            BackendStateFlags.ACTIVE,
            BackendStateFlags.TERMINATING,
            BackendStateFlags.QUARANTINED,
            BackendStateFlags.MAINTENANCE,
            BackendStateFlags.ACTIVE,
        ]

    def test_of_every_byte(self) -> None:
        found = [new_backend_flags(number) for number in BYTES]
        assert found == [0, 1, 2, 3, *[0] * 252]
        assert {type(flags) for flags in found} == {BackendStateFlags}

    def test_mean_a_state_whatever_they_are(self) -> None:
        found = [get_backend_state_from_flags(number) for number in BYTES]
        assert found == [0, 1, 2, 3, *[0] * 252]
        assert {type(state) for state in found} == {BackendState}

    @pytest.mark.parametrize("state", WORDS)
    def test_lead_back_to_the_state(self, state: BackendState) -> None:
        assert get_backend_state_from_flags(new_backend_flags(state)) is state


class TestTransitions:
    def test_of_every_byte_to_every_other(self) -> None:
        found = {
            (old, new) for old in BYTES for new in BYTES if is_valid_state_transition(old, new)
        }
        same = {(number, number) for number in BYTES}
        active = {(0, new) for new in BYTES} - {(0, 4)}
        quarantined = {(2, new) for new in BYTES} - {(2, 3), (2, 4)}
        assert found == same | active | quarantined | {(3, 0)}

    def test_of_states(self) -> None:
        active, terminating = BackendState.ACTIVE, BackendState.TERMINATING
        assert is_valid_state_transition(active, terminating) is True
        assert is_valid_state_transition(terminating, active) is False
