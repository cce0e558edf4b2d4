"""What a cluster mesh shares of its services: `kvstore-services.json`."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .limits import Problem, SysdumpError

__all__ = ["ClusterService", "KVStorePort", "read_kvstore_services"]


def _null_is_empty(value: Any) -> Any:
    return {} if value is None else value


class _Read(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, use_attribute_docstrings=True
    )


class KVStorePort(_Read):
    """A port by its protocol, as it stands in the store (`TCP`)."""

    protocol: str = Field("", alias="Protocol")
    """The protocol, in upper case."""
    port: int = Field(0, alias="Port", ge=0, le=0xFFFF)
    """The port number, 0 … 65535."""


# By address, then by the name of the port.
Ports = Annotated[dict[str, dict[str, KVStorePort]], BeforeValidator(_null_is_empty)]
Texts = Annotated[dict[str, str], BeforeValidator(_null_is_empty)]


class ClusterService(_Read):
    """A service that a cluster shares with the others (Go: `store.ClusterService`)."""

    cluster: str
    """The name of the cluster that shares it."""
    namespace: str
    """The namespace of the Kubernetes service."""
    name: str
    """The name of the Kubernetes service."""
    frontends: Ports = {}
    """The ports of each frontend address, by their names."""
    backends: Ports = {}
    """The ports of each backend address, by their names."""
    labels: Texts = {}
    """The labels of the Kubernetes service."""
    selector: Texts = {}
    """The labels of the pods behind it."""
    include_external: bool = Field(False, alias="includeExternal")
    """Whether backends of other clusters serve it, too."""
    shared: bool = False
    """Whether other clusters may use its backends."""
    cluster_id: int = Field(0, alias="clusterID", ge=0)
    """The id of the cluster that shares it; 0 if it is not said."""


def read_kvstore_services(data: bytes, path: str) -> tuple[list[ClusterService], list[Problem]]:
    """The services of a `kvstore-services.json`, and the entries that could not be read.

    Raises `SysdumpError` if the file as a whole is not what it should be.
    """
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SysdumpError(f"it is not JSON ({error})") from None
    if not isinstance(entries, dict):
        raise SysdumpError("it is not a JSON object of keys and their values")
    services: list[ClusterService] = []
    problems: list[Problem] = []
    for key, entry in cast("dict[str, Any]", entries).items():
        try:
            text = base64.b64decode(entry["Data"], validate=True)
            services.append(ClusterService.model_validate_json(text))
        except ValidationError as error:
            first = error.errors()[0]
            where = "/".join(map(str, first["loc"]))
            problems.append(Problem(path, f"{key}: the data at /{where}: {first['msg']}"))
        except (KeyError, TypeError, binascii.Error, ValueError):
            problems.append(Problem(path, f"{key}: it has no Data in base64"))
    return services, problems
