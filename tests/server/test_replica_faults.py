"""What replicas answer when etcd is not well, and that they recover by themselves."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import ssl
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from fastapi.testclient import TestClient

from loadbalancer.agent.stores.etcd.address import parse_etcd_url
from loadbalancer.agent.stores.etcd.store import EtcdStore
from loadbalancer.agent.stores.opening import StoreTLS, open_store
from loadbalancer.server import ServiceAPI, StoreError, create_app
from loadbalancer.server.answers import Answer

from .etcd_cluster import ETCD, WITHOUT_ETCD, EtcdCluster, call_etcd, new_prefix, store_url
from .live import ProcessServer
from .payloads import backend, listed, put, spec
from .proxy import Proxy

pytestmark = pytest.mark.skipif(ETCD is None, reason=WITHOUT_ETCD)

Replica = Callable[[str], ServiceAPI]


@pytest.fixture
def replica() -> Generator[Replica]:
    """Opens a replica by its URL."""
    with ExitStack() as stack:

        def make(url: str) -> ServiceAPI:
            return ServiceAPI(stack.enter_context(closing(open_store(url))))

        yield make


@contextmanager
def impatience() -> Generator[None]:
    """What fails in here fails soon. What has to succeed is done outside: machines may be slow."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("client.PATIENCE", "store.OPENING_PATIENCE"):
            patch.setattr(f"loadbalancer.agent.stores.etcd.{name}", 1.0)
        yield


def health(api: ServiceAPI) -> tuple[int, str]:
    """What the monitor of a server is told: status, and the reason if there is one."""
    with TestClient(create_app(api.store)) as client:
        response = client.get("/healthz")
        return response.status_code, response.json().get("reason", "")


def test_an_etcd_that_is_away_and_comes_back(tmp_path: Path, replica: Replica) -> None:
    with EtcdCluster(tmp_path) as cluster:
        (member,) = cluster.members
        url = cluster.url("a")
        api = replica(url)
        assert put(api, spec(1, backend())) == Answer(201)
        assert health(api) == (200, "")
        member.kill()
        told = f"{url} does not answer: {member.client_url}: Connection refused"
        with impatience():
            for answer in (
                api.get_services(),
                put(api, spec(2, backend())),
                api.delete_service("1"),
            ):
                assert (answer.status, json.loads(answer.body)["message"]) == (503, told)
            assert health(api) == (503, told)
            with pytest.raises(StoreError) as caught:
                open_store(cluster.url("b"))
        assert str(caught.value).startswith(f"{cluster.url('b')} does not answer: ")
        member.start()
        cluster.wait()
        assert health(api) == (200, "")
        assert listed(api).keys() == {1}
        assert put(api, spec(2, backend())) == Answer(201)


def test_of_two_members_one_decides_nothing(tmp_path: Path, replica: Replica) -> None:
    with EtcdCluster(tmp_path, 3) as cluster:
        api = replica(cluster.url("a"))
        assert put(api, spec(1, backend())) == Answer(201)
        for each in cluster.members[1:]:
            each.kill()
        with impatience():
            assert put(api, spec(2, backend())).status == 503
            assert api.get_services().status == 503
            assert health(api)[0] == 503
        cluster.members[1].start()
        cluster.wait()
        assert put(api, spec(2, backend())).status in (200, 201)
        assert listed(api).keys() == {1, 2}


def test_one_of_three_members_dies(tmp_path: Path, replica: Replica) -> None:
    with EtcdCluster(tmp_path, 3) as cluster:
        api = replica(cluster.url("a"))
        for turn, each in enumerate(cluster.members):
            each.kill()
            assert put(api, spec(turn + 1, backend())) == Answer(201)
            assert len(listed(api)) == turn + 1
            each.start()
            cluster.wait()


def test_one_of_three_members_is_cut_off(tmp_path: Path, replica: Replica) -> None:
    with EtcdCluster(tmp_path, 3) as cluster, ExitStack() as stack:
        proxies = [stack.enter_context(Proxy(each.address)) for each in cluster.members]
        api = replica(store_url([each.address for each in proxies], "a"))
        for turn, each in enumerate(proxies):
            each.drops = True
            assert put(api, spec(turn + 1, backend())) == Answer(201)
            assert len(listed(api)) == turn + 1
            assert health(api) == (200, "")
            each.drops = False


