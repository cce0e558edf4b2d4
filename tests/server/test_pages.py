"""The pages and what they load, as a browser gets them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from loadbalancer.server import create_app


@pytest.mark.parametrize("path", ["/", "/docs", "/static/services.js", "/static/style.css"])
def test_pages_are_sent_again_only_if_they_have_changed(path: str) -> None:
    client = TestClient(create_app())
    answer = client.get(path)
    assert (answer.headers.get("content-encoding") == "gzip") is (len(answer.content) >= 1024)
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= {
        each.strip() for each in policy.split(";")
    }
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
