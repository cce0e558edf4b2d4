"""What the kernel has: the load balancer's BPF maps, as `cilium bpf lb list` prints them."""

from .dumps.bpf.entry import DatapathEntry, DatapathError
from .dumps.bpf.reading import read_bpf

__all__ = ["DatapathEntry", "DatapathError", "read_bpf"]