def test_slow_answers(etcd: EtcdCluster, replica: Replica) -> None:
    with Proxy(etcd.members[0].address) as proxy:
        prefix = new_prefix()
        slow, quick = replica(store_url([proxy.address], prefix)), replica(etcd.url(prefix))
        proxy.delay = 0.1
        answers: list[Answer] = []

        def write(api: ServiceAPI, id: int) -> None:
            answers.append(put(api, spec(id, backend())))

        threads = [
            threading.Thread(target=write, args=((slow, quick)[id % 2], id)) for id in range(1, 11)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        assert answers == [Answer(201)] * 10
        assert listed(slow) == listed(quick)
        assert health(slow) == (200, "")


def test_old_revisions_are_compacted(etcd: EtcdCluster, replica: Replica) -> None:
    url = etcd.url(new_prefix())
    busy, idle = replica(url), replica(url)
    for turn in range(1, 20):
        assert put(busy, spec(turn, backend())) == Answer(201)
    (member,) = etcd.members
    header = call_etcd(member, "kv/range", key="AA==")["header"]
    call_etcd(member, "kv/compaction", revision=header["revision"], physical=True)
    assert listed(idle).keys() == listed(busy).keys() == listed(replica(url)).keys()
    assert put(idle, spec(20, backend())) == Answer(201)


def test_an_etcd_that_is_full(tmp_path: Path, replica: Replica) -> None:
    with EtcdCluster(tmp_path, options=["--quota-backend-bytes", "4000000"]) as cluster:
        (member,) = cluster.members
        url = cluster.url("a")
        api = replica(url)
        assert put(api, spec(1, backend())) == Answer(201)
        fill(api)
        answer = put(api, spec(2, backend()))
        told = f"{url} is out of space: etcdserver: mvcc: database space exceeded"
        assert (answer.status, json.loads(answer.body)["message"]) == (503, told)
        # What is stored can be read.
        assert listed(api).keys() == {1}
        assert health(api) == (200, "")
        # What an operator does about it.
        header = call_etcd(member, "kv/range", key="AA==")["header"]
        call_etcd(member, "kv/compaction", revision=header["revision"], physical=True)
        call_etcd(member, "maintenance/defragment")
        alarm = {"memberID": header["member_id"], "alarm": "NOSPACE"}
        call_etcd(member, "maintenance/alarm", action="DEACTIVATE", **alarm)
        assert put(api, spec(2, backend())) == Answer(201)
        assert listed(api).keys() == {1, 2}


def test_a_full_etcd_that_refuses_reading_transactions(etcd: EtcdCluster, replica: Replica) -> None:
    """As 3.5.1 does: what is stored can still be read, all at one moment."""
    prefix = new_prefix()
    with Proxy(etcd.members[0].address) as proxy:
        behind, beside = replica(store_url([proxy.address], prefix)), replica(etcd.url(prefix))
        assert put(behind, spec(1, backend())) == Answer(201)
        full = {"message": "etcdserver: mvcc: database space exceeded", "code": 8}
        body = json.dumps(full).encode()
        proxy.answer_instead = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: %d\r\n\r\n%b" % (
            len(body),
            body,
        )
        proxy.loses_answer = lambda data: data.startswith(b"POST /v3/kv/txn ")
        assert put(beside, spec(2, backend())) == Answer(201)
        assert put(beside, spec(3, backend())) == Answer(201)
        assert listed(behind) == listed(beside)
        assert health(behind) == (200, "")


def fill(api: ServiceAPI) -> None:
    """Update one service until there is no more space for its past."""
    noise = random.Random(0)
    for _ in range(20):
        backends = [
            backend(f"10.1.0.{n}", nodeName=noise.randbytes(4000).hex()) for n in range(200)
        ]
        if put(api, spec(1, *backends)).status == 503:
            return
    pytest.fail("there was space all the time")


def test_data_that_is_deleted_under_way(etcd: EtcdCluster, replica: Replica) -> None:
    prefix = new_prefix()
    api = replica(etcd.url(prefix))
    assert put(api, spec(1, backend())) == Answer(201)
    start = base64.b64encode(f"/{prefix}/".encode()).decode()
    end = base64.b64encode(f"/{prefix}0".encode()).decode()
    call_etcd(etcd.members[0], "kv/deleterange", key=start, range_end=end)
    for answer in (api.get_services(), put(api, spec(2, backend()))):
        assert answer.status == 500
        assert json.loads(answer.body) == f"{etcd.url(prefix)}: what was stored there is gone"
    other = replica(etcd.url(prefix))
    assert put(api, spec(3, backend())) == Answer(201)
    assert listed(api).keys() == listed(other).keys() == {3}


