"""JSON as an agent of Cilium 1.13 writes it, and domain objects, strictly, both ways."""
