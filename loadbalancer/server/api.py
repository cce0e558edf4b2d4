"""The calls of the service API: request in, answer out, without a web framework."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

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
from ..errors import ConversionError
from ..models import ServiceSpec
from ..wire.converters import new_backend_from_backend_model, new_svc_from_model
from ..wire.refusals import updates_states
from .requests import Limits, RequestError, check_media_type, parse_id, parse_spec, read_upsert

__all__ = ["Answer", "ServiceAPI", "refusal"]

_log = logging.getLogger(__name__)

INVALID_FRONTEND = 460
INVALID_BACKEND = 461
FAILURE = 500
UPDATE_FAILURE = 501


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and a body of JSON unless it is empty."""

    status: int
    body: bytes = b""


class ServiceAPI:
    """The service API over a store. Every method answers; none raises for what it was given."""

    def __init__(
        self, store: Store, settings: Settings | None = None, limits: Limits | None = None
    ) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.limits = limits or Limits()

    def get_services(self) -> Answer:
        """`GET /service`"""
        try:
            return Answer(200, self.store.read(lambda view: view.services_json()))
        except StoreError as error:
            return _store_failure(error)

    def get_service(self, path_id: str) -> Answer:
        """`GET /service/{id}`"""
        try:
            id = parse_id(path_id)
            answer = self.store.read(lambda view: view.service_json(id))
        except RequestError as error:
            return refusal(error)
        except StoreError as error:
            return _store_failure(error)
        return Answer(404) if answer is None else Answer(200, answer)

    def delete_service(self, path_id: str) -> Answer:
        """`DELETE /service/{id}`"""
        try:
            id = parse_id(path_id)
            found = self.store.write(lambda tx: delete_service(tx, id))
        except RequestError as error:
            return refusal(error)
        except StoreError as error:
            return _store_failure(error)
        return Answer(200 if found else 404)

    def put_service(self, path_id: str, content_type: str | None, body: bytes) -> Answer:
        """`PUT /service/{id}`: the body is looked at before the id in the path."""
        try:
            if body:
                check_media_type(content_type)
            svc = read_upsert(body, self.limits)
            if svc is not None:
                parse_id(path_id)
                return self._upsert(svc)
            spec = parse_spec(body, self.limits)
            parse_id(path_id)
            if updates_states(spec):
                return self._update_states(spec)
            return self._upsert(new_svc_from_model(spec)) if spec.id else _NO_ID
        except RequestError as error:
            return refusal(error)
        except ConversionError as error:
            side = INVALID_BACKEND if error.side == "backend" else INVALID_FRONTEND
            return _failure(side, str(error))
        except FrontendTakenError as error:
            return _failure(INVALID_FRONTEND, str(error))
        except RuleError as error:
            return _failure(FAILURE, str(error))
        except StoreError as error:
            return _store_failure(error)

    def get_lrp(self) -> Answer:
        """`GET /lrp`: there are no local redirect policies without Kubernetes."""
        return Answer(200, b"[]")

    def get_config(self) -> Answer:
        """`GET /config`: clients look here whether they may send weights.

        `cilium config` crashes without `realized`.
        """
        return Answer(200, b'{"status":{"datapathMode":"lb-only","realized":{"options":{}}}}')

    def _upsert(self, svc: SVC) -> Answer:
        if not svc.frontend.id:
            return _NO_ID
        created = self.store.write(lambda tx: upsert_service(tx, svc, self.settings))
        return Answer(201 if created else 200)

    def _update_states(self, spec: ServiceSpec) -> Answer:
        backends = [new_backend_from_backend_model(each) for each in spec.backend_addresses or ()]
        refused = self.store.write(lambda tx: update_backend_states(tx, backends))
        return _failure(UPDATE_FAILURE, "; ".join(refused)) if refused else Answer(200)


def refusal(error: RequestError) -> Answer:
    """The answer to a request that is no request of this API."""
    return Answer(error.status, _json({"code": error.code, "message": str(error)}))


def _failure(status: int, reason: str) -> Answer:
    """The answer to a request that cannot be carried out: an Error, which is a JSON string."""
    return Answer(status, _json(reason))


def _store_failure(error: StoreError) -> Answer:
    if isinstance(error, StoreBusyError):
        return refusal(RequestError(503, str(error)))
    _log.error("%s", error)
    return _failure(FAILURE, str(error))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_NO_ID = _failure(FAILURE, "invalid service ID 0")