def test_a_cluster_that_was_set_back(tmp_path: Path, replica: Replica) -> None:
    """As from a backup: what was stored since is gone, other things come in its place."""
    with EtcdCluster(tmp_path) as cluster:
        (member,) = cluster.members
        url = cluster.url("a")
        api = replica(url)
        assert put(api, spec(1, backend())) == Answer(201)
        member.kill()
        backup = tmp_path / "backup"
        member.directory.rename(backup)
        copy_tree(backup, member.directory)
        member.start()
        cluster.wait()
        assert put(api, spec(2, backend())) == Answer(201)
        assert put(api, spec(3, backend())) == Answer(201)
        member.kill()
        member.directory.rename(tmp_path / "after")
        backup.rename(member.directory)
        member.start()
        cluster.wait()
        assert listed(api).keys() == {1}
        other = replica(url)
        assert put(other, spec(4, backend())) == Answer(201)
        assert put(other, spec(5, backend())) == Answer(201)
        assert listed(api).keys() == {1, 4, 5}
        assert put(api, spec(6, backend())) == Answer(201)
        assert listed(other).keys() == {1, 4, 5, 6}


def copy_tree(source: Path, target: Path) -> None:
    """A copy with the same owners."""
    shutil.copytree(source, target)
    for path in (target, *target.rglob("*")):
        of = source / path.relative_to(target)
        if os.geteuid() == 0:
            os.chown(path, of.stat().st_uid, of.stat().st_gid)


