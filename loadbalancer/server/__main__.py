"""Serve: `python -m loadbalancer.server`."""

from __future__ import annotations

from ..command.serve import serve

if __name__ == "__main__":
    serve(prog_name="python -m loadbalancer.server")
