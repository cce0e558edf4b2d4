"""`loadbalancer audit`: what is wanted, what agents list and what kernels have, compared."""
