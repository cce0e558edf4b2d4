"""Lists of services in JSON: with equal specs, with nearly equal ones, and with look-alikes."""

from __future__ import annotations

import json

from loadbalancer import (
    SVC,
    AddrCluster,
    Backend,
    BackendState,
    L3n4AddrID,
    L4Type,
    ServiceName,
    SVCNatPolicy,
    SVCTrafficPolicy,
    SVCType,
)

__all__ = [
    "EVERY_FIELD",
    "LISTS",
    "NO_FRONTEND",
    "NO_SCOPE",
    "SPACED",
    "SPEC",
    "listed",
    "service",
    "spaced_service",
]

SPEC = (
    '{"backend-addresses":[{"ip":"10.0.1.1","nodeName":"node-1","port":8080,"preferred":true,'
    '"state":"quarantined","weight":100},{"ip":"fd00::2","port":1}],"flags":'
    '{"extTrafficPolicy":"Local","healthCheckNodePort":30000,"intTrafficPolicy":"Cluster",'
    '"name":"web","namespace":"default","natPolicy":"Nat46","trafficPolicy":"Local",'
    '"type":"LoadBalancer"},"frontend-address":{"ip":"192.0.2.1","port":80,"protocol":"tcp",'
    '"scope":"external"},"id":5}'
)
# Its service.
EVERY_FIELD = SVC(
    frontend=L3n4AddrID(protocol=L4Type.TCP, addr_cluster=AddrCluster("192.0.2.1"), port=80, id=5),
    backends=[
        Backend(
            addr_cluster=AddrCluster("10.0.1.1"),
            port=8080,
            node_name="node-1",
            preferred=True,
            state=BackendState.QUARANTINED,
        ),
        Backend(addr_cluster=AddrCluster("fd00::2"), port=1),
    ],
    type=SVCType.LoadBalancer,
    ext_traffic_policy=SVCTrafficPolicy.Local,
    int_traffic_policy=SVCTrafficPolicy.Cluster,
    nat_policy=SVCNatPolicy.Nat46,
    health_check_node_port=30000,
    name=ServiceName(namespace="default", name="web"),
)
# With the space that `json.dumps` writes by default.
SPACED = json.dumps(json.loads(SPEC))
# Refused by the conversion, and by the wire model.
NO_SCOPE = '{"frontend-address":{"ip":"10.0.0.1"},"id":1}'
NO_FRONTEND = '{"id":1}'


def service(spec: str, realized: str | None = None) -> str:
    """A Service with that spec, and the same as what is realized unless that is given."""
    return f'{{"spec":{spec},"status":{{"realized":{spec if realized is None else realized}}}}}'


def spaced_service(spec: str, realized: str | None = None) -> str:
    """The same in the style of `json.dumps`."""
    again = spec if realized is None else realized
    return f'{{"spec": {spec}, "status": {{"realized": {again}}}}}'


def listed(*services: str) -> str:
    """The list of them."""
    return f"[{','.join(services)}]"


def one(spec: str, realized: str | None = None) -> str:
    return listed(service(spec, realized))


def but(old: str, new: str) -> str:
    """The spec with something else in place of what is there once."""
    assert SPEC.count(old) == 1, old
    return SPEC.replace(old, new)


def with_name(name: str) -> str:
    return but('"web"', f'"{name}"')


def with_key(key: str) -> str:
    return f"{SPEC[:-1]},{key}}}"


SERVICE = service(SPEC)
SPACED_SERVICE = spaced_service(SPACED)
TRUE_FOR_1 = but('"port":1}', '"port":true}')
ONLY_SPEC = f'{{"spec":{SPEC}}}'

