"""What an agent lists against what it should list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..domain.backend import DEFAULT_BACKEND_WEIGHT, Backend, state_word
from ..domain.identity import name_of
from ..domain.l4 import L4Type
from ..domain.service import SVC, ServiceName
from ..domain.service_type import SVCTrafficPolicy, SVCType
from .findings import Finding, FindingKind, in_order
from .matching import Matching, match
from .meanings import MEANINGS

__all__ = ["UNSAID_IN_TEXT", "audit", "is_proxied", "notes"]

UNSAID_IN_TEXT = frozenset({"names", "policies", "weights"})
"""Facts that the text table of `service list` omits; `Dump.omitted` has all of them."""

# The kinds of findings that compare a fact.
_KIND_OF_FACT: dict[str, FindingKind] = {
    "names": "wrong-name",
    "types": "wrong-type",
    "policies": "wrong-policy",
    "weights": "wrong-weight",
    "states": "wrong-state",
}

_NAMELESS = ServiceName()
# What the agent's manager of redirect policies puts behind the name of a service, up to 1.17.
_REDIRECT_SUFFIX = "-local-redirect"


def audit(
    expected: Iterable[SVC],
    found: Iterable[SVC],
    *,
    omitted: Collection[str] = (),
    incomplete: Collection[str] = (),
    disputed: Collection[ServiceName] = (),
) -> list[Finding]:
    """Return what differs between the services an agent should list and those it lists.

    A missing or extra service is one finding, without its backends. Known differences between
    releases are not findings: protocols that one side does not have, services of local
    redirect policies, the proxy that stands for all backends, the pod's uid in the name of a
    HostPort, and services without a name, which an agent restored or set up for itself.

    Args:
        expected: what should be listed, as `loadbalancer.kubernetes.expected_services` says.
        found: what is listed.
        omitted: facts that are not compared, since the form of the dump does not carry them:
            `Dump.omitted`.
        incomplete: frontends of which something could not be read: `Dump.incomplete`. Nothing is
            missing of them; with an empty text among them, no service is missing at all.
        disputed: services that claim a frontend of each other: which of them an agent lists is
            chance, so that there are no findings on them.

    Returns:
        The findings, sorted by frontend, kind and backend.
    """
    services = _match_services(expected, found)
    disputed = {*disputed}
    ignored = {kind for fact, kind in _KIND_OF_FACT.items() if fact in omitted}
    findings = [
        _missing(each)
        for each in services.missing
        if each.name not in disputed
        and "" not in incomplete
        and str(each.frontend) not in incomplete
    ]
    findings += [
        _extra(each)
        for each in services.extra
        if not _is_redirect(each)
        and each.name not in disputed
        and ("names" in omitted or not _is_agents_own(each))
    ]
    for want, have in services.pairs:
        if not _is_redirected(want, have) and not {want.name, have.name} & disputed:
            findings += _service_findings(want, have)
            is_whole = str(have.frontend) not in incomplete
            findings += _backend_findings(want, have, is_whole=is_whole)
    return in_order(each for each in findings if each.kind not in ignored)


def notes(expected: Iterable[SVC], found: Iterable[SVC]) -> list[str]:
    """What an audit of the same services has left out on purpose, in sentences."""
    found = [*found]
    if not any(_is_redirect(each) or _is_agents_own(each) for each in found):
        return []
    services = _match_services(expected, found)
    redirects = sum(_is_redirect(each) for each in services.extra)
    redirects += sum(_is_redirected(*pair) for pair in services.pairs)
    own = sum(_is_agents_own(each) and not _is_redirect(each) for each in services.extra)
    told: list[str] = []
    if redirects:
        told.append(
            f"{redirects} LocalRedirect service(s) were not compared: the policies that they come "
            "from were not given."
        )
    if own:
        told.append(
            f"{own} service(s) without a name were not compared: the agent restored them or set "
            "them up for itself."
        )
    return told


def is_proxied(service: SVC) -> bool:
    """Whether a proxy on the node stands for all backends, as agents from 1.20 on list it."""
    backends = service.backends
    return len(backends) == 1 and backends[0].addr_cluster.addr.is_loopback


def _match_services(expected: Iterable[SVC], found: Iterable[SVC]) -> Matching[SVC, SVC]:
    return match(expected, found, lambda each: each.frontend, lambda each: each.frontend)


def _match_backends(want: SVC, have: SVC) -> Matching[Backend, Backend]:
    return match(want.backends, have.backends, lambda each: each, lambda each: each)


def _is_redirect(service: SVC) -> bool:
    return service.type is SVCType.LocalRedirect


def _is_agents_own(service: SVC) -> bool:
    return service.name == _NAMELESS


def _is_redirected(want: SVC, have: SVC) -> bool:
    """Whether a redirect policy took the service over, and the backends are the policy's."""
    if not _is_redirect(have) or _is_redirect(want):
        return False
    if have.name.name.endswith(_REDIRECT_SUFFIX):
        return True
    # From 1.18 on the name stays; pods of the policy are others than those of the service.
    return bool(have.backends) and not _match_backends(want, have).pairs


