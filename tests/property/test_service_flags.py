"""The service flags, all 65,536 words of them and all parameters."""

from __future__ import annotations

import itertools

import pytest

from loadbalancer import (
    AddrCluster,
    L3n4Addr,
    LoadBalancerError,
    ServiceFlagBit,
    ServiceFlags,
    SvcFlagParam,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
    new_svc_flag,
)
from loadbalancer.domain.service_flags import LATER_FLAG_WORDS, parse_service_flags

WORDS = range(2**16)
IPV4 = L3n4Addr(addr_cluster=AddrCluster("10.0.0.1"))
IPV6 = L3n4Addr(addr_cluster=AddrCluster("fd00::1"))
MAPPED = L3n4Addr(addr_cluster=AddrCluster("::ffff:10.0.0.1"))

# The contract's list of bits and words, written out again.
TYPES = {
    0: SVCType.ExternalIPs,
    1: SVCType.NodePort,
    5: SVCType.LoadBalancer,
    3: SVCType.HostPort,
    8: SVCType.LocalRedirect,
}
TEXTS = [
    (2, True, "Local"),
    (12, True, "InternalLocal"),
    (13, True, "two-scopes"),
    (4, True, "sessionAffinity"),
    (6, False, "non-routable"),
    (7, True, "check source-range"),
    (9, True, "46x64"),
    (10, True, "l7-load-balancer"),
    (11, True, "loopback"),
]


def is_set(word: int, bit: int) -> bool:
    return bool(word >> bit & 1)


def decoded(word: int) -> tuple[object, ...]:
    svc_type = next((TYPES[bit] for bit in TYPES if is_set(word, bit)), SVCType.ClusterIP)
    policies = (SVCTrafficPolicy.Cluster, SVCTrafficPolicy.Local)
    translates = is_set(word, 9)
    return (
        word,
        svc_type,
        policies[is_set(word, 2)],
        policies[is_set(word, 12)],
        SVCNatPolicy.Nat46 if translates else SVCNatPolicy.NONE,
        SVCNatPolicy.Nat64 if translates else SVCNatPolicy.NONE,
        SVCNatPolicy.Nat64 if translates else SVCNatPolicy.NONE,
        is_set(word, 10),
        ", ".join([svc_type.value, *(text for bit, on, text in TEXTS if is_set(word, bit) is on)]),
        [bit for bit in range(14) if is_set(word, bit)],
    )


def test_every_word_means_what_the_contract_says() -> None:
    def found(word: int) -> tuple[object, ...]:
        flags = ServiceFlags(word)
        return (
            flags.uint16(),
            flags.svc_type,
            flags.svc_ext_traffic_policy,
            flags.svc_int_traffic_policy,
            flags.svc_nat_policy(IPV4),
            flags.svc_nat_policy(IPV6),
            flags.svc_nat_policy(MAPPED),
            flags.is_l7lb,
            str(flags),
            [bit.bit_length() - 1 for bit in flags.bits],
        )

    assert [word for word in WORDS if found(word) != decoded(word)] == []


def test_every_word_is_an_integer_of_its_own() -> None:
    flags = [ServiceFlags(word) for word in WORDS]
    assert flags == list(WORDS)
    assert len({*flags}) == 2**16
    assert {type(each.uint16()) for each in flags} == {int}


PARAMS = [
    SvcFlagParam(
        svc_type=svc_type,
        svc_nat_policy=nat_policy,
        svc_ext_local=ext_local,
        svc_int_local=int_local,
        session_affinity=affinity,
        is_routable=routable,
        check_source_range=source_range,
        l7_load_balancer=l7,
        loopback_hostport=loopback,
    )
    for svc_type, nat_policy in itertools.product(SVCType, SVCNatPolicy)
    for (
        ext_local,
        int_local,
        affinity,
        routable,
        source_range,
        l7,
        loopback,
    ) in itertools.product([False, True], repeat=7)
]


def test_every_parameter_is_found_again_in_its_flags() -> None:
    assert len(PARAMS) == 7 * 3 * 2**7
    assert [param for param in PARAMS if read(new_svc_flag(param)) != kept(param)] == []


def read(flags: ServiceFlags) -> tuple[object, ...]:
    return (
        flags.svc_type,
        flags.svc_nat_policy(IPV4) is SVCNatPolicy.Nat46,
        flags.svc_nat_policy(IPV6) is SVCNatPolicy.Nat64,
        flags.svc_ext_traffic_policy is SVCTrafficPolicy.Local,
        flags.svc_int_traffic_policy is SVCTrafficPolicy.Local,
        ServiceFlagBit.TWO_SCOPES in flags.bits,
        ServiceFlagBit.SESSION_AFFINITY in flags.bits,
        ServiceFlagBit.ROUTABLE in flags.bits,
        ServiceFlagBit.SOURCE_RANGE in flags.bits,
        flags.is_l7lb,
        ServiceFlagBit.LOOPBACK in flags.bits,
    )


def kept(param: SvcFlagParam) -> tuple[object, ...]:
    translates = param.svc_nat_policy is not SVCNatPolicy.NONE
    scopes_differ = param.svc_ext_local is not param.svc_int_local
    return (
        SVCType.ClusterIP if param.svc_type is SVCType.NONE else param.svc_type,
        translates,
        translates,
        param.svc_ext_local,
        param.svc_int_local,
        scopes_differ and param.svc_type is not SVCType.ClusterIP,
        param.session_affinity,
        param.is_routable,
        param.check_source_range,
        param.l7_load_balancer,
        param.loopback_hostport and param.svc_type is SVCType.HostPort,
    )


def test_words_are_read_back() -> None:
    type_bits = sum(1 << bit for bit in TYPES)
    for word in WORDS:
        deciding = next((1 << bit for bit in TYPES if is_set(word, bit)), 0)
        expected = ServiceFlags(word & 0x3FFF & ~type_bits | deciding)
        assert parse_service_flags(str(ServiceFlags(word))) == (expected, ())


def test_words_of_later_releases_are_kept_apart() -> None:
    text = "NodePort, Local, check source-range, deny, delegate-if-local, quarantined, dsr"
    flags, later = parse_service_flags(text)
    assert str(flags) == "NodePort, Local, check source-range"
    assert later == LATER_FLAG_WORDS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", '"" is not the type of a service'),
        ("Local", '"Local" is not the type of a service'),
        ("NONE", '"NONE" is not the type of a service'),
        ("NodePort, NodePort", 'unknown service flag "NodePort"'),
        ("NodePort, \x1b[0m", r'unknown service flag "\x1b[0m"'),
    ],
)
def test_other_words_are_refused(text: str, reason: str) -> None:
    with pytest.raises(LoadBalancerError) as refused:
        parse_service_flags(text)
    assert str(refused.value) == reason
