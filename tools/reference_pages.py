"""The pages of the reference, one a subject: every public name, with a table of its fields.

The text is that of the docstrings, put in by mkdocstrings; which names there are, and what their
fields may hold, is asked of the package itself.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from reference import docstrings_below, go_index

from loadbalancer import BackendState, go_names, is_valid_state_transition
from loadbalancer.wire.model import WireModel

__all__ = ["PACKAGES", "Page", "pages", "public_names"]


@dataclass(frozen=True)
class Page:
    """A page of the reference and the names on it, as they are imported."""

    file: str
    title: str
    text: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Subject:
    """What a page of names of the package `loadbalancer` is about, and where they are defined."""

    file: str
    title: str
    text: str
    modules: str


_SUBJECTS = (
    _Subject(
        "addresses",
        "Addresses",
        "IP addresses with cluster and zone, protocols and ports, and what they are made of.",
        "domain.addr_cluster domain.l3n4 domain.l4 domain.identity domain.cidr domain.scalars",
    ),
    _Subject(
        "backends",
        "Backends and their states",
        "Where a service sends its traffic, and what state such a backend is in.",
        "domain.backend domain.backend_state",
    ),
    _Subject(
        "services",
        "Services and flags",
        "A frontend with its backends, and the 16 bits that the datapath keeps of it.",
        "domain.service domain.service_type domain.service_flags domain.text_forms",
    ),
    _Subject(
        "conversions",
        "Between wire and domain",
        "From the JSON of the API to what it means, and back: by way of the wire models, or for "
        "whole lists and requests without them.",
        "wire.converters wire.refusals wire.services dumps.json_text.streaming",
    ),
    _Subject(
        "dumps",
        "Dumps of all releases",
        "What agents of 1.6 to 1.20 print, read and written. The [guide](../releases.md) says "
        "which formats there are.",
        "dumps",
    ),
    _Subject(
        "errors",
        "Errors",
        "Every error that the package raises itself has one root, which is also a `ValueError`. "
        "Errors of validation are Pydantic's own `ValidationError`.",
        "errors",
    ),
)
# Names of modules that no subject claims; the page is only there if there are any.
_OTHERS = _Subject("others", "Other names", "Importable from `loadbalancer` as well.", "")

# Packages with names of their own: where they are, and the page about them.
PACKAGES = {
    "loadbalancer.models": ("models", "Wire models"),
    "loadbalancer.schemas": ("schemas", "JSON Schemas"),
    "loadbalancer.text": ("text", "Values as text"),
    "loadbalancer.frames": ("frames", "Tables of Arrow"),
    "loadbalancer.kubernetes": ("kubernetes", "Kubernetes"),
    "loadbalancer.datapath": ("datapath", "Datapath"),
    "loadbalancer.audit": ("audit", "Audit"),
    "loadbalancer.sysdump": ("sysdump", "Sysdumps"),
    "loadbalancer.server": ("server", "Server"),
}


# Words that Go writes in capitals, and fields that its structs of 1.13 do not have.
_CAPITALS = {"id": "ID", "fe": "FE", "l7lb": "L7LB"}
_LATER_FIELDS = {"cluster", "serving", "zone"}


def public_names(package: ModuleType) -> list[str]:
    """The names a package offers, but for packages in it."""
    names: list[str] = getattr(package, "__all__", None) or [
        # The generated wire models have no list of their own.
        name
        for name, item in sorted(vars(package).items())
        if getattr(item, "__module__", "") == package.__name__ and name.isidentifier()
    ]
    return [name for name in names if not isinstance(getattr(package, name), ModuleType)]


def pages() -> Iterator[Page]:
    """The pages in the order of the navigation."""
    import loadbalancer

    module_of: dict[str, str] = vars(loadbalancer)["_MODULE_OF_NAME"]
    left = {name: module_of[name] for name in public_names(loadbalancer)}
    # It stands on the page that shows all of it.
    del left["go_names"]
    for subject in (*_SUBJECTS, _OTHERS):
        names = [name for module in subject.modules.split() for name in _defined(left, module)]
        if subject is _OTHERS:
            names = sorted(left)
        for name in names:
            del left[name]
        if names:
            yield _page("loadbalancer", subject.file, subject.title, subject.text, names)
    for package, (file, title) in PACKAGES.items():
        module = import_module(package)
        # The generated wire models say nothing of themselves as a whole.
        about = inspect.getdoc(module) or inspect.getdoc(WireModel)
        text = f"Importable from `{package}`.\n\n{about}"
        yield _page(package, file, title, text, public_names(module))
    index = f"# The Go index\n\n{_directive('loadbalancer.go_names')}\n\n{go_index()}"
    yield Page("go", "The Go index", index, ("loadbalancer.go_names",))


def _defined(left: dict[str, str], module: str) -> list[str]:
    """The names of a module, or of those in a folder: types first, then functions."""
    import loadbalancer

    found = [name for name, at in left.items() if f"{at}.".startswith(f"{module}.")]
    return sorted(found, key=lambda name: (not inspect.isclass(getattr(loadbalancer, name)), name))


def _page(package: str, file: str, title: str, text: str, names: Iterable[str]) -> Page:
    module = import_module(package)
    full = tuple(f"{package}.{name}" for name in names)
    parts = [f"# {title}", text]
    for each in full:
        parts.extend(_entry(each, getattr(module, each.rpartition(".")[2])))
    return Page(file, title, "\n\n".join(parts) + "\n", full)


def _entry(name: str, item: Any) -> Iterator[str]:
    """One name: heading and docstring, what its fields may hold, then each of its methods."""
    if name == "loadbalancer.audit.MEANINGS":
        yield _directive(name, show_attribute_values=False)
        yield _table_of_mapping(item)
        return
    if not inspect.isclass(item):
        yield _directive(name)
        if name == "loadbalancer.is_valid_state_transition":
            yield _table_of_transitions()
        return
    members = [
        key
        for key, value in vars(item).items()
        if not key.startswith("_")
        and (isinstance(value, property | classmethod | staticmethod) or inspect.isfunction(value))
    ]
    # The constructor of a wire model takes its fields, of which its signature says nothing.
    is_wire = item.__module__ == "loadbalancer.models"
    hidden = {"merge_init_into_class": False, "show_bases": False} if is_wire else {}
    yield _directive(name, members=False, **hidden)
    if table := _table(item):
        yield table
    for member in members:
        yield _directive(f"{name}.{member}", level=3)


def _directive(name: str, *, level: int = 2, **options: bool) -> str:
    lines = [f"::: {name}", "    options:", f"        heading_level: {level}"]
    lines += [f"        {key}: {str(value).lower()}" for key, value in options.items()]
    return "\n".join(lines)


def _table_of_mapping(mapping: Mapping[str, Any]) -> str:
    """Each key with the fields of its named tuple."""
    first: Any = next(iter(mapping.values()))
    names = _named(first.__class__)
    rows = [
        _row([f"`{key}`", *(_one_line(str(getattr(value, name))) for name in names)])
        for key, value in mapping.items()
    ]
    return _lines_of_table(["", *names], rows)


def _table(item: type[Any]) -> str:
    if issubclass(item, BaseModel):
        return _fields_of_model(item)
    if issubclass(item, Enum):
        return _members_of_enum(item)
    if is_dataclass(item) or _named(item):
        return _fields_of_dataclass(item)
    return ""


def _table_of_transitions() -> str:
    """Which state a backend may go to, from each one."""
    rows: list[str] = []
    for old in BackendState:
        goes = ("yes" if is_valid_state_transition(old, new) else "no" for new in BackendState)
        rows.append(_row([f"`{old.name}`", *goes]))
    return _lines_of_table(["from \\ to", *(f"`{new.name}`" for new in BackendState)], rows)


def _members_of_enum(kind: type[Enum]) -> str:
    """The members of an enum: value, name in Go, meaning."""
    told = {name: _one_line(text) for name, text in _docstrings_of_fields(kind).items()}
    in_go = {item: f"`{go}`" for go, item in go_names.items() if isinstance(item, kind)}
    rows = [
        _row([f"`{each.name}`", f"`{each.value!r}`", in_go.get(each, ""), told[each.name]])
        for each in kind
    ]
    return _lines_of_table(["member", "value", "Go", ""], rows)


def _fields_of_model(model: type[BaseModel]) -> str:
    """The fields of a Pydantic model: what they may hold, wire key or default, meaning."""
    properties = _properties(model)
    is_wire = model.__module__ == "loadbalancer.models"
    rows: list[str] = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        meaning = _one_line(field.description or "")
        holds = _linked(field.annotation) or _holds(properties[key])
        if is_wire:
            required = "Required. " if field.is_required() else ""
            cells = [f"`{name}`", f"`{key}`", holds, required + meaning]
        else:
            default = "required" if field.is_required() else _code(_default(field))
            cells = [f"`{name}`", holds, default, meaning, *_in_go(model, name)]
        rows.append(_row(cells))
    head = ["field", "key in JSON", "holds", ""] if is_wire else ["field", "holds", "default", ""]
    return _lines_of_table([*head, *(["Go"] if _in_go(model, "") else [])], rows)


def _in_go(model: type[BaseModel], field: str) -> list[str]:
    """The name of a field in the struct that the model stands for, empty if it came later."""
    if model not in go_names.values():
        return []
    if field in _LATER_FIELDS:
        return [""]
    return [f"`{''.join(_CAPITALS.get(word, word.title()) for word in field.split('_'))}`"]


def _properties(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True)
    schema = schema.get("$defs", {}).get(model.__name__, schema)
    # An address also takes text: of two forms one has the fields.
    for form in (schema, *schema.get("anyOf", ())):
        if "properties" in form:
            return dict(form["properties"])
    # A root model is its only field.
    return {"root": schema}


def _linked(kind: Any) -> str:
    """A link to the entry of a type of the package; nothing for any other."""
    if get_origin(kind) is list:
        inner = _linked(get_args(kind)[0])
        return f"list of {inner}" if inner else ""
    options = [each for each in get_args(kind) if each is not type(None)]
    if len(options) == 1 and get_origin(kind) in (Union, UnionType):
        return _linked(options[0])
    name = _entries().get(kind) if isinstance(kind, type) else None
    if not name:
        return ""
    return f"[`{name.rpartition('.')[2]}`][{name}]"


@cache
def _entries() -> dict[type[Any], str]:
    """The full name under which each public type is on a page."""
    found: dict[type[Any], str] = {}
    for package in ("loadbalancer", *PACKAGES):
        module = import_module(package)
        for name in public_names(module):
            item = getattr(module, name)
            if inspect.isclass(item):
                found.setdefault(item, f"{package}.{name}")
    return found


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory else field.default


def _fields_of_dataclass(cls: type[Any]) -> str:
    told = _docstrings_of_fields(cls)
    rows = [
        _row([f"`{name}`", f"`{_one_line(str(kind))}`", default, _one_line(told.get(name, ""))])
        for name, kind, default in _plain_fields(cls)
        if not name.startswith("_")
    ]
    return _lines_of_table(["field", "type", "default", ""], rows)


def _plain_fields(cls: type[Any]) -> Iterator[tuple[str, Any, str]]:
    """Name, type and default of the fields of a dataclass or named tuple."""
    if not is_dataclass(cls):
        for name in _named(cls):
            kind = cls.__annotations__[name]
            default = _code(defaults[name]) if name in (defaults := cls._field_defaults) else ""
            yield name, getattr(kind, "__forward_arg__", kind), default or "required"
        return
    for field in fields(cls):
        default = "required"
        if field.default is not MISSING:
            default = _code(field.default)
        elif field.default_factory is not MISSING:
            default = _code(field.default_factory())
        yield field.name, field.type, default


def _named(cls: type[Any]) -> tuple[str, ...]:
    """The fields of a named tuple; none of any other class."""
    return tuple(vars(cls).get("_fields", ()))


def _docstrings_of_fields(cls: type[Any]) -> dict[str, str]:
    """The docstrings below the fields of a class and of those it inherits from."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith("loadbalancer"):
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
            assert isinstance(definition, ast.ClassDef)
            found |= dict(docstrings_below(definition.body))
    return found


def _holds(schema: dict[str, Any]) -> str:
    """What a value may be, in words, out of its JSON Schema."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "allOf" in schema:
        return _holds(schema["allOf"][0])
    if "anyOf" in schema:
        options = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return ", or ".join(dict.fromkeys(_holds(each) for each in options))
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_holds(schema.get('items', {}))}"
    if kind == "integer" and "minimum" in schema and "maximum" in schema:
        return f"integer {schema['minimum']} … {schema['maximum']}"
    words = {"string": "text", "boolean": "true or false", "integer": "integer (int64)"}
    return words.get(str(kind), str(kind or "anything"))


def _code(value: Any) -> str:
    text = f"{type(value).__name__}.{value.name}" if isinstance(value, Enum) else repr(value)
    return "`" + text.replace("|", "\\|") + "`"


def _lines_of_table(head: list[str], rows: list[str]) -> str:
    return "\n".join([_row(head), "|---" * len(head) + "|", *rows]) if rows else ""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
