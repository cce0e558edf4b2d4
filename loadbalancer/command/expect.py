"""`loadbalancer expect`: what an agent should list, by the objects of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from .exit_codes import OK, TROUBLE
from .input.audit_options import agent_options, release_option
from .input.options import format_option
from .input.sources import CannotRead, Source, standard_input_if_piped
from .output.printing import Printer, complain

if TYPE_CHECKING:
    from ..audit.views import Options
    from ..domain.service import SVC
    from ..kubernetes import Node
    from ..kubernetes.reading import Objects
    from ..releases import Release
    from ..sysdump.evidence import Evidence

__all__ = ["command"]


@click.command("expect", short_help="Show what an agent should list, by Kubernetes objects.")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--node", "name", metavar="NAME", help="The node of the agent.")
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
@click.option("--no-host-port", is_flag=True, help="The agent serves no host ports.")
@click.option("--no-terminating", is_flag=True, help="Terminating endpoints are left out.")
@click.option("--local-redirect", is_flag=True, help="The agent follows local redirect policies.")
@release_option
@agent_options
@format_option
def command(
    paths: tuple[str, ...],
    name: str | None,
    addresses: tuple[str, ...],
    zone: str | None,
    no_ipv4: bool,
    no_ipv6: bool,
    no_host_port: bool,
    no_terminating: bool,
    local_redirect: bool,
    options: Options,
    output_format: str,
) -> int:
    """Show the services that an agent on a node should list, by the objects of Kubernetes.

    FILE has Services, EndpointSlices, Pods and Nodes as `kubectl get -o json` or yaml prints
    them, or is a state file (--lb-state-file) or a sysdump. The table is that of
    `loadbalancer list`, without ids, which every agent gives out by itself. What an agent does
    list is compared with it by `loadbalancer audit`.

    \b
    Examples:
      kubectl get svc,endpointslices,pods,nodes -A -o json | loadbalancer expect --node worker-1
      loadbalancer expect --node worker-1 --release 1.18 objects.yaml
      loadbalancer expect --node worker-1 cilium-sysdump.zip
      loadbalancer expect --release 1.19 state-file.yaml
      loadbalancer expect --node worker-1 --format json objects.json > expected.json

    \b
    Exit code:
      0  everything is shown
      2  something could not be read, or is not valid
    """
    paths = standard_input_if_piped(paths)
    if not paths:
        raise click.UsageError("no FILE given, and nothing piped in (- is standard input)")
    from ..domain.identity import address_order
    from ..errors import LoadBalancerError
    from ..sysdump.evidence import Evidence
    from ..wire.services import dump_services

    evidence = Evidence()
    try:
        is_standalone = _gather(evidence, paths)
        if name is None and not is_standalone:
            raise click.UsageError("--node has to name the node of the agent")
        known, unknown, release = _node(evidence, name or "", options)
        node = replace(
            known,
            addresses=addresses or known.addresses,
            zone=known.zone if zone is None else zone,
            ipv4=not no_ipv4,
            ipv6=not no_ipv6,
            host_port=not no_host_port,
            terminating_endpoints=not no_terminating,
            local_redirect=local_redirect,
        )
        services = _expected(evidence.objects, options.applied(node), release, is_standalone)
    except CannotRead as error:
        complain(f"cannot read {error.name}: {error.reason}")
        return TROUBLE
    except LoadBalancerError as error:
        complain(str(error))
        return TROUBLE
    for problem in evidence.problems:
        complain(problem)
    is_later = is_standalone or (release is not None and release.since(18))
    if unknown and not addresses and not is_later:
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


def _expected(
    objects: Objects, node: Node, release: Release | None, is_standalone: bool
) -> list[SVC]:
    """Return the services; by the rules of 1.13, or of the first release with state files."""
    from ..kubernetes.reflecting import expected_services
    from ..kubernetes.state_file.reading import STATE_FILE_RELEASE, listed_of

    if is_standalone:
        return listed_of(objects, node, release or STATE_FILE_RELEASE)
    return expected_services(objects, node, release=release or "1.13")


def _gather(evidence: Evidence, paths: Iterable[str]) -> bool:
    """Read the objects of files and sysdumps; return whether all files are state files."""
    from ..kubernetes import DocumentError, iter_objects
    from ..kubernetes.reading import add_objects
    from ..sysdump.evidence import File
    from .input.node_sources import is_sysdump

    is_standalone = True
    for path in paths:
        if is_sysdump(path):
            evidence.add(File(path))
            is_standalone = False
            continue
        source = Source(path)
        data = b"".join(source.chunks())
        try:
            objects = [*iter_objects(data)]
        except DocumentError as error:
            raise CannotRead(source.name, str(error)) from None
        is_standalone = is_standalone and _is_state_file(data)
        add_objects(evidence.objects, objects)
    return is_standalone


def _is_state_file(data: bytes) -> bool:
    from ..kubernetes.documents import read_documents
    from ..kubernetes.state_file.reading import is_state_file

    return all(map(is_state_file, read_documents(data.decode("utf-8-sig", "replace"))))


def _node(evidence: Evidence, name: str, options: Options) -> tuple[Node, str, Release | None]:
    """Return the node, why its object does not describe it, and the agent's release if known.

    Of a sysdump, the options and the release are those of the node's agent.
    """
    from ..kubernetes import KubernetesError, Node, node_from_objects

    for view in evidence.views([name]):
        node, is_known = evidence.cluster().node(view, options)
        reason = "" if is_known else f"there is no Node {name!r} among the objects"
        return node, reason, options.release or view.possible_releases()[0]
    if not name:
        return Node(), "", options.release
    try:
        return node_from_objects(evidence.objects, name), "", options.release
    except KubernetesError as error:
        if error.pointer:
            raise
        return Node(name=name), str(error), options.release
