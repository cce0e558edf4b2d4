"""The pages in a real browser. Pictures of them are left in `$SCREENSHOTS`, if that is set."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from uvicorn import Config, Server

from loadbalancer import schemas
from loadbalancer.agent.stores.memory import MemoryStore
from loadbalancer.server import ServiceAPI, Store, create_app
from loadbalancer.server.sockets import listen_tcp

from .browser import Browser, find_browser
from .live import wait_until
from .payloads import backend, put, spec, states

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no chromium is installed")


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with Browser(PROGRAM or "") as browser:
        yield browser


@pytest.fixture
def store() -> Store:
    return MemoryStore()


@pytest.fixture
def url(store: Store) -> Generator[str]:
    with listen_tcp("127.0.0.1", 0) as listener:
        config = Config(create_app(store), log_level="critical", ws="none")
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


def picture(browser: Browser, name: str) -> None:
    directory = os.environ.get("SCREENSHOTS")
    if directory:
        browser.screenshot(Path(directory) / name)


TEXTS = """
[...document.querySelectorAll('#services tr')].map(row => row.innerText.split(/\\s+/).join(' '))
"""


def test_the_services_at_a_glance(browser: Browser, store: Store, url: str) -> None:
    api = ServiceAPI(store)
    browser.requested.clear()
    browser.complaints.clear()
    browser.open(f"{url}/")
    browser.wait_for("document.getElementById('updated')?.innerText.startsWith('updated')")
    assert browser.evaluate("document.getElementById('empty').hidden") is False

    body = spec(7, backend("10.0.0.1"), backend("10.0.0.2", 8080), name="web", namespace="prod")
    put(api, body)
    put(api, spec(8, backend("fd00::1", weight=0), ip="fd00::8", scope="internal", type="NodePort"))
    put(api, states(backend("10.0.0.2", 8080, state="quarantined", preferred=True)))
    put(api, spec(9, backend("10.0.0.9", nodeName="<b>x</b>", state="terminating")))
    # It finds out by itself.
    browser.wait_for("document.querySelectorAll('#services tr').length === 3")
    assert browser.evaluate(TEXTS) == [
        "7 10.96.0.7:80 ClusterIP prod/web external Cluster, internal Cluster "
        "10.0.0.1:80 active weight 100 10.0.0.2:8080 quarantined weight 100, preferred",
        "8 [fd00::8]:80/i NodePort external Cluster, internal Cluster "
        "[fd00::1]:80 maintenance weight 0",
        "9 10.96.0.9:80 ClusterIP external Cluster, internal Cluster "
        "10.0.0.9:80 terminating weight 100, <b>x</b>",
    ]
    api.delete_service("9")
    browser.wait_for("document.querySelectorAll('#services tr').length === 2")
    picture(browser, "services.png")
    assert browser.complaints == []
    assert [each for each in browser.requested if not each.startswith(f"{url}/")] == []


CHECK = """
(async () => {
  document.getElementById('verdict').replaceChildren();
  document.getElementById('payload').value = %s;
  document.getElementById('check').click();
  for (let i = 0; i < 300 && !document.getElementById('verdict').innerText; i++)
    await new Promise(done => setTimeout(done, 20));
  return document.getElementById('verdict').innerText.split(/\\s+/).join(' ');
})()
"""


@pytest.mark.parametrize(
    ("name", "payload", "verdict"),
    [
        ("valid", json.dumps(spec(1, backend())), "Valid: 1 service spec with 1 backend."),
        (
            "wrong",
            json.dumps([{"spec": spec(1, backend("10.0.0.02"), ip="<b>x</b>")}]),
            "Invalid, service: 1, 2 errors. "
            '/0/spec/frontend-address/ip ParseAddr("<b>x</b>"): unable to parse IP: '
            "expected an IP address, such as 10.0.0.1 or fd00::1 line 1, column 48 "
            '/0/spec/backend-addresses/0/ip ParseAddr("10.0.0.02"): '
            "IPv4 field has octet with leading zero: "
            "expected an IP address, such as 10.0.0.1 or fd00::1; "
            'did you mean "10.0.0.2"? line 1, column 123',
        ),
        (
            "no-json",
            "{",
            "Invalid, 1 error. not JSON: the text ends here, in the middle of a JSON value "
            "line 1, column 2",
        ),
    ],
)
def test_the_box_says_what_is_wrong(
    browser: Browser, url: str, name: str, payload: str, verdict: str
) -> None:
    browser.open(f"{url}/")
    browser.wait_for("document.getElementById('updated')?.innerText.startsWith('updated')")
    assert browser.evaluate(CHECK % json.dumps(payload)) == verdict
    picture(browser, f"check-{name}.png")


TRY = """
(async () => {
  const box = document.getElementById('putServiceById');
  box.open = true;
  box.querySelector('input').value = '5';
  box.querySelector('textarea').value = %s;
  box.querySelector('button').click();
  for (let i = 0; i < 300 && !box.querySelector('pre').innerText; i++)
    await new Promise(done => setTimeout(done, 20));
  return box.querySelector('pre').innerText.trim();
})()
"""


def test_the_documentation(browser: Browser, store: Store, url: str) -> None:
    browser.requested.clear()
    browser.complaints.clear()
    browser.open(f"{url}/docs")
    browser.wait_for("document.querySelectorAll('#schemas details').length > 0")
    summaries = (
        "[...document.querySelectorAll('%s summary')].map(e => e.innerText.split(/\\s+/).join(' '))"
    )
    assert browser.evaluate(summaries % "#operations") == [
        "GET /v1/service List all services, ordered by id.",
        "GET /v1/service/{id} Look up one service.",
        "PUT /v1/service/{id} Create or replace a service, or change the state of backends.",
        "DELETE /v1/service/{id} Delete a service.",
        "GET /v1/lrp List all local redirect policies.",
        "GET /v1/config Read the agent's configuration.",
    ]
    names = "[...document.querySelectorAll('#schemas summary code')].map(e => e.innerText)"
    assert browser.evaluate(names) == [*schemas.openapi()["components"]["schemas"]]
    assert browser.evaluate(TRY % json.dumps(json.dumps(spec(5, backend())))) == "201"
    assert ServiceAPI(store).get_service("5").status == 200
    browser.evaluate("document.getElementById('schema-BackendAddress').open = true")
    time.sleep(0.1)
    picture(browser, "docs.png")
    assert browser.complaints == []
    assert [each for each in browser.requested if not each.startswith(f"{url}/")] == []