LISTS = {
    # Styles of writing.
    "empty": "[]",
    "empty, with space": " [ ] \n",
    "one": listed(SERVICE),
    "one, spaced": listed(SPACED_SERVICE),
    "two": listed(SERVICE, SERVICE),
    "two, a space between": listed(SERVICE, " " + SERVICE),
    "two, spaced": listed(SPACED_SERVICE, " " + SPACED_SERVICE),
    "two, spaced, none between": listed(SPACED_SERVICE, SPACED_SERVICE),
    "compact, then spaced": listed(SERVICE, SPACED_SERVICE),
    "spaced, then compact": listed(SPACED_SERVICE, " " + SERVICE),
    "compact, of spaced specs": one(SPACED),
    "spaced, of compact specs": listed(spaced_service(SPEC)),
    "space before the list": " " + one(SPEC),
    "space in the list": f"[ {SERVICE} ]",
    "space after the list": one(SPEC) + " \t\r\n",
    "other space after the list": one(SPEC) + "\u00a0",
    "form feed after the list": one(SPEC) + "\f",
    "space before the end of the list": f"[{SERVICE} ]",
    "indented": json.dumps(json.loads(listed(SERVICE, SERVICE)), indent=2),
    "space around a spec": one(f" {SPEC} "),
    # Two specs that are not the same.
    "realized differs in a letter": one(SPEC, but('"trafficPolicy":"Local"', '"x":"local"')),
    "realized differs in a port": one(SPEC, but("8080", "8081")),
    "realized differs in the last byte": one(SPEC, SPEC[:-2] + "6}"),
    "realized is longer": one(SPEC, SPEC[:-1] + "1}"),
    "realized is shorter": one(SPEC[:-1] + "1}", SPEC),
    "realized with space behind": one(SPEC, SPEC + " "),
    "only what is realized does not convert": one(SPEC, NO_SCOPE),
    "only what is realized is invalid": one(SPEC, NO_FRONTEND),
    "only the spec does not convert": one(NO_SCOPE, SPEC),
    "only the spec is invalid": one(NO_FRONTEND, SPEC),
    # Values that are equal to Python.
    "true for 1": one(TRUE_FOR_1),
    "true for 1 in what is realized": one(SPEC, TRUE_FOR_1),
    "true for 1 in the spec": one(TRUE_FOR_1, SPEC),
    "1 for true": one(but("true", "1")),
    "1.0 for 1": one(but('"port":1}', '"port":1.0}')),
    "-0 for 0": one(but('"weight":100', '"weight":-0')),
    # Something is missing.
    "no status": listed(ONLY_SPEC),
    "status null": listed(f'{{"spec":{SPEC},"status":null}}'),
    "status empty": listed(f'{{"spec":{SPEC},"status":{{}}}}'),
    "status no object": listed(f'{{"spec":{SPEC},"status":[]}}'),
    "no spec": listed(f'{{"status":{{"realized":{SPEC}}}}}'),
    "realized null": one(SPEC, "null"),
    "spec null": one("null", SPEC),
    "both null": one("null"),
    "both objects without a key": one("{}"),
    "both lists": one("[]"),
    "both texts": one('"x"'),
    "both nothing": one(""),
    "both space": one(" "),
    "neither": "[{}]",
    # Several services, not all of them alike.
    "second has neither": listed(SERVICE, "{}"),
    "second null": listed(SERVICE, "null"),
    "second no object": listed(SERVICE, "1"),
    "second without status": listed(SERVICE, ONLY_SPEC),
    "second the other way round": listed(
        SERVICE, f'{{"status":{{"realized":{SPEC}}},"spec":{SPEC}}}'
    ),
    "second does not convert": listed(SERVICE, service(NO_SCOPE), SERVICE),
    "second is invalid": listed(SERVICE, service(NO_FRONTEND), SERVICE),
    "two do not convert": listed(service(NO_SCOPE), service(NO_SCOPE)),
    "one does not convert, one is invalid": listed(service(NO_SCOPE), service(NO_FRONTEND)),
    # No list.
    "trailing comma": f"[{SERVICE},]",
    "leading comma": f"[,{SERVICE}]",
    "no comma": f"[{SERVICE}{SERVICE}]",
    "two commas": f"[{SERVICE},,{SERVICE}]",
    "trailing garbage": f"[{SERVICE}]x",
    "trailing bracket": f"[{SERVICE}]]",
    "trailing list": f"[{SERVICE}][]",
    "trailing brace": f"[{SERVICE}}}]",
    "trailing null byte": f"[{SERVICE}]\0",
    "no end": f"[{SERVICE}",
    "no end, space": f"[{SERVICE} ",
    "cut in realized": one(SPEC)[:-20],
    "cut in spec": one(SPEC)[:100],
    "cut behind the spec": one(SPEC)[: len(SPEC) + 20],
    "nothing": "",
    "byte order mark": "\ufeff" + one(SPEC),
    "an object": SERVICE,
    "null": "null",
    # Texts that are equal, but no spec.
    "two values for one": one(f"{SPEC},{SPEC}"),
    "two values for one, no comma": one(SPEC + SPEC),
    "two values for one, a space": one(f"{SPEC} {SPEC}"),
    "brackets inside out": one(f"{SPEC}],[{SPEC}"),
    "two brackets inside out": one(f"{SPEC}]],[[{SPEC}"),
    "three brackets inside out": one(f"{SPEC}]]],[[[{SPEC}"),
    "three brackets closed": one(SPEC + "]]]"),
    "three brackets opened": one("[[[" + SPEC),
    "brackets around": one(f"[{SPEC}]"),
    "brackets before": one(f"],[{SPEC}"),
    "a key behind the spec": one(SPEC + ',"x":1'),
    "another spec behind the spec": one(f'{SPEC},"spec":{SPEC}'),
    "a comment": one(SPEC + "/**/"),
    # Keys given twice, and unknown ones.
    "an escaped key": one(but('"id"', r'"\u0069d"')),
    "spec twice": listed(f'{{"spec":{SPEC},"spec":{NO_SCOPE},"status":{{"realized":{SPEC}}}}}'),
    "status twice": listed(SERVICE[:-1] + ',"status":null}'),
    "realized twice": listed(SERVICE[:-2] + f',"realized":{NO_SCOPE}}}}}'),
    "frontend twice": one(with_key('"frontend-address":{}')),
    "an unknown key in the service": listed(SERVICE[:-1] + ',"x":1}'),
    "an unknown key in the status": listed(SERVICE[:-2] + ',"x":1}}'),
    "the whole list in an unknown key": one(with_key(f'"x":{one(SPEC)}')),
    "the middle in an unknown key": one(with_key('"x":{"spec":1,"status":{"realized":1}}')),
    "the end in an unknown key": one(with_key('"x":{"y":{"z":{}}}')),
    # Texts inside.
    "the middle in a text": one(with_name(r",\"status\":{\"realized\":")),
    "the middle in a text, as it is": one(with_name(',"status":{"realized":')),
    "the border in a text": one(with_name(r"}},{\"spec\":")),
    "the border in a text, spaced": listed(
        spaced_service(SPACED.replace("web", r"}}, {\"spec\": "))
    ),
    "the end in a text": one(with_name("}}]")),
    "a text that is not closed": one(but('"web"', '"web')),
    "a control character in a text": one(with_name("\n")),
    "an escaped null in a text": one(with_name(r"\u0000")),
    "half a surrogate pair in a text": one(with_name(r"\ud800")),
    "a surrogate pair in a text": one(with_name(r"\ud83d\ude00")),
    "other scripts in a text": one(with_name("ノード😀")),
    # Numbers.
    "NaN": one(but('"weight":100', '"weight":NaN')),
    "a number out of range": one(but('"weight":100', '"weight":65536')),
    "a number of many digits": one(but('"weight":100', f'"weight":{"1" * 5000}')),
    "id 0": one(but('"id":5', '"id":0')),
    "id null": one(but('"id":5', '"id":null')),
    "id beyond uint32": one(but('"id":5', '"id":4294967296')),
    "id below 0": one(but('"id":5', '"id":-1')),
    "id beyond int64": one(but('"id":5', '"id":9223372036854775808')),
    # Values that are absent.
    "no backends and no flags": one('{"frontend-address":{"ip":"::1","scope":"internal"}}'),
    "null for all": one(
        '{"backend-addresses":null,"flags":null,"frontend-address":{"ip":"::1","port":null,'
        '"protocol":null,"scope":"internal"},"id":null,"updateServices":null}'
    ),
    "null for all of a backend": one(
        '{"backend-addresses":[{"ip":"::1","nodeName":null,"port":null,"preferred":null,'
        '"state":null,"weight":null}],"frontend-address":{"ip":"::1","scope":"internal"}}'
    ),
}
