"""The documentation and the checker in a real browser.

Pictures of the pages are left in `$SCREENSHOTS`, if that is set.
"""

from __future__ import annotations

import json
import time

import pytest

from loadbalancer import schemas
from loadbalancer.server import MemoryStore, ServiceAPI, Store

from .browser import Browser, picture
from .payloads import backend, spec


@pytest.fixture
def store() -> Store:
    return MemoryStore()


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
        "GET /v1/healthz Read the agent's status.",
        "GET /v1/debuginfo Read the agent's version.",
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
