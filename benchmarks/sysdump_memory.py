"""Peak memory of opening archives of 1 GB: run `python -m benchmarks.sysdump_memory`.

Each archive is read by a process of its own. Most of it is a log that nothing is wanted of.
"""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Literal

from loadbalancer.sysdump import open_sysdump

GIGABYTE = 1 << 30
BLOCK = random.Random(1).randbytes(1 << 20)
DUMP = b"[" + b" " * (4 << 20) + b"]"
NAME = "cilium-bugtool-cilium-abcde-20240102-030405/cmd/"


class Log(io.RawIOBase):
    """A gigabyte that cannot be packed, without being held."""

    def __init__(self) -> None:
        self.left = GIGABYTE

    def read(self, size: int = -1, /) -> bytes:
        data = BLOCK[: min(size, self.left, len(BLOCK))]
        self.left -= len(data)
        return data


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        with file.open("logs.txt", "w", force_zip64=True) as log:
            for _ in range(GIGABYTE // len(BLOCK)):
                log.write(BLOCK)
        file.writestr(NAME + "cilium-service-list--o-json.md", DUMP)


def write_tar(path: Path, mode: Literal["w", "w:gz"]) -> None:
    with tarfile.open(path, mode) as tar:
        info = tarfile.TarInfo("logs.txt")
        info.size = GIGABYTE
        tar.addfile(info, Log())
        info = tarfile.TarInfo(NAME + "cilium-service-list--o-json.md")
        info.size = len(DUMP)
        tar.addfile(info, io.BytesIO(DUMP))


def measure(path: str) -> None:
    start = time.perf_counter()
    with open_sysdump(path) as sysdump:
        (node,) = sysdump.nodes
        assert node.read_services(len) == len(DUMP), sysdump.problems
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = Path(path).stat().st_size >> 20
    print(f"{Path(path).name:8} {size} MiB: memory at its peak {peak >> 10} MiB, {seconds:.1f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.zip", "a.tar", "a.tar.gz"):
            path = Path(folder, name)
            if name == "a.zip":
                write_zip(path)
            else:
                write_tar(path, "w" if name == "a.tar" else "w:gz")
            subprocess.run([sys.executable, "-m", __spec__.name, str(path)], check=True)
            path.unlink()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
