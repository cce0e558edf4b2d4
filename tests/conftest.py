"""How the whole suite runs: the same examples every time, and none of them timed."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["loadbalancer.testing", "pytester"]

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")
