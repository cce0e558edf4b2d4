"""The list of services in a real browser.

Pictures of it are left in `$SCREENSHOTS`, if that is set.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import pytest

from loadbalancer.agent.stores.base import StoreError, View
from loadbalancer.server import MemoryStore, ServiceAPI, Store

from .browser import Browser, picture
from .payloads import backend, put, spec, states

T = TypeVar("T")

TEXTS = """
[...document.querySelectorAll('#services tr')].map(row => row.innerText.split(/\\s+/).join(' '))
"""
IDS = "[...document.querySelectorAll('#services tr')].map(row => row.dataset.id)"
ROWS = "document.querySelectorAll('#services tr').length"
COUNT = "(document.getElementById('count')?.innerText || '')"
UPDATED = "document.getElementById('updated')?.innerText.startsWith('updated')"


@pytest.fixture
def store() -> Store:
    return MemoryStore()


def enter(browser: Browser, id: str, value: str) -> None:
    """Type into a field of the form, or choose."""
    event = "input" if id == "search" else "change"
    browser.evaluate(
        f"(() => {{ const box = document.getElementById('{id}'); box.value = {json.dumps(value)};"
        f" box.dispatchEvent(new Event('{event}')); }})()"
    )


def test_the_services_at_a_glance(browser: Browser, store: Store, url: str) -> None:
    api = ServiceAPI(store)
    browser.requested.clear()
    browser.complaints.clear()
    browser.open(f"{url}/")
    browser.wait_for(UPDATED)
    assert browser.evaluate("document.getElementById('empty').hidden") is False
    picture(browser, "services-none.png")

    body = spec(7, backend("10.0.0.1"), backend("10.0.0.2", 8080), name="web", namespace="prod")
    put(api, body)
    put(api, spec(8, backend("fd00::1", weight=0), ip="fd00::8", scope="internal", type="NodePort"))
    put(api, states(backend("10.0.0.2", 8080, state="quarantined", preferred=True)))
    put(api, spec(9, backend("10.0.0.9", nodeName="<b>x</b>", state="terminating")))
    put(api, spec(10, extTrafficPolicy="Local", type="LoadBalancer", healthCheckNodePort=30000))
    # It finds out by itself.
    browser.wait_for(f"{ROWS} === 4")
    assert browser.evaluate(TEXTS) == [
        "7 10.96.0.7:80 ClusterIP prod/web Cluster "
        "10.0.0.2:8080 quarantined preferred 10.0.0.1:80 active",
        "8 [fd00::8]:80/i NodePort Cluster [fd00::1]:80 maintenance weight 0",
        "9 10.96.0.9:80 ClusterIP Cluster 10.0.0.9:80 terminating <b>x</b>",
        "10 10.96.0.10:80 LoadBalancer external Local, internal Cluster, health check 30000 none",
    ]
    api.delete_service("9")
    browser.wait_for(f"{ROWS} === 3")
    picture(browser, "services.png")
    assert browser.complaints == []
    assert [each for each in browser.requested if not each.startswith(f"{url}/")] == []


@pytest.fixture(scope="module")
def many() -> Store:
    """1,234 services in three namespaces, a few of them in trouble."""
    store = MemoryStore()
    api = ServiceAPI(store)
    for id in range(1, 1235):
        ip = f"10.{id // 200 + 1}.{id % 200}.1"
        name = {"name": f"web-{id}", "namespace": ("prod", "staging", "test")[id % 3]}
        kind = "NodePort" if id % 10 == 0 else "ClusterIP"
        backends = [backend(ip, nodeName="node-x")] if id == 700 else [backend(ip)]
        put(api, spec(id, *backends, ip=f"172.16.{id // 256}.{id % 256}", type=kind, **name))
    put(api, spec(2000, *(backend(f"10.99.0.{n}") for n in range(30)), ip="172.17.0.1"))
    put(
        api,
        states(backend("10.99.0.7", state="quarantined"), backend("10.1.5.1", state="quarantined")),
    )
    put(
        api,
        spec(2001, ip="172.17.0.2", name="<img src=x onerror=alert(1)>", namespace="\u202edorp"),
    )
    return store


class TestManyServices:
    @pytest.fixture
    def store(self, many: Store) -> Store:
        return many

    def test_a_page_at_a_time(self, browser: Browser, url: str) -> None:
        browser.complaints.clear()
        browser.open(f"{url}/")
        browser.wait_for(f"{COUNT} === '1,236 services'")
        assert browser.evaluate(IDS) == [str(id) for id in range(1, 101)]
        where = "document.querySelector('.where').innerText"
        assert browser.evaluate(where) == "page 1 of 13"
        assert browser.evaluate("document.querySelector('.previous').disabled") is True
        for _ in range(12):
            browser.evaluate("document.querySelector('.next').click()")
        assert browser.evaluate(where) == "page 13 of 13"
        assert browser.evaluate("document.querySelector('.next').disabled") is True
        assert browser.evaluate(IDS)[-3:] == ["1234", "2000", "2001"]
        # The address says it all, for a reload or for somebody else.
        assert browser.evaluate("location.search") == "?page=13"
        browser.open(f"{url}/?page=13")
        browser.wait_for(f"{COUNT} === '1,236 services'")
        assert browser.evaluate(where) == "page 13 of 13"
        picture(browser, "services-last-page.png")
        assert browser.complaints == []

    @pytest.mark.parametrize(
        ("fields", "count", "ids"),
        [
            ({"search": "web-1234"}, 1, ["1234"]),
            ({"search": "WEB-12 Prod"}, 17, ["12", "120", "123", "126", "129"]),
            ({"search": "172.16.1.0:80"}, 1, ["256"]),
            ({"search": "10.99.0.29"}, 1, ["2000"]),
            ({"search": "node-x"}, 1, ["700"]),
            ({"search": '"web-12" Prod'}, 1, ["12"]),
            ({"search": '"10.99.0.2"'}, 1, ["2000"]),
            ({"search": '"10.99.0"'}, 0, []),
            ({"state": "quarantined"}, 2, ["5", "2000"]),
            ({"state": "no-active"}, 1, ["5"]),
            ({"state": "none"}, 1, ["2001"]),
            ({"type": "NodePort"}, 123, ["10", "20", "30", "40", "50"]),
            ({"type": "NodePort", "search": "staging"}, 41, ["10", "40", "70", "100", "130"]),
            ({"search": "no such thing"}, 0, []),
        ],
        ids=str,
    )
    def test_search_and_filters(
        self, browser: Browser, url: str, fields: dict[str, str], count: int, ids: list[str]
    ) -> None:
        browser.open(f"{url}/")
        browser.wait_for(f"{COUNT} === '1,236 services'")
        for field, value in fields.items():
            enter(browser, field, value)
        assert browser.evaluate(COUNT) == f"{count} of 1,236 services"
        assert browser.evaluate(IDS)[:5] == ids
        assert browser.evaluate("document.getElementById('no-hit').hidden") is (count > 0)
        asked = browser.evaluate("location.search")
        browser.open(f"{url}/{asked}")
        browser.wait_for(f"{COUNT} === '{count} of 1,236 services'")
        browser.evaluate("document.getElementById('clear').click()")
        assert browser.evaluate(COUNT) == "1,236 services"
        assert browser.evaluate("document.activeElement.id") == "search"
        assert browser.evaluate("location.search") == ""

    def test_choices_say_how_many_there_are(self, browser: Browser, url: str) -> None:
        browser.open(f"{url}/")
        browser.wait_for(f"{COUNT} === '1,236 services'")
        browser.wait_for(UPDATED)
        options = "[...document.getElementById('%s').options].map(o => o.innerText)"
        assert browser.evaluate(options % "state") == [
            *("any", "active (1,234)", "terminating (0)", "quarantined (2)", "maintenance (0)"),
            *("none active (1)", "no backends (1)"),
        ]
        assert browser.evaluate(options % "type")[:3] == [
            "any",
            "ClusterIP (1,113)",
            "NodePort (123)",
        ]

    def test_many_backends_are_shown_when_asked_for(self, browser: Browser, url: str) -> None:
        browser.open(f"{url}/?q=172.17.0.1")
        browser.wait_for(f"{COUNT} === '1 of 1,236 services'")
        assert browser.evaluate(TEXTS) == [
            "2000 172.17.0.1:80 ClusterIP Cluster 30 backends: 1 quarantined, 29 active "
            "10.99.0.7:80 quarantined"
        ]
        bad = "document.querySelector('#services button .bad').innerText"
        assert browser.evaluate(bad) == "1 quarantined"
        expanded = "document.querySelector('#services button').getAttribute('aria-expanded')"
        items = "document.querySelectorAll('#services li').length"
        assert browser.evaluate(expanded) == "false"
        browser.evaluate("document.querySelector('#services button').click()")
        assert (browser.evaluate(expanded), browser.evaluate(items)) == ("true", 30)
        browser.evaluate("document.querySelector('#services button').click()")
        # What is searched for is shown, else what gets no new connections.
        enter(browser, "search", "10.99.0.29")
        assert browser.evaluate(TEXTS)[0].endswith("29 active 10.99.0.29:80 active")

    def test_rows_are_sorted_by_a_column(self, browser: Browser, url: str) -> None:
        browser.open(f"{url}/")
        browser.wait_for(f"{COUNT} === '1,236 services'")
        click = "document.querySelector('th[data-column=%s] button').click()"
        browser.evaluate(click % "backends")
        assert browser.evaluate(IDS)[:3] == ["2001", "1", "2"]
        browser.evaluate(click % "backends")
        assert browser.evaluate(IDS)[:3] == ["2000", "1", "2"]
        browser.evaluate(click % "name")
        assert browser.evaluate(IDS)[:3] == ["2000", "2001", "3"]
        sorted_by = "document.querySelector('th[aria-sort]').dataset.column"
        assert browser.evaluate(sorted_by) == "name"

    def test_a_hostile_name_is_text(self, browser: Browser, url: str) -> None:
        browser.complaints.clear()
        browser.open(f"{url}/?q=onerror")
        browser.wait_for(f"{COUNT} === '1 of 1,236 services'")
        name = "document.querySelector('#services td.name')"
        assert browser.evaluate(f"{name}.innerText") == "\\u{202e}dorp/<img src=x onerror=alert(1)>"
        # It may be written from right to left, but nothing around it is.
        assert browser.evaluate(f"{name}.innerHTML").startswith("<bdi>")
        assert browser.evaluate("document.querySelectorAll('main img').length") == 0
        assert browser.complaints == []

    def test_it_keeps_up_to_date(self, browser: Browser, many: Store, url: str) -> None:
        api = ServiceAPI(many)
        browser.open(f"{url}/?q=web-4")
        browser.wait_for(f"{COUNT}.endsWith(' of 1,236 services')")
        browser.wait_for(UPDATED)
        browser.evaluate("document.querySelector('#services tr').id = 'untouched'")
        before = spec(45, backend("10.1.45.1"), ip="172.16.0.45", name="web-45", namespace="prod")
        put(api, {**before, "flags": {"name": "web-4-new"}})
        put(api, spec(3000, ip="172.18.0.1", name="web-4-more"))
        browser.wait_for(f"{COUNT}.endsWith(' of 1,237 services')")
        assert "web-4-new" in str(browser.evaluate(TEXTS))
        # What has not changed is the same element as before.
        assert browser.evaluate("document.getElementById('untouched').dataset.id") == "4"
        api.delete_service("3000")
        put(api, before)
        browser.wait_for(f"{COUNT}.endsWith(' of 1,236 services')")

    def test_on_a_telephone_rows_are_cards(self, browser: Browser, url: str) -> None:
        metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        browser.call("Emulation.setDeviceMetricsOverride", **metrics)
        try:
            browser.open(f"{url}/")
            browser.wait_for(f"{COUNT} === '1,236 services'")
            assert browser.evaluate("document.documentElement.scrollWidth") == 390
            widths = "[...document.querySelectorAll('#services tr')].map(e => e.offsetWidth)"
            assert set(browser.evaluate(widths)) == {
                browser.evaluate("document.getElementById('table').offsetWidth")
            }
            # To assistive technology it is the table that it was.
            roles = "[...document.querySelectorAll('#services tr:first-child td')].map(e => e.role)"
            assert browser.evaluate(roles) == ["cell"] * 6
            browser.evaluate("document.querySelector('nav a').click()")
            top = "document.getElementById('payload').getBoundingClientRect().top"
            browser.wait_for(f"0 <= {top} && {top} < 700")
            picture(browser, "checker-narrow.png")
        finally:
            browser.call("Emulation.clearDeviceMetricsOverride")

    def test_the_keyboard_reaches_the_search(self, browser: Browser, url: str) -> None:
        browser.open(f"{url}/")
        browser.wait_for(f"{COUNT} === '1,236 services'")
        for kind in ("keyDown", "keyUp"):
            browser.call(
                "Input.dispatchKeyEvent", type=kind, key="/", text="/" if kind == "keyDown" else ""
            )
        assert browser.evaluate("document.activeElement.id") == "search"
        assert browser.evaluate("document.getElementById('search').value") == ""


class BrokenStore(MemoryStore):
    """A store that cannot be read at times."""

    is_broken = False

    def read(self, function: Callable[[View], T]) -> T:
        if self.is_broken:
            raise StoreError("disk <i>on fire</i>")
        return super().read(function)


class TestTrouble:
    @pytest.fixture
    def store(self) -> Store:
        return BrokenStore()

    def test_is_told_and_goes(self, browser: Browser, store: BrokenStore, url: str) -> None:
        put(ServiceAPI(store), spec(1))
        browser.open(f"{url}/")
        browser.wait_for(f"{ROWS} === 1")
        browser.wait_for(UPDATED)
        store.is_broken = True
        browser.wait_for("!document.getElementById('trouble').hidden")
        told = browser.evaluate("document.getElementById('trouble').innerText")
        assert told.startswith(
            "The server does not give its services: status 500, disk <i>on fire</i>. "
            "What is shown is from "
        )
        assert browser.evaluate(ROWS) == 1
        picture(browser, "services-trouble.png")
        store.is_broken = False
        browser.wait_for("document.getElementById('trouble').hidden")
        assert browser.evaluate(UPDATED) is True
