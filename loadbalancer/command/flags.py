"""`loadbalancer flags`: the datapath's service flags, from bits to words and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .exit_codes import OK
from .input.audit_options import release_option
from .input.options import LibraryEnum, format_option

if TYPE_CHECKING:
    from loadbalancer import ServiceFlags, SvcFlagParam, SVCNatPolicy, SVCType

    from ..releases import Release

__all__ = ["command"]

_PAIR = re.compile(r"\[?\s*0x(?P<low>[0-9a-fA-F]{1,2})[\s,]+0x(?P<high>[0-9a-fA-F]{1,2})\s*\]?")
# Each option with the field of SvcFlagParam that it sets.
_SWITCHES = {
    "--ext-local": ("svc_ext_local", "External traffic stays on the node."),
    "--int-local": ("svc_int_local", "Internal traffic stays on the node."),
    "--session-affinity": ("session_affinity", "A client keeps its backend."),
    "--routable": ("is_routable", "The frontend can be reached from outside."),
    "--source-range": ("check_source_range", "Only some source addresses are let in."),
    "--l7": ("l7_load_balancer", "A layer 7 proxy balances the service."),
    "--loopback": ("loopback_hostport", "For the loopback interface alone; HostPort only."),
}


def _switches(command: Any) -> Any:
    for option, (name, help_) in reversed(_SWITCHES.items()):
        command = click.option(option, name, is_flag=True, help=help_)(command)
    return command


@click.command("flags", short_help="Decode and encode the datapath's service flags.")
@click.argument("numbers", metavar="[FLAGS]...", nargs=-1)
@click.option(
    "--type",
    "svc_type",
    type=LibraryEnum("SVCType", "type"),
    help="Encode: the type of the service.",
)
@click.option(
    "--nat",
    "nat_policy",
    type=LibraryEnum("SVCNatPolicy", "policy"),
    help="Encode: translate between IPv4 and IPv6.",
)
@_switches
@release_option
@format_option
def command(
    numbers: tuple[str, ...],
    svc_type: SVCType | None,
    nat_policy: SVCNatPolicy | None,
    release: Release | None,
    output_format: str,
    **switches: bool,
) -> int:
    """Decode the 16 bits of flags that the datapath keeps of a service, or encode them.

    FLAGS is a number as 0x1044, 4164, 0b1000001000100 or 0o10104, or the pair of bytes that the
    datapath prints, as '0x44 0x10' or '[0x44 0x10]', the low byte first. Without one, the
    options say what to encode. The words are those of --release, by default of the newest.

    \b
    Examples:
      loadbalancer flags 0x1044
      loadbalancer flags --type NodePort --ext-local --routable
      loadbalancer flags '[0x42 0x20]'
      loadbalancer flags --release 1.13 --format json 0x42 0x2000
    """
    is_encoding = bool(svc_type or nat_policy or any(switches.values()))
    if is_encoding and numbers:
        raise click.UsageError("give FLAGS to decode, or options to encode, not both")
    if not is_encoding and not numbers:
        raise click.UsageError("give FLAGS to decode, or options to encode; --help has examples")
    from loadbalancer import new_svc_flag

    from ..releases import NEWEST

    wanted = release or NEWEST
    if is_encoding:
        found = [new_svc_flag(_param(svc_type, nat_policy, switches))]
    else:
        found = [_flags(number) for number in numbers]
    if output_format == "json":
        import json

        click.echo(json.dumps([_as_json(flags, wanted) for flags in found], indent=2))
    else:
        for flags in found:
            _print(flags, wanted)
    return OK


def _param(
    svc_type: SVCType | None, nat_policy: SVCNatPolicy | None, switches: dict[str, bool]
) -> SvcFlagParam:
    from loadbalancer import SvcFlagParam, SVCNatPolicy, SVCType

    return SvcFlagParam(
        svc_type=svc_type or SVCType.NONE,
        svc_nat_policy=nat_policy or SVCNatPolicy.NONE,
        **switches,
    )


def _flags(text: str) -> ServiceFlags:
    from loadbalancer import ServiceFlags

    try:
        if pair := _PAIR.fullmatch(text):
            return ServiceFlags(int(pair["low"], 16) | int(pair["high"], 16) << 8)
        return ServiceFlags(int(text, 0))
    except ValueError:
        message = f"{text!r} is not a number from 0 to 0xffff (65535), or a pair of bytes"
        raise click.BadParameter(message, param_hint="'FLAGS'") from None


def _bits(flags: ServiceFlags, release: Release) -> list[tuple[int, str]]:
    """Return each bit that is set, with its name; before 1.17 the last two have none."""
    from loadbalancer import ServiceFlagBit

    names = {each.value: each.name.lower().replace("_", "-") for each in ServiceFlagBit}
    if release.since(17):
        is_ranges = flags & ServiceFlagBit.SOURCE_RANGE
        names |= {1 << 14: "deny" if is_ranges else "quarantined", 1 << 15: "dsr"}
    return [(bit, names.get(1 << bit, "(no meaning)")) for bit in range(16) if flags >> bit & 1]


def _print(flags: ServiceFlags, release: Release) -> None:
    from .output.printing import Printer

    printer = Printer()
    printer.line(
        (f"{flags.uint16():#06x}", "bold"), f" = {flags.uint16()}: ", (flags.text(release), "cyan")
    )
    if flags.text(release) != str(flags):
        printer.line(f"  in 1.13: {flags}")
    for bit, name in _bits(flags, release):
        printer.line(f"  bit {bit:<2}  {1 << bit:#06x}  {name}")


def _as_json(flags: ServiceFlags, release: Release) -> dict[str, Any]:
    return {
        "flags": flags.uint16(),
        "hex": f"{flags.uint16():#06x}",
        "text": flags.text(release),
        "type": str(flags.svc_type),
        "external_traffic_policy": str(flags.svc_ext_traffic_policy),
        "internal_traffic_policy": str(flags.svc_int_traffic_policy),
        "bits": [
            {"bit": bit, "mask": 1 << bit, "name": name} for bit, name in _bits(flags, release)
        ],
    }
