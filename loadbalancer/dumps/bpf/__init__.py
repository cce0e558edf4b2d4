"""The kernel's load balancer maps, as `cilium bpf lb list` of each release prints them."""
