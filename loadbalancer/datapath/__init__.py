"""What the kernel has: the load balancer's BPF maps, as `cilium bpf lb list` prints them."""

from .entry import DatapathEntry
from .reading import DatapathError, read_bpf

__all__ = ["DatapathEntry", "DatapathError", "read_bpf"]
