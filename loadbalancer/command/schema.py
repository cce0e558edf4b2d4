"""`loadbalancer schema`: the JSON Schemas and the OpenAPI document."""

from __future__ import annotations

from typing import Literal

import click

from .exit_codes import OK

__all__ = ["command"]

_OPENAPI = "openapi"


def _names() -> list[str]:
    from loadbalancer.schemas import names

    return [*names(), _OPENAPI]


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _names() if name.lower().startswith(incomplete.lower())]


@click.command("schema", short_help="Print a JSON Schema, or the OpenAPI document.")
@click.argument("name", metavar="[NAME]", required=False, shell_complete=_complete)
@click.option("--list", "lists", is_flag=True, help="List the names there are.")
@click.option("--written", is_flag=True, help="The schema for writing, not for reading.")
@click.option(
    "--version",
    type=click.Choice(["3.0", "3.1"]),
    default="3.1",
    show_default=True,
    help="The version of OpenAPI, for generators that only know 3.0.",
)
def command(name: str | None, lists: bool, written: bool, version: Literal["3.0", "3.1"]) -> int:
    """Print the JSON Schema (2020-12) of a type, or the OpenAPI document of the API.

    NAME is a wire model such as ServiceSpec, a domain type such as SVC, AuditReport (what
    `audit --format json` prints), or openapi, the default.

    \b
    Examples:
      loadbalancer schema --list
      loadbalancer schema ServiceSpec > service-spec.schema.json
      loadbalancer schema openapi --version 3.0 > openapi.json
    """
    if lists:
        click.echo("\n".join(_names()))
        return OK
    import json

    from loadbalancer.schemas import openapi, schema

    name = _known(name or _OPENAPI)
    if name == _OPENAPI:
        document = openapi(version=version)
    else:
        document = schema(name, "serialization" if written else "validation")
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    return OK


def _known(name: str) -> str:
    from ..checking.suggestions import nearest

    names = _names()
    if name in names:
        return name
    meant = nearest(name, names)
    hint = f"Did you mean {meant}?" if meant else "--list shows all names."
    raise click.BadParameter(f"there is no schema of {name!r}. {hint}", param_hint="'NAME'")
