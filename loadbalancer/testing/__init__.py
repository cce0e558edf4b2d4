"""What tests of programs that use this library need (extra `testing`).

In a `conftest.py`:

    pytest_plugins = ["loadbalancer.testing"]

That adds the fixtures of `loadbalancer.testing.fixtures` and compares services field by field in
failed assertions. Nothing is added by installing the extra, but for the Hypothesis strategies,
which Hypothesis finds by itself: `st.from_type(SVC)`.

- `loadbalancer.testing.strategies`: Hypothesis strategies.
- `loadbalancer.testing.factories`: polyfactory factories.
- `loadbalancer.testing.stores`: the contract of a store, as tests to inherit.
- `loadbalancer.testing.agent`: an agent that serves the API from a thread.

PYTEST_DONT_REWRITE: Hypothesis may have imported this package before pytest does.
"""

from __future__ import annotations

__all__ = ["pytest_plugins"]

pytest_plugins = ["loadbalancer.testing.fixtures"]
