"""A second look at the values of a dump in JSON or YAML: what is remarkable, and the releases.

Reading needs none of it. This runs when notes or releases are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from .json_text.values import is_array, is_object
from .notes import Look, Note
from .vocabulary import (
    BACKEND_KEYS,
    FLAG_KEYS,
    FRONTEND_KEYS,
    LATER_STATES,
    LATER_STATES_SINCE,
    NO_PROTOCOL,
    ONLY_SELECTED_SINCE,
    PROTOCOL_SINCE,
    PROTOCOLS,
    SPEC_KEYS,
    TYPES,
    TYPES_SINCE,
    UNKNOWN_TYPE_UNTIL,
)

__all__ = ["ServiceLook", "spec_of", "specs_of"]

_Values = Mapping[str, Any]
_NO_FLAGS: dict[str, Any] = {}
_Shape = tuple[Any, ...]
# Unknown keys make shapes of their own, as many as there are.
_MOST_SHAPES = 256
_LOOPBACK = ("127.0.0.1", "::1")


def spec_of(service: object) -> tuple[str, object]:
    """The part of a Service that counts, and its place: what is realized, else the spec."""
    if is_object(service):
        status = service.get("status")
        if is_object(status) and status.get("realized") is not None:
            return "/status/realized", status["realized"]
        if service.get("spec") is not None:
            return "/spec", service["spec"]
    return "", None


def specs_of(service: object) -> list[tuple[str, object]]:
    """All specs of a Service that have to be right, with their places: first the one that counts.

    In what agents print they are equal.
    """
    counts = _, spec = spec_of(service)
    if spec is None:
        return []
    asked = service.get("spec") if is_object(service) else None
    return [counts] if asked is None or asked == spec else [counts, ("/spec", asked)]


class ServiceLook:
    """Looks at one service after the other and gathers what it sees."""

    def __init__(
        self,
        look: Look,
        *,
        absence_counts: bool = True,
        place: Callable[[str], str] = lambda pointer: pointer,
    ) -> None:
        """`absence_counts`: a key that is absent says that the release does not have it, which
        is not so where empty values are written; `place` makes a pointer of one into JSON."""
        self._look = look
        self._seen: dict[_Shape, list[Note]] = {}
        self._absence_counts = absence_counts
        self._place = place

    def service(self, service: object, pointer: str) -> None:
        """Look at a Service that could be read."""
        part, spec = spec_of(service)
        if not is_object(service) or not is_object(spec):
            return
        self._unknown(service, ("spec", "status"), pointer)
        status = service.get("status")
        if is_object(status):
            self._unknown(status, ("realized",), f"{pointer}/status")
        self._spec(spec, pointer + part)

    def _spec(self, spec: _Values, pointer: str) -> None:
        self._unknown(spec, SPEC_KEYS, pointer)
        backends = spec.get("backend-addresses")
        if is_array(backends):
            for index, backend in enumerate(backends):
                if is_object(backend) and (notes := self._notes_on_backend(backend)):
                    place = f"{pointer}/backend-addresses/{index}"
                    for note in notes:
                        self._note(place + note.pointer, note.rule, note.message)
        elif "backend-addresses" in spec:
            self._note(f"{pointer}/backend-addresses", "list-null", "null: no backends")
            self._since(ONLY_SELECTED_SINCE)
        frontend = spec["frontend-address"]
        self._flags(
            spec.get("flags") or _NO_FLAGS, pointer + "/flags", has_scope="scope" in frontend
        )
        self._frontend(frontend, pointer + "/frontend-address")
        if not spec.get("id"):
            self._note(f"{pointer}/id", "id-absent", "absent or 0: the service has no id")
            self._since(ONLY_SELECTED_SINCE)

    def _flags(self, flags: _Values, pointer: str, *, has_scope: bool) -> None:
        self._keys(flags, FLAG_KEYS, pointer)
        if flags.get("node-port") is not None:
            self._until(UNKNOWN_TYPE_UNTIL)
        if kind := flags.get("type"):
            self._since(TYPES_SINCE[TYPES[kind]])
            self._absent(flags, "extTrafficPolicy", FLAG_KEYS)
            self._absent(flags, "intTrafficPolicy", FLAG_KEYS)
        elif not has_scope:
            self._absent(flags, "type", FLAG_KEYS)

    def _frontend(self, frontend: _Values, pointer: str) -> None:
        self._keys(frontend, FRONTEND_KEYS, pointer)
        self._protocol(frontend, pointer)
        if frontend.get("scope") is None:
            self._note(f"{pointer}/scope", "scope-absent", "absent: the external scope")
            self._absent(frontend, "scope", FRONTEND_KEYS)

    def _notes_on_backend(self, backend: _Values) -> list[Note]:
        """What there is to note on a backend, with places inside it.

        All that a look depends on is its shape, and nearly all backends of a dump share a few:
        each shape is looked at once, and that is most of what looking would cost.
        """
        weight = backend.get("weight")
        shape = (
            *backend,
            backend.get("protocol"),
            backend.get("state"),
            backend.get("preferred"),
            None if weight is None else weight == 0,
            backend["ip"] in _LOOPBACK,
        )
        # Of the other keys a look tells null from a value, which is rare enough.
        if None in backend.values():
            return self._looked_at(backend)
        notes = self._seen.get(shape)
        if notes is None:
            notes = self._looked_at(backend)
            if len(self._seen) < _MOST_SHAPES:
                self._seen[shape] = notes
        return notes

    def _looked_at(self, backend: _Values) -> list[Note]:
        look = Look(span=self._look.span)
        inside = ServiceLook(look, absence_counts=self._absence_counts)
        inside._backend(backend, "")
        return look.notes

    def _backend(self, backend: _Values, pointer: str) -> None:
        self._keys(backend, BACKEND_KEYS, pointer)
        self._protocol(backend, pointer)
        state = backend.get("state")
        if state in LATER_STATES:
            meant = str(LATER_STATES[state])
            self._note(f"{pointer}/state", "state-later", f"{state}: read as {meant}")
            self._look.span.since(*LATER_STATES_SINCE)
        if backend.get("weight") == 0 and state != "maintenance":
            self._note(
                f"{pointer}/weight", "weight-zero", f"0 beside the state {state or 'active'}: kept"
            )
        self._absent(backend, "state", BACKEND_KEYS)
        if backend["ip"] not in _LOOPBACK:
            # The proxy's backend has no weight and is not preferred, in later releases either.
            self._absent(backend, "weight", BACKEND_KEYS)
            if self._absence_counts and not backend.get("preferred"):
                self._until(ONLY_SELECTED_SINCE - 1)

    def _protocol(self, values: _Values, pointer: str) -> None:
        word = values.get("protocol")
        if word is None:
            if self._absence_counts:
                self._until(PROTOCOL_SINCE - 1)
        elif word in NO_PROTOCOL:
            self._note(f"{pointer}/protocol", "protocol-any", f"{word}: no protocol")
        elif word.isupper():
            meant = PROTOCOLS[word].lower()
            self._note(f"{pointer}/protocol", "protocol-case", f"{word}: read as {meant}")
        if word is not None and word.isupper():
            self._since(PROTOCOL_SINCE)

    def _keys(self, values: _Values, known: Mapping[str, int], pointer: str) -> None:
        self._unknown(values, known, pointer)
        for key, value in values.items():
            if value is not None and key in known:
                self._since(known[key])

    def _absent(self, values: _Values, key: str, known: Mapping[str, int]) -> None:
        if self._absence_counts and values.get(key) is None:
            self._until(known[key] - 1)

    def _unknown(self, values: _Values, known: Container[str], pointer: str) -> None:
        for key in values:
            if key not in known:
                escaped = key.replace("~", "~0").replace("/", "~1")
                self._note(f"{pointer}/{escaped}", "unknown-key", "not known, not read")

    def _note(self, pointer: str, rule: str, message: str) -> None:
        self._look.note(self._place(pointer), rule, message)

    def _since(self, minor: int) -> None:
        self._look.span.since(minor)

    def _until(self, minor: int) -> None:
        self._look.span.until(minor)
