"""The calls of the service API: request in, answer out, without a web framework."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from .. import __version__
from ..agent.rules import (
    FrontendTakenError,
    RuleError,
    delete_service,
    update_backend_states,
    upsert_service,
)
from ..agent.settings import Settings
from ..agent.stores.base import Store, StoreBusyError, StoreError
from ..domain.service import SVC
from ..errors import ConversionError, visible
from ..models import ServiceSpec
from ..wire.converters import new_backend_from_backend_model, new_svc_from_model
from ..wire.refusals import updates_states
from .answers import Answer, failure, refusal
from .requests import (
    Limits,
    RequestError,
    check_media_type,
    parse_id,
    parse_spec,
    read_upsert,
    unknown_keys,
)

__all__ = ["ServiceAPI", "store_failure"]

_log = logging.getLogger(__name__)

INVALID_FRONTEND = 460
INVALID_BACKEND = 461
FAILURE = 500
UPDATE_FAILURE = 501
_KEYS_TOLD = 5


class ServiceAPI:
    """The service API over a store. Every method answers; none raises because of its input."""

    def __init__(
        self, store: Store, settings: Settings | None = None, limits: Limits | None = None
    ) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.limits = limits or Limits()
        self._config = _config(self.settings)

    def get_services(self) -> Answer:
        """`GET /service`"""
        try:
            return Answer(200, self.store.read(lambda view: view.services_json()))
        except StoreError as error:
            return store_failure(error)

    def get_service(self, path_id: str) -> Answer:
        """`GET /service/{id}`"""
        try:
            return _service(path_id, self._service_json)
        except StoreError as error:
            return store_failure(error)

    def get_service_at_once(self, path_id: str) -> Answer | None:
        """The same, or None if the store has to wait for others."""
        try:
            return _service(path_id, self.store.service_json_at_once)
        except StoreBusyError:
            return None
        except StoreError as error:
            return store_failure(error)

    def delete_service(self, path_id: str) -> Answer:
        """`DELETE /service/{id}`"""
        try:
            id = parse_id(path_id)
            found = self.store.write(lambda tx: delete_service(tx, id))
        except RequestError as error:
            return refusal(error)
        except StoreError as error:
            return store_failure(error)
        return _OK if found else _NOT_FOUND

    def put_service(self, path_id: str, content_type: str | None, body: bytes) -> Answer:
        """`PUT /service/{id}`: the body is looked at before the id in the path."""
        try:
            if body:
                check_media_type(content_type)
            svc = read_upsert(body, self.limits)
            if svc is not None:
                parse_id(path_id)
                return self._warned(body, lambda: self._upsert(svc))
            spec = parse_spec(body, self.limits)
            parse_id(path_id)
            if updates_states(spec):
                return self._warned(body, lambda: self._update_states(spec))
            if not spec.id:
                return _NO_ID
            return self._warned(body, lambda: self._upsert(new_svc_from_model(spec)))
        except RequestError as error:
            return refusal(error)
        except ConversionError as error:
            side = INVALID_BACKEND if error.side == "backend" else INVALID_FRONTEND
            return failure(side, str(error))
        except FrontendTakenError as error:
            return failure(INVALID_FRONTEND, str(error))
        except RuleError as error:
            return failure(FAILURE, str(error))
        except StoreError as error:
            return store_failure(error)

    def get_lrp(self) -> Answer:
        """`GET /lrp`: there are no local redirect policies without Kubernetes."""
        return Answer(200, b"[]")

    def get_config(self) -> Answer:
        """`GET /config`: clients look here before they send weights.

        `cilium config` shows what is realized, and of the map what it is asked for.
        """
        return Answer(200, self._config)

    def get_debuginfo(self) -> Answer:
        """`GET /debuginfo`: `cilium version` asks for the version."""
        return Answer(200, _DEBUG_INFO)

    def get_healthz(self) -> Answer:
        """`GET /healthz`: what `cilium status` shows. Other parts of an agent are left out."""
        try:
            self.store.read(lambda view: view.service_count())
        except StoreError as error:
            return Answer(200, _health("Failure", str(error)))
        told = f"cilium-loadbalancer {__version__}: services alone, without a datapath"
        return Answer(200, _health("Ok", told))

    def _warned(self, body: bytes, change: Callable[[], Answer]) -> Answer:
        """Make a change, unless unknown keys are refused; warn of them in the answer."""
        unknown = unknown_keys(body)
        if unknown and self.limits.strict_keys:
            raise RequestError(422, "; ".join(unknown[:_KEYS_TOLD]))
        answer = change()
        warnings = tuple((b"warning", _warning(each)) for each in unknown[:_KEYS_TOLD])
        return answer._replace(headers=(*answer.headers, *warnings))

    def _service_json(self, id: int) -> bytes | None:
        return self.store.read(lambda view: view.service_json(id))

    def _upsert(self, svc: SVC) -> Answer:
        if not svc.frontend.id:
            return _NO_ID
        created = self.store.write(lambda tx: upsert_service(tx, svc, self.settings))
        return _CREATED if created else _OK

    def _update_states(self, spec: ServiceSpec) -> Answer:
        backends = [new_backend_from_backend_model(each) for each in spec.backend_addresses or ()]
        refused = self.store.write(lambda tx: update_backend_states(tx, backends))
        return failure(UPDATE_FAILURE, "; ".join(refused)) if refused else _OK


def _warning(text: str) -> bytes:
    """Return a `Warning` header (RFC 7234, section 5.5), as Kubernetes sends it."""
    quoted = visible(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'.encode("ascii", "backslashreplace")


def _service(path_id: str, read: Callable[[int], bytes | None]) -> Answer:
    try:
        id = parse_id(path_id)
    except RequestError as error:
        return refusal(error)
    answer = read(id)
    return _NOT_FOUND if answer is None else Answer(200, answer)


def store_failure(error: StoreError) -> Answer:
    """The answer where the store cannot be read or written: 503 if it may be later."""
    if isinstance(error, StoreBusyError):
        return refusal(RequestError(503, str(error)))
    _log.error("%s", error)
    return failure(FAILURE, str(error))


def _config(settings: Settings) -> bytes:
    """A DaemonConfiguration; the keys of the map are fields of the agent's `DaemonConfig`."""
    spec: dict[str, object] = {"options": {}, "policy-enforcement": "never"}
    daemon = {
        "DatapathMode": "lb-only",
        "EnableIPv4": True,
        "EnableIPv6": True,
        "NodePortNat46X64": settings.nat46x64,
    }
    status: dict[str, object] = {
        "daemonConfigurationMap": daemon,
        "datapathMode": "lb-only",
        "immutable": {},
        "realized": spec,
    }
    return json.dumps({"spec": spec, "status": status}, separators=(",", ":")).encode()


def _health(state: str, message: str) -> bytes:
    """A StatusResponse: the agent answers 200 whatever its state is."""
    disabled = {"state": "Disabled"}
    status: dict[str, object] = {
        "cilium": {"state": state, "msg": message},
        "container-runtime": disabled,
        "kubernetes": disabled,
        "kvstore": disabled,
    }
    return json.dumps(status, separators=(",", ":")).encode()


_DEBUG_INFO = json.dumps({"cilium-version": f"cilium-loadbalancer {__version__}"}).encode()
_OK, _CREATED, _NOT_FOUND = Answer(200), Answer(201), Answer(404)
_NO_ID = failure(FAILURE, "invalid service ID 0")