def _missing(want: SVC) -> Finding:
    message = f"{want.name} ({want.type}) should be at {name_of(want.frontend)} and is not listed"
    return _finding("missing-service", want, message)


def _extra(have: SVC) -> Finding:
    message = f"{have.name} ({have.type}) is listed at {name_of(have.frontend)} and should not be"
    return _finding("extra-service", have, message)


def _service_findings(want: SVC, have: SVC) -> Iterator[Finding]:
    where = f"{want.name} at {name_of(want.frontend)}"
    if want.type is not have.type and have.type is not SVCType.NONE:
        message = f"{where} is listed as {have.type} and should be {want.type}"
        yield _finding("wrong-type", want, message, str(want.type), str(have.type))
    policies = {
        "external": (want.ext_traffic_policy, have.ext_traffic_policy),
        "internal": (want.int_traffic_policy, have.int_traffic_policy),
    }
    for which, policy in policies.items():
        if policy[0] is not policy[1] and SVCTrafficPolicy.NONE not in policy:
            message = f"the {which} traffic policy of {where} is {policy[1]} and should be "
            yield _finding("wrong-policy", want, message + policy[0], *map(str, policy))
    if not _is_same_name(want, have):
        message = f"{where} is listed as {have.name}"
        yield _finding("wrong-name", want, message, str(want.name), str(have.name))


def _is_same_name(want: SVC, have: SVC) -> bool:
    if _is_agents_own(have) or want.name == have.name:
        return True
    # A HostPort's name has the pod's uid behind it in later releases.
    one, other = str(want.name), str(have.name)
    return want.type is SVCType.HostPort and (
        one.startswith(other + "/") or other.startswith(one + "/")
    )


def _backend_findings(want: SVC, have: SVC, *, is_whole: bool) -> Iterator[Finding]:
    if is_proxied(have):
        return
    where = f"{want.name} at {name_of(want.frontend)}"
    backends = _match_backends(want, have)
    for each in backends.missing if is_whole else ():
        message = f"{where} should have the backend {each}, which is not listed"
        yield _finding("missing-backend", want, message, backend=each)
    for each in backends.extra:
        message = f"{where} is listed with the backend {each}, which it should not have"
        yield _finding("stale-backend", want, message, backend=each)
    for wanted, listed in backends.pairs:
        what = f"backend {wanted} of {where}"
        states = state_word(wanted), state_word(listed)
        if states[0] != states[1]:
            message = f"{what} is {states[1]} and should be {states[0]}"
            yield _finding("wrong-state", want, message, *states, backend=wanted)
        if wanted.weight != listed.weight and not _is_later_weight(want, wanted, listed):
            message = f"{what} has the weight {listed.weight} and should have {wanted.weight}"
            weights = wanted.weight, listed.weight
            yield _finding("wrong-weight", want, message, *weights, backend=wanted)


def _is_later_weight(service: SVC, wanted: Backend, listed: Backend) -> bool:
    """Whether agents of two releases give backends of a HostPort different weights."""
    weights = {wanted.weight, listed.weight}
    return service.type is SVCType.HostPort and weights == {0, DEFAULT_BACKEND_WEIGHT}


def _finding(
    kind: FindingKind,
    service: SVC,
    message: str,
    expected: str | int | None = None,
    found: str | int | None = None,
    *,
    backend: Backend | None = None,
) -> Finding:
    protocol = service.frontend.protocol
    return Finding(
        kind,
        str(service.frontend),
        None if backend is None else str(backend),
        expected,
        found,
        MEANINGS[kind].severity,
        message,
        service=str(service.name),
        type=str(service.type),
        protocol="" if protocol is L4Type.NONE else str(protocol),
    )