class TestAccess:
    def test_user_and_password(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with EtcdCluster(tmp_path) as cluster:
            (member,) = cluster.members
            call_etcd(member, "auth/user/add", name="root", password="secret-1")
            call_etcd(member, "auth/user/grant", user="root", role="root")
            call_etcd(member, "auth/enable")
            with pytest.raises(StoreError, match="etcdserver: user name is empty"):
                open_store(cluster.url("a"))
            monkeypatch.setenv("LOADBALANCER_STORE_USER", "root")
            monkeypatch.setenv("LOADBALANCER_STORE_PASSWORD", "wrong")
            with pytest.raises(StoreError, match="authentication failed"):
                open_store(cluster.url("a"))
            monkeypatch.setenv("LOADBALANCER_STORE_PASSWORD", "secret-1")
            with closing(open_store(cluster.url("a"))) as store:
                api = ServiceAPI(store)
                assert put(api, spec(1, backend())) == Answer(201)
                # Tokens do not outlive the member that has given them.
                member.kill()
                member.start()
                cluster.wait()
                assert put(api, spec(2, backend())) == Answer(201)
                assert isinstance(store, EtcdStore)
                assert "secret-1" not in f"{store.address} {store.address!r}"

    def test_certificates(self, tmp_path: Path) -> None:
        authority, other = trustme.CA(), trustme.CA()
        files = {name: tmp_path / f"{name}.pem" for name in ("ca", "other", "cert", "key")}
        authority.cert_pem.write_to_path(str(files["ca"]))
        other.cert_pem.write_to_path(str(files["other"]))
        issued = authority.issue_cert("127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(str(files["cert"]))
        issued.private_key_pem.write_to_path(str(files["key"]))
        for each in files.values():
            each.chmod(0o644)
        options = [
            *("--cert-file", str(files["cert"]), "--key-file", str(files["key"])),
            *("--trusted-ca-file", str(files["ca"]), "--client-cert-auth"),
        ]
        tls = StoreTLS(files["ca"], files["cert"], files["key"])
        context = ssl.create_default_context(cafile=tls.ca)
        context.load_cert_chain(files["cert"], files["key"])
        with EtcdCluster(tmp_path, options=options, tls=context) as cluster:
            url = store_url([cluster.members[0].address], "a", "etcds")
            with closing(open_store(url, tls=tls)) as store:
                assert put(ServiceAPI(store), spec(1, backend())) == Answer(201)
            with impatience(), pytest.raises(StoreError, match="does not answer: "):
                open_store(url, tls=StoreTLS(files["ca"]))
            with impatience(), pytest.raises(StoreError, match="certificate verify failed: "):
                open_store(url, tls=StoreTLS(files["other"], tls.cert, tls.key))
            socket = tmp_path / "socket"
            tls_options = ("--store-ca", tls.ca, "--store-cert", tls.cert, "--store-key", tls.key)
            arguments = [str(each) for each in tls_options]
            with ProcessServer("--store", url, *arguments, socket=socket) as server:
                assert server.ask("GET", "/v1/service/1").status == 200
                assert server.stop() == 0
                assert f"Services are kept in {url}\n" in server.output()

    def test_files_that_cannot_be_used(self) -> None:
        nowhere = Path("/nowhere")
        for tls, told in (
            (StoreTLS(ca=nowhere), "No such file or directory"),
            (StoreTLS(cert=nowhere), "No such file or directory"),
        ):
            with pytest.raises(StoreError) as caught:
                open_store("etcds://127.0.0.1:1/a", tls=tls)
            assert str(caught.value) == (
                f"cannot use the certificates for TLS to the store: {told}"
            )
        with pytest.raises(StoreError) as caught:
            open_store("etcds://127.0.0.1:1/a", tls=StoreTLS(key=nowhere))
        assert str(caught.value) == "the key for TLS to the store needs a certificate"


@pytest.mark.parametrize(
    "body",
    [
        *("[]", '"ok"', "{}", "null", '{"header": []}', '{"header": {"revision": "x"}}'),
        *('{"header": {"revision": "1"}}', '{"header": {"revision": "1"}, "responses": [1]}'),
    ],
)
def test_another_server_than_etcd(body: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(StoreError, match=r"an answer cannot be read: "):
                open_store(f"etcd://127.0.0.1:{server.server_port}/a")
        finally:
            server.shutdown()
            thread.join()


def test_urls() -> None:
    address = parse_etcd_url("etcd://a:1,[::1]:2,c/x/%C3%A9/", environment={})
    assert address.endpoints == ("http://a:1", "http://[::1]:2", "http://c:2379")
    assert address.prefix == "/x/é/"
    assert str(address) == "etcd://a:1,[::1]:2,c:2379/x/é"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("etcd://", "'etcd://' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX"),
        ("etcd://a", "'etcd://a' has no prefix: etcd://HOST:PORT[,HOST:PORT]/PREFIX"),
        ("etcd://a/", "'etcd://a/' has no prefix: etcd://HOST:PORT[,HOST:PORT]/PREFIX"),
        (
            "etcd://a:0/x",
            "'etcd://a:0/x' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX",
        ),
        (
            "etcd://a:x/x",
            "'etcd://a:x/x' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX",
        ),
        ("etcd://a,/x", "'etcd://a,/x' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX"),
        (
            "etcd://a/x?y",
            "'etcd://a/x?y' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX",
        ),
        (
            "etcd://a/%0a",
            "'etcd://a/%0a' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX",
        ),
        ("etcd://[/x", "'etcd://[/x' cannot be read as a URL"),
        (
            "etcd://me:secret@a/x",
            "the URL of a store has no user and password: "
            "use LOADBALANCER_STORE_USER, LOADBALANCER_STORE_PASSWORD",
        ),
        (
            "etcd://me:s/ecret@a/x",
            "'etcd://...@a/x' does not name a store: etcd://HOST:PORT[,HOST:PORT]/PREFIX",
        ),
    ],
)
def test_other_urls_are_refused(url: str, told: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert str(caught.value) == told


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "urllib3", None)
    for name in ("client", "store"):
        monkeypatch.delitem(sys.modules, f"loadbalancer.agent.stores.etcd.{name}")
    with pytest.raises(StoreError) as caught:
        open_store("etcd://127.0.0.1:1/a")
    assert str(caught.value) == "urllib3 is missing: pip install 'cilium-loadbalancer[etcd]'"


def test_files_for_tls_need_tls() -> None:
    for url in ("etcd://127.0.0.1:1/a", "memory:"):
        with pytest.raises(StoreError) as caught:
            open_store(url, tls=StoreTLS(ca=Path("/nowhere")))
        assert str(caught.value) == "files for TLS need a store with TLS: etcds://"
