"""What a project gets that uses `loadbalancer.testing`, and what it does not get."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import BaseModel

import loadbalancer
from loadbalancer import (
    SVC,
    AddrCluster,
    ServiceFlagBit,
    models,
    new_svc_from_model,
    read_dump,
    schemas,
)
from loadbalancer.server import MemoryStore
from loadbalancer.testing import factories, strategies
from loadbalancer.testing.agent import ServedAgent
from loadbalancer.testing.fixtures import ReleaseDump

FACTORIES = [each for each in factories.__all__ if each != "LoadBalancerFactory"]
MANY = 1000


class Order(BaseModel):
    """A model of a program that uses the library."""

    services: list[SVC]
    at: AddrCluster


class TestStrategies:
    def test_every_public_type_is_registered(self) -> None:
        named = [getattr(models, each, None) for each in schemas.names()]
        named += [getattr(loadbalancer, each, None) for each in schemas.names()]
        assert {each for each in named if isinstance(each, type)} == {*strategies.TYPES} - {
            ServiceFlagBit
        }

    @pytest.mark.parametrize("kind", strategies.TYPES, ids=lambda kind: kind.__name__)
    def test_a_type_has_examples(self, kind: type[Any]) -> None:
        seen: list[Any] = []

        @settings(max_examples=50)
        @given(st.from_type(kind))
        def draw(value: Any) -> None:
            seen.append(value)

        draw()
        assert {type(each) for each in seen} == {kind}
        assert len({repr(each) for each in seen}) > 1

    @given(st.from_type(Order))
    def test_a_model_of_ones_own(self, order: Order) -> None:
        assert Order.model_validate_json(order.model_dump_json()) == order

    def test_they_need_no_import(self) -> None:
        program = (
            "from hypothesis import strategies as st\n"
            "from loadbalancer import SVC, models\n"
            "assert isinstance(st.from_type(SVC).example(), SVC)\n"
            "assert isinstance(st.from_type(models.Service).example(), models.Service)\n"
            "import sys; assert 'pytest' not in sys.modules"
        )
        command = [sys.executable, "-W", "ignore", "-c", program]
        subprocess.run(command, check=True, timeout=60)

    def test_what_has_no_strategy(self) -> None:
        with pytest.raises(TypeError, match="no strategy for <class 'complex'>"):
            strategies.from_annotation(complex)


class TestFactories:
    @pytest.mark.parametrize("name", FACTORIES)
    def test_a_factory_builds_a_thousand(self, name: str) -> None:
        factory: type[ModelFactory[Any]] = getattr(factories, name)
        factory.seed_random(1)
        built = factory.batch(MANY)
        kind: type[BaseModel] = vars(factory)["__model__"]
        assert {type(each) for each in built} == {kind}
        texts = [each.model_dump_json() for each in built]
        assert [kind.model_validate_json(each) for each in texts] == built
        assert len({*texts}) > 1

    def test_the_same_seed_gives_the_same(self) -> None:
        factories.SVCFactory.seed_random(7)
        first = factories.SVCFactory.build()
        factories.SVCFactory.seed_random(7)
        assert factories.SVCFactory.build() == first

    def test_specs_are_such_as_the_agent_accepts(self) -> None:
        factories.ServiceSpecFactory.seed_random(2)
        for spec in factories.ServiceSpecFactory.batch(100):
            assert new_svc_from_model(spec).frontend.id > 0

    def test_a_model_of_ones_own(self) -> None:
        class OrderFactory(factories.LoadBalancerFactory[Order]):
            pass

        assert isinstance(OrderFactory.build().services[0], SVC)


class TestFixtures:
    def test_a_served_agent(self, served_agent: ServedAgent) -> None:
        with urllib.request.urlopen(f"{served_agent.url}/v1/service") as answer:
            assert json.load(answer) == []
        assert served_agent.socket.is_socket()
        assert isinstance(served_agent.store, MemoryStore)

    @pytest.mark.parametrize("release", ["1.13", "1.16", "1.18", "1.20"])
    @pytest.mark.parametrize("format", ["json", "yaml"])
    def test_a_dump_of_a_release(
        self, release: str, format: str, release_dump: ReleaseDump, example_services: list[SVC]
    ) -> None:
        dump = read_dump(release_dump(release, format))
        assert dump.problems == []
        assert [str(each.frontend) for each in dump.services] == [
            str(each.frontend) for each in example_services
        ]
        assert read_dump(release_dump(release, format, [])).services == []


PROJECT = """
    from loadbalancer import SVC, Backend, BackendState

    def test_a_change(example_services):
        changed = [each.deep_copy() for each in example_services]
        changed[0].backends[1].state = BackendState.ACTIVE
        changed[1].frontend = changed[1].frontend.model_copy(update={"port": 1})
        del changed[0].backends[3]
        assert changed == example_services
"""
SHOWN = """\
E       AssertionError: assert 3 differences, left != right:
E         [0].backends[1].state: BackendState.ACTIVE != BackendState.TERMINATING
"""


def test_a_failed_assertion_shows_the_fields(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["loadbalancer.testing"]')
    pytester.makepyfile(PROJECT)
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([line.replace("[", "[[]") for line in SHOWN.splitlines()])


def test_a_conftest_may_import_hypothesis_first(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('import hypothesis\npytest_plugins = ["loadbalancer.testing"]')
    pytester.makepyfile("def test_it(release_dump): assert release_dump()")
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_nothing_is_loaded_by_being_installed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(example_services): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'example_services' not found"])


def test_the_contract_refuses_a_store_that_forgets(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["loadbalancer.testing"]')
    pytester.makepyfile(
        """
        import pytest
        from loadbalancer.server import MemoryStore
        from loadbalancer.testing.stores import StoreContract

        class Forgetful(MemoryStore):
            def write(self, function):
                try:
                    return super().write(function)
                except Exception:
                    return None

        class TestForgetful(StoreContract):
            @pytest.fixture
            def store(self):
                return Forgetful()
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(["FAILED *test_a_transaction_that_raises_leaves_nothing_behind*"])
