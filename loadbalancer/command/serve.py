"""The command `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from ..errors import LoadBalancerError, visible
from ..server.process.sockets import DEFAULT_LISTEN
from .exit_codes import TROUBLE
from .input.options import Choice

__all__ = ["serve"]


def _mode(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """A file mode in octal digits."""
    try:
        mode = int(value, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise click.BadParameter(f"{value!r} is not a file mode, such as 0660.")
    return mode


class _Trouble(click.ClickException):
    """An error that keeps the server from starting, with the exit code of all commands."""

    exit_code = TROUBLE


def _named(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty text, which is what an unset shell variable gives."""
    if value == "":
        raise click.BadParameter("must not be empty.")
    return value


def _path(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    name = _named(context, parameter, value)
    return None if name is None else Path(name)


@click.command(context_settings={"auto_envvar_prefix": "LOADBALANCER"})
@click.option(
    "--socket",
    callback=_path,
    metavar="PATH",
    help="Listen on this unix socket.",
)
@click.option(
    "--socket-mode",
    callback=_mode,
    default="0600",
    metavar="MODE",
    show_default=True,
    help="File mode of the unix socket.",
)
@click.option(
    "--listen",
    multiple=True,
    metavar="HOST:PORT",
    help="Listen on this TCP address. May be given more than once. "
    f"{DEFAULT_LISTEN} if there is no --socket either.",
)
@click.option(
    "--db",
    callback=_named,
    metavar="PATH",
    help="Keep the services in this SQLite file, or in memory only if it is `:memory:`. "
    "By default services.db in the user's data directory.",
)
@click.option(
    "--store",
    metavar="URL",
    help="Keep the services in this store: `memory:`, `sqlite:///PATH`, or in an etcd cluster that "
    "servers share, `etcd://HOST:PORT[,HOST:PORT]/PREFIX` (with TLS `etcds://`). Instead of --db.",
)
@click.option(
    "--store-ca",
    callback=_path,
    metavar="PATH",
    help="The authorities that the certificates of an etcds:// store are from.",
)
@click.option(
    "--store-cert", callback=_path, metavar="PATH", help="The certificate for an etcds:// store."
)
@click.option("--store-key", callback=_path, metavar="PATH", help="The key of that certificate.")
@click.option(
    "--workers",
    type=click.IntRange(min=1, max=64),
    default=1,
    show_default=True,
    help="How many processes answer.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Answer TCP requests for this host, too, beside loopback and the addresses listened on. "
    "May be given more than once.",
)
@click.option(
    "--token-file",
    callback=_path,
    metavar="PATH",
    help="Changes over TCP need the token in this file: Authorization: Bearer TOKEN.",
)
@click.option("--tls-cert", callback=_path, metavar="PATH", help="Serve TLS: the certificate.")
@click.option("--tls-key", callback=_path, metavar="PATH", help="The key of the certificate.")
@click.option(
    "--tls-client-ca",
    callback=_path,
    metavar="PATH",
    help="Serve only clients with a certificate of these authorities.",
)
@click.option(
    "--insecure",
    is_flag=True,
    help="Listen beyond loopback without a token or client certificates.",
)
@click.option(
    "--access-log",
    type=Choice(["text", "json", "off"]),
    default="text",
    show_default=True,
    is_flag=False,
    flag_value="text",
    help="Log every request on standard output.",
)
@click.option(
    "--log-format",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the server's own messages are written on standard error.",
)
@click.option("--no-access-log", is_flag=True, help="The same as --access-log off.")
@click.option("--nat46x64", is_flag=True, help="Let services have backends of the other family.")
@click.option(
    "--node-name",
    default="",
    metavar="NAME",
    help="Name of the own node: services of local traffic drop backends of all others.",
)
@click.option(
    "--load",
    callback=_path,
    metavar="FILE",
    help="Store the services of this dump (of any release) before the server listens.",
)
@click.option("--strict", is_flag=True, help="Refuse bodies with unknown keys (422).")
@click.option(
    "--delay",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="For tests: wait this long before each answer.",
)
@click.option(
    "--fail-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="For tests: refuse this share of the requests (503), from 0 to 1.",
)
@click.option(
    "--create", is_flag=True, help="Make the directories of --db and --socket if they are missing."
)
@click.option(
    "--max-body",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="Refuse bodies that are larger (413).",
)
@click.option(
    "--max-backends",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="Refuse services with more backends (422).",
)
@click.option(
    "--max-connections",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="COUNT",
    help="Refuse more connections to a worker (503).",
)
@click.option(
    "--stop-seconds",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="How long requests in flight may take when the server is stopped.",
)
def serve(
    socket: Path | None,
    socket_mode: int,
    listen: tuple[str, ...],
    db: str | None,
    store: str | None,
    store_ca: Path | None,
    store_cert: Path | None,
    store_key: Path | None,
    workers: int,
    allow_host: tuple[str, ...],
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    insecure: bool,
    access_log: Literal["text", "json", "off"],
    log_format: Literal["text", "json"],
    no_access_log: bool,
    nat46x64: bool,
    node_name: str,
    load: Path | None,
    strict: bool,
    delay: float,
    fail_rate: float,
    create: bool,
    max_body: int | None,
    max_backends: int | None,
    max_connections: int,
    stop_seconds: int,
) -> None:
    """Serve the service API on a unix socket, on TCP, or both.

    Point a client at it: cilium -H unix:///PATH service list. A browser finds the services at
    the address it listens on, and the documentation at /docs.

    Options are also taken from the environment: LOADBALANCER_LISTEN, LOADBALANCER_DB, and so on.
    """
    if store is not None and db is not None:
        raise click.UsageError("--store and --db cannot be given together.")
    has_store_tls = not (store_ca is store_cert is store_key is None)
    if has_store_tls and store is None:
        raise click.UsageError("--store-ca, --store-cert and --store-key need a --store.")
    try:
        from ..agent.settings import Settings
        from ..agent.stores.opening import StoreTLS
        from ..server.process.faults import Faults
        from ..server.process.serve import ServeOptions, run_server
        from ..server.requests import Limits
    except ModuleNotFoundError as error:
        raise _Trouble(
            f"{error.name} is missing: pip install 'cilium-loadbalancer[server]'"
        ) from None
    defaults = Limits()
    options = ServeOptions(
        socket=socket,
        socket_mode=socket_mode,
        listen=listen,
        db=db,
        store=store,
        store_tls=StoreTLS(store_ca, store_cert, store_key) if has_store_tls else None,
        workers=workers,
        allow_hosts=allow_host,
        token_file=token_file,
        tls_cert=tls_cert,
        tls_key=tls_key,
        tls_client_ca=tls_client_ca,
        insecure=insecure,
        access_log=None if no_access_log or access_log == "off" else access_log,
        log_format=log_format,
        load=load,
        faults=Faults(delay, fail_rate) if delay or fail_rate else None,
        create=create,
        connections=max_connections,
        stop_seconds=stop_seconds,
        settings=Settings(nat46x64=nat46x64, node_name=node_name),
        limits=Limits(
            body_bytes=max_body or defaults.body_bytes,
            backends=max_backends or defaults.backends,
            strict_keys=strict,
        ),
    )
    try:
        run_server(options)
    except LoadBalancerError as error:
        raise _Trouble(visible(str(error))) from None
