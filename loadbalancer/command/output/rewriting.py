"""Valid values written anew: as normalised wire JSON or as the JSON of domain objects."""

from __future__ import annotations

from loadbalancer import SVC, Backend, dump_service
from loadbalancer.wire.model import WireModel

from ...checking.checker import Item, StateUpdate
from ...checking.kinds import Kind

__all__ = ["domain_json", "wire_json"]


def wire_json(item: Item, *, include_protocol: bool = True) -> str:
    """A value as the API writes it, of the kind it was."""
    domain = item.domain
    if item.kind is Kind.SERVICE and isinstance(domain, SVC):
        return dump_service(domain, include_protocol=include_protocol).decode()
    model: WireModel | None
    if isinstance(domain, SVC):
        model = domain.get_model(include_protocol=include_protocol).spec
        assert model is not None
    elif isinstance(domain, StateUpdate):
        backends = [each.get_backend_model() for each in domain.backends]
        model = domain.spec.model_copy(update={"backend_addresses": backends})
    elif isinstance(domain, Backend):
        model = domain.get_backend_model()
    else:
        model = domain.get_model(include_protocol=include_protocol)
    return model.model_dump_json()


def domain_json(item: Item) -> str:
    """The domain object of a value; of an update of backend states, an object of its backends."""
    if isinstance(item.domain, StateUpdate):
        backends = ",".join(each.model_dump_json() for each in item.domain.backends)
        return f'{{"backends":[{backends}]}}'
    return item.domain.model_dump_json()
