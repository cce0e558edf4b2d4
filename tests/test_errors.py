"""The exceptions: one root, and each says all that it knows."""

from __future__ import annotations

import copy
import pickle

import pytest

from loadbalancer import (
    AddressError,
    BackendStateError,
    ConversionError,
    L4ProtocolError,
    LoadBalancerError,
    load_service_spec,
)

CLASSES = [AddressError, BackendStateError, ConversionError, L4ProtocolError]


def test_the_root_is_a_value_error() -> None:
    assert LoadBalancerError.__mro__[1] is ValueError
    # The server and the client have kinds of their own, once they have been imported.
    found = [
        kind
        for kind in LoadBalancerError.__subclasses__()
        if kind.__module__ in ("loadbalancer", "loadbalancer.errors")
    ]
    assert sorted(found, key=lambda kind: kind.__name__) == CLASSES


@pytest.mark.parametrize("kind", [AddressError, BackendStateError, L4ProtocolError])
def test_an_error_is_its_text(kind: type[LoadBalancerError]) -> None:
    error = kind("what is wrong")
    assert (str(error), error.args) == ("what is wrong", ("what is wrong",))
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, "what is wrong")


class TestConversionError:
    error = ConversionError("missing IP address", "frontend", "/ip")

    def test_says_what_which_side_and_where(self) -> None:
        found = (str(self.error), self.error.reason, self.error.side, self.error.pointer)
        assert found == ("missing IP address", "missing IP address", "frontend", "/ip")
        assert repr(self.error) == "ConversionError('missing IP address', 'frontend', '/ip')"

    def test_seen_from_further_up_the_pointer_is_longer(self) -> None:
        above = self.error.below("/spec").below("/3")
        assert (above.reason, above.side, above.pointer) == (
            "missing IP address",
            "frontend",
            "/3/spec/ip",
        )
        assert self.error.pointer == "/ip"

    def test_copies_say_the_same(self) -> None:
        error = self.error
        for again in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
            assert type(again) is ConversionError
            assert (again.reason, again.side, again.pointer, str(again)) == (
                "missing IP address",
                "frontend",
                "/ip",
                "missing IP address",
            )

    def test_is_raised_without_a_trail_of_inner_errors(self) -> None:
        """What a user sees of it is one error, not how it was found."""
        with pytest.raises(ConversionError) as caught:
            load_service_spec('{"frontend-address":{"ip":"x","scope":"external"}}')
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ is True
