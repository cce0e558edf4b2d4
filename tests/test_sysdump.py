"""Sysdumps in all their shapes, and archives that mean harm."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import os
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbalancer.kubernetes import Node, with_options
from loadbalancer.sysdump import (
    Limits,
    Problem,
    Sysdump,
    SysdumpError,
    open_sysdump,
)

TIME = "20240102-030405"
TOP = f"cilium-sysdump-{TIME}"
BUGTOOL = f"cilium-bugtool-cilium-{{}}-{TIME}"
FAILURE = b"> Error while running 'cilium service list -o json':  exit status 1\n\n"
PODS = b"""apiVersion: v1
items:
- metadata:
    name: cilium-abcde
    namespace: kube-system
  spec:
    containers:
    - image: quay.io/cilium/cilium:v1.16.3@sha256:00
      name: cilium-agent
    nodeName: node-one
- metadata:
    name: web-0
    namespace: default
  spec:
    containers:
    - image: nginx:1.25
      name: web
    nodeName: node-two
kind: PodList
metadata:
  resourceVersion: "1"
"""
CONFIG = b"""apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config}
data:
  enable-ipv6: "false"
  kube-proxy-replacement: "true"
"""
SHARED = {"cluster": "east", "namespace": "ns", "name": "web", "clusterID": 3, "shared": True}
SHARED_PORTS = {"frontends": {"10.0.0.1": {"http": {"Protocol": "TCP", "Port": 80}}}}
KVSTORE = json.dumps(
    {
        "cilium/state/services/v1/east/ns/web": {
            "Data": base64.b64encode(json.dumps(SHARED | SHARED_PORTS).encode()).decode()
        },
        "cilium/state/services/v1/east/ns/broken": {"Data": "%%%"},
    }
).encode()
CLUSTER = {
    f"k8s-pods-{TIME}.yaml": PODS,
    f"cilium-configmap-{TIME}.yaml": CONFIG,
    "kvstore-services.json": KVSTORE,
}
NEW = {
    "cmd/cilium-dbg-service-list.md": b"table",
    "cmd/cilium-dbg-service-list--o-json.md": b"[]",
    "cmd/cilium-dbg-bpf-lb-list.md": b"bpf",
    "cmd/cilium-dbg-bpf-lb-list---revnat.md": b"not this one",
    "cmd/cilium-dbg-statedb.md": b"{}",
    "cmd/cilium-dbg-status---verbose.md": b"KVStore: Ok\nCilium:   Ok   1.19.0 (v1.19.0-1)\n",
}
OLD = {"cmd/cilium-service-list.md": b"table", "cmd/cilium-bpf-lb-list.md": b"bpf"}
Files = dict[str, bytes]


def tar_of(files: Files, mode: Literal["w", "w:gz"] = "w:gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def write_folder(files: Files, path: Path) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_zip(files: Files, path: Path) -> Path:
    path.write_bytes(zip_of(files))
    return path


def write_tar(files: Files, path: Path) -> Path:
    path.write_bytes(tar_of(files, "w"))
    return path


def write_tar_gz(files: Files, path: Path) -> Path:
    path.write_bytes(tar_of(files))
    return path


WRITERS: list[Callable[[Files, Path], Path]] = [write_folder, write_zip, write_tar, write_tar_gz]


def below(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": data for name, data in files.items()}


def unpacked() -> Files:
    one, two = BUGTOOL.format("abcde"), BUGTOOL.format("fghij")
    return below(TOP, CLUSTER | below(one, NEW) | below(two, OLD))


def packed() -> Files:
    inner = f"cilium-bugtool-{TIME}.123-0700-UTC-99"
    one, two = BUGTOOL.format("abcde"), BUGTOOL.format("fghij")
    archives = {
        f"{one}.tar.gz": tar_of(below(inner, NEW)),
        f"{two}.tar": tar_of(below(inner, OLD), "w"),
    }
    return below(TOP, CLUSTER | archives)


def services(sysdump: Sysdump) -> dict[str, bytes | None]:
    return {node.name: node.read_services(bytes) for node in sysdump.nodes}


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("shape", [unpacked, packed])
def test_every_shape(
    write: Callable[[Files, Path], Path], shape: Callable[[], Files], tmp_path: Path
) -> None:
    with open_sysdump(write(shape(), tmp_path / "dump")) as sysdump:
        assert services(sysdump) == {"cilium-fghij": b"table", "node-one": b"[]"}
        second, first = sysdump.nodes
        assert (first.pod, first.release, first.read_datapath(str)) == (
            *("cilium-abcde", "1.19.0"),
            "bpf",
        )
        assert (second.pod, second.release, second.read_datapath(str)) == (
            *("cilium-fghij", ""),
            "bpf",
        )
        assert [each["metadata"]["name"] for each in sysdump.objects()] == ["cilium-abcde", "web-0"]
        assert {(each["apiVersion"], each["kind"]) for each in sysdump.objects()} == {("v1", "Pod")}
        assert with_options(Node(), sysdump.config) == Node(ipv6=False)
        assert sysdump.problems == []
        (shared,) = sysdump.kvstore_services
        assert (shared.cluster, shared.cluster_id, shared.shared) == ("east", 3, True)
        assert shared.frontends["10.0.0.1"]["http"].port == 80
        key = "cilium/state/services/v1/east/ns/broken"
        reason = f"{key}: it has no Data in base64"
        assert sysdump.problems == [Problem(f"{TOP}/kvstore-services.json", reason)]


@pytest.mark.parametrize("write", WRITERS)
def test_a_bugtool_by_itself(write: Callable[[Files, Path], Path], tmp_path: Path) -> None:
    inner = below(f"cilium-bugtool-{TIME}.1-0700-UTC-9", OLD | {"cmd/hostname.md": b"worker\n"})
    with open_sysdump(write(inner, tmp_path / "dump")) as sysdump:
        assert services(sysdump) == {"worker": b"table"}


def test_what_ran_in_pods_has_their_names(tmp_path: Path) -> None:
    name = "cmd/kubectl-exec-cilium-{}--n-kube-system----cilium-service-list.md"
    files = {name.format("aaaaa"): b"a", name.format("bbbbb"): b"b"}
    with open_sysdump(write_folder(files, tmp_path)) as sysdump:
        assert services(sysdump) == {"cilium-aaaaa": b"a", "cilium-bbbbb": b"b"}


def test_a_folder_of_node_dumps(tmp_path: Path) -> None:
    files = {"node-a.json": b"[]", "node-b.txt": b"ID", "node-a.bpf.txt": b"bpf", "x.png": b"-"}
    with open_sysdump(write_folder(files, tmp_path)) as sysdump:
        assert services(sysdump) == {"node-a": b"[]", "node-b": b"ID"}
        assert sysdump.nodes[0].read_datapath(str) == "bpf"


def test_the_best_that_is_readable(tmp_path: Path) -> None:
    def read(data: bytes) -> bytes:
        if data == b"table":
            raise ValueError("not a table")
        return data

    files = NEW | {"cmd/cilium-dbg-service-list--o-json.md": b"[{" + FAILURE}
    with open_sysdump(write_folder(files, tmp_path)) as sysdump:
        (node,) = sysdump.nodes
        assert node.read_services(read) == b"{}"
        assert node.read_services(read) == b"{}"
        assert sysdump.problems == [
            Problem(
                "cmd/cilium-dbg-service-list--o-json.md",
                "the command failed (exit status 1): what it printed is left out",
            ),
            Problem("cmd/cilium-dbg-service-list.md", "not a table"),
        ]


def test_markdown_around_the_output(tmp_path: Path) -> None:
    files = {"cmd/cilium-service-list.md": b"# cilium service list\n\n```\nID  x\n\n```\n"}
    with open_sysdump(write_folder(files, tmp_path)) as sysdump:
        assert [*services(sysdump).values()] == [b"ID  x\n"]


@pytest.mark.parametrize(
    ("config", "node_port", "host_port"),
    [
        ({"kube-proxy-replacement": "strict"}, True, True),
        ({"kube-proxy-replacement": "true"}, True, True),
        ({"kube-proxy-replacement": "probe"}, True, True),
        ({"kube-proxy-replacement": "disabled", "enable-node-port": "true"}, False, False),
        ({"kube-proxy-replacement": "false", "enable-node-port": "true"}, True, False),
        ({"kube-proxy-replacement": "partial", "enable-host-port": "true"}, False, False),
        ({"enable-node-port": "true", "enable-host-port": "true"}, True, True),
    ],
)
def test_the_replacement_over_releases(
    config: dict[str, str], node_port: bool, host_port: bool
) -> None:
    node = with_options(Node(), config)
    assert (node.node_port, node.host_port) == (node_port, host_port)


def test_names_that_lead_out(tmp_path: Path) -> None:
    names = ("../cilium-service-list.md", "/etc/cilium-service-list.md", "a/../../b/x.md")
    outside = dict.fromkeys(names, b"x")
    with open_sysdump(write_zip(OLD | outside, tmp_path / "a.zip")) as sysdump:
        assert services(sysdump) == {"a.zip": b"table"}
        reason = "its name leads out of the archive"
        assert sysdump.problems == [
            Problem("../cilium-service-list.md", reason),
            Problem("etc/cilium-service-list.md", reason),
        ]


def test_links(tmp_path: Path) -> None:
    secret = write_folder({"secret": b"s"}, tmp_path / "away") / "secret"
    root = write_folder(OLD, tmp_path / "dump")
    (root / "cmd/cilium-service-list--o-json.md").symlink_to(secret)
    (root / "cmd/hostname.md").symlink_to("cilium-bpf-lb-list.md")
    os.mkfifo(root / "cmd/cilium-dbg-statedb.md")
    with open_sysdump(root) as sysdump:
        assert services(sysdump) == {"bpf": b"table"}
        assert sorted(each.reason for each in sysdump.problems) == [
            "it is a link that leads out of the folder",
            "it is not a regular file",
        ]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("cmd/cilium-service-list--o-json.md")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
        data = tarfile.TarInfo("cmd/cilium-service-list.md")
        data.size = 5
        tar.addfile(data, io.BytesIO(b"table"))
    with open_sysdump(path) as sysdump:
        assert [*services(sysdump).values()] == [b"table"]
        assert len(sysdump.problems) == 1


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    files = OLD | {"cmd/cilium-service-list--o-json.md": bytes(1000)}
    with open_sysdump(write_zip(files, tmp_path / "a"), limits=Limits(member_bytes=99)) as sysdump:
        assert services(sysdump) == {"a": b"table"}
        (problem,) = sysdump.problems
        assert problem.reason == "it is larger than the 99 bytes that are read of one file"


@pytest.mark.parametrize("limits", [Limits(ratio_from=1 << 20), Limits(stream_bytes=1 << 20)])
def test_a_bomb_does_not_unpack(limits: Limits, tmp_path: Path) -> None:
    files = OLD | {"zeros": bytes(8 << 20), "cmd/hostname.md": b"never seen"}
    with open_sysdump(write_tar_gz(files, tmp_path / "a.tar.gz"), limits=limits) as sysdump:
        assert services(sysdump) == {"a.tar.gz": b"table"}
        assert "the gzip data unpacks to more than" in sysdump.problems[0].reason


def test_a_zip_that_swells(tmp_path: Path) -> None:
    path = write_zip(OLD | {"zeros": bytes(8 << 20)}, tmp_path / "a.zip")
    with pytest.raises(SysdumpError, match=r"a\.zip: it unpacks to more than 250 times its size"):
        open_sysdump(path, limits=Limits(ratio_from=1 << 20))
    open_sysdump(path).close()


def test_a_tar_packed_by_xz(tmp_path: Path) -> None:
    """It may swell more than gzip: what agents print is nearly the same everywhere."""
    path = tmp_path / "a.tar.xz"
    packed = lzma.compress(tar_of(OLD | {"zeros": bytes(8 << 20)}, "w"))
    path.write_bytes(packed)
    with open_sysdump(path, limits=Limits(ratio_from=1 << 20)) as sysdump:
        assert (services(sysdump), sysdump.problems) == ({"a.tar.xz": b"table"}, [])
    with open_sysdump(path, limits=Limits(stream_bytes=1 << 20)) as sysdump:
        assert "the xz data unpacks to more than 1,048,576 bytes" in sysdump.problems[0].reason
    path.write_bytes(packed[:-40])
    with open_sysdump(path) as sysdump:
        assert services(sysdump) == {"a.tar.xz": b"table"}
        assert "the xz data ends early" in sysdump.problems[0].reason


def test_a_tar_packed_by_zstd(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.zst"
    if sys.version_info >= (3, 14):
        from compression import zstd

        path.write_bytes(zstd.compress(tar_of(OLD, "w")))
        with open_sysdump(path) as sysdump:
            assert services(sysdump) == {"a.tar.zst": b"table"}
    else:
        path.write_bytes(b"\x28\xb5\x2f\xfd")
        with pytest.raises(SysdumpError, match="packed by zstd, which Python reads from"):
            open_sysdump(path)


@pytest.mark.parametrize("attributes", [b"1" * 40_000, b"5 a=\n" * 20_000])
def test_attributes_that_take_long(attributes: bytes, tmp_path: Path) -> None:
    """Python before 3.11.10 takes minutes for a megabyte of digits."""
    info = tarfile.TarInfo("attributes")
    info.type, info.size = tarfile.XHDTYPE, len(attributes)
    path = tmp_path / "a.tar.gz"
    whole = tar_of(OLD, "w")
    end = len(whole.rstrip(b"\0")) // 512 * 512 + 512
    hostile = info.tobuf(tarfile.PAX_FORMAT) + attributes
    path.write_bytes(gzip.compress(whole[:end] + hostile + bytes(1 << 20)))
    with open_sysdump(path) as sysdump:
        assert [*services(sysdump).values()] == [b"table"]
        assert "a header of the tar" in sysdump.problems[0].reason


def test_a_header_larger_than_any(tmp_path: Path) -> None:
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 4 << 30
    path = tmp_path / "a.tar"
    whole = tar_of(OLD, "w")
    end = len(whole.rstrip(b"\0")) // 512 * 512 + 512
    path.write_bytes(whole[:end] + info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
    with open_sysdump(path) as sysdump:
        assert [*services(sysdump).values()] == [b"table"]
        assert "a header of the tar claims" in sysdump.problems[0].reason


def test_too_many_files(tmp_path: Path) -> None:
    files = OLD | {f"z{number}": b"" for number in range(50)}
    with open_sysdump(write_zip(files, tmp_path / "a"), limits=Limits(members=20)) as sysdump:
        assert services(sysdump) == {"a": b"table"}
        assert sysdump.problems == [Problem("a", "it has too many files")]
    with pytest.raises(SysdumpError, match="table of contents has"):
        open_sysdump(tmp_path / "a", limits=Limits(directory_bytes=100))


def test_encrypted(tmp_path: Path) -> None:
    data = bytearray(write_zip(OLD, tmp_path / "a.zip").read_bytes())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(mark)
        data[at + flags] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with open_sysdump(tmp_path / "a.zip") as sysdump:
        assert "it is encrypted" in sysdump.problems[0].reason


def test_two_files_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of({"cmd/cilium-service-list.md": b"first"}, "w"))
    with tarfile.open(path, "a") as tar:
        info = tarfile.TarInfo("cmd/cilium-service-list.md")
        tar.addfile(info)
    with open_sysdump(path) as sysdump:
        assert [*services(sysdump).values()] == [b"first"]
        assert len(sysdump.problems) == 1


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"PK\3\4" + bytes(99), gzip.compress(b"no tar", mtime=0)]
)
def test_what_is_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(SysdumpError):
        open_sysdump(tmp_path / "file")
    with pytest.raises(SysdumpError, match="there is no such file"):
        open_sysdump(tmp_path / "missing")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SysdumpError, match="nothing in it says anything of services"):
        open_sysdump(tmp_path / "folder")


ALIASES = b"a: &a [1]\nkind: List\nitems:\n  - *a\n"


@pytest.mark.parametrize("text", [ALIASES, b"{", b"a: [", b"[" * 100_000, b"- " * 5_000])
def test_objects_that_are_none(text: bytes, tmp_path: Path) -> None:
    with open_sysdump(write_folder(OLD | {"k8s-pods.yaml": text}, tmp_path)) as sysdump:
        assert [*sysdump.objects()] == []
        assert [each.path for each in sysdump.problems] == ["k8s-pods.yaml"]


def zip_of(files: Files) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return packed.getvalue()


def test_a_zip_of_nothing_wanted_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of({"picture.png": b"-"}))
    with pytest.raises(SysdumpError, match="nothing in it says anything of services"):
        open_sysdump(tmp_path / "a.zip")


WHOLE_ZIP, NESTED_ZIP = zip_of(OLD), zip_of(packed())
WHOLE_TAR, WHOLE_TAR_GZ = tar_of(OLD, "w"), tar_of(OLD)


@given(st.sampled_from([WHOLE_TAR, WHOLE_TAR_GZ]), st.data())
def test_cut_off_or_damaged_is_never_silent(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    length = data.draw(st.integers(0, len(whole.rstrip(b"\0")) - 1))
    (folder / "a").write_bytes(whole[:length])
    try:
        with open_sysdump(folder / "a") as sysdump:
            assert set(services(sysdump).values()) <= {b"table", None}
            assert sysdump.problems
    except SysdumpError:
        pass
    shutil.rmtree(folder)


@given(st.sampled_from([WHOLE_TAR, WHOLE_TAR_GZ, WHOLE_ZIP, NESTED_ZIP]), st.data())
def test_any_damage_is_survived(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    damaged = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        damaged[at] = data.draw(st.integers(0, 255))
    (folder / "a").write_bytes(damaged)
    try:
        with open_sysdump(folder / "a") as sysdump:
            services(sysdump)
    except SysdumpError:
        pass  # every other exception fails the test
    shutil.rmtree(folder)
