"""`loadbalancer expect`: what an agent should list, by the objects of Kubernetes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .exit_codes import OK, TROUBLE
from .input.options import format_option
from .input.sources import standard_input_if_piped
from .output.printing import Printer, complain

if TYPE_CHECKING:
    from loadbalancer.kubernetes import Node

__all__ = ["command"]


@click.command("expect", short_help="Show what an agent should list, by Kubernetes objects.")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--node", "name", metavar="NAME", required=True, help="The node of the agent.")
@click.option(
    "--address",
    "addresses",
    metavar="IP",
    multiple=True,
    help="Where node ports are served, instead of the addresses of the Node object.  [repeatable]",
)
@click.option("--zone", metavar="ZONE", help="The node's zone, instead of the Node object's label.")
@click.option("--no-ipv4", is_flag=True, help="The agent serves no IPv4.")
@click.option("--no-ipv6", is_flag=True, help="The agent serves no IPv6.")
@click.option("--no-node-port", is_flag=True, help="kube-proxy is not replaced.")
@click.option("--no-host-port", is_flag=True, help="The agent serves no host ports.")
@click.option("--no-terminating", is_flag=True, help="Terminating endpoints are left out.")
@click.option("--topology", is_flag=True, help="The agent follows topology hints.")
@click.option(
    "--release", metavar="1.N", default="1.13", show_default=True, help="The agent's release."
)
@format_option
def command(
    paths: tuple[str, ...],
    name: str,
    addresses: tuple[str, ...],
    zone: str | None,
    no_ipv4: bool,
    no_ipv6: bool,
    no_node_port: bool,
    no_host_port: bool,
    no_terminating: bool,
    topology: bool,
    release: str,
    output_format: str,
) -> int:
    """Show the services that an agent on a node should list, by the objects of Kubernetes.

    FILE has Services, EndpointSlices, Pods and Nodes as `kubectl get -o json` or yaml prints
    them, or is a state file of Cilium 1.18. The table is that of `loadbalancer list`, without
    ids, which every agent gives out by itself. What an agent does list is compared with it by
    `loadbalancer audit`.

    \b
    Examples:
      kubectl get svc,endpointslices,pods,nodes -A -o json | loadbalancer expect --node worker-1
      loadbalancer expect --node worker-1 --release 1.18 objects.yaml
      loadbalancer expect --node worker-1 --format json objects.json > expected.json

    \b
    Exit code:
      0  everything is shown
      2  something could not be read, or is not valid
    """
    paths = standard_input_if_piped(paths)
    if not paths:
        raise click.UsageError("no FILE given, and nothing piped in (- is standard input)")
    from loadbalancer import LoadBalancerError, dump_services
    from loadbalancer.domain.identity import address_order
    from loadbalancer.kubernetes import expected_services

    from .input.sources import CannotRead

    try:
        objects = [each for path in paths for each in _objects(path)]
        known, unknown = _node(objects, name)
        node = replace(
            known,
            addresses=addresses or known.addresses,
            zone=known.zone if zone is None else zone,
            ipv4=not no_ipv4,
            ipv6=not no_ipv6,
            node_port=not no_node_port,
            host_port=not no_host_port,
            terminating_endpoints=not no_terminating,
            topology=topology,
        )
        services = expected_services(objects, node, release=release)
    except CannotRead as error:
        complain(f"cannot read {error.name}: {error.reason}")
        return TROUBLE
    except LoadBalancerError as error:
        complain(str(error))
        return TROUBLE
    if unknown and not addresses:
        complain(f"{unknown}; node ports and host ports are left out (--address names where)")
    services.sort(key=lambda svc: address_order(svc.frontend))
    if not services:
        complain("these objects make no service on this node")
    printer = Printer()
    if output_format == "json":
        printer.stream.write(dump_services(services).decode() + "\n")
        return OK
    from .output.service_table import print_services, row_of

    print_services(printer, [row_of(svc) for svc in services])
    return OK


def _objects(path: str) -> list[Any]:
    """Return the objects of a file; a state file holds them as well."""
    from loadbalancer.kubernetes import DocumentError, iter_objects

    from .input.sources import CannotRead, Source

    source = Source(path)
    try:
        return [*iter_objects(b"".join(source.chunks()))]
    except DocumentError as error:
        raise CannotRead(source.name, str(error)) from None


def _node(objects: list[Any], name: str) -> tuple[Node, str]:
    """The node as its object describes it; without one, an empty node and the reason."""
    from loadbalancer.kubernetes import KubernetesError, Node, node_from_objects

    try:
        return node_from_objects(objects, name), ""
    except KubernetesError as error:
        if error.pointer:
            raise
        return Node(name=name), str(error)
