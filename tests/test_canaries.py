"""Unique words in place of every secret, through a real server's life: none is found again in log, files or tables."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

from tests.support.served import Served, serving

pytestmark = pytest.mark.alone

MARK = "kanari"
"""Stands in every canary, so that one search finds each, whole or cut; in no word of ours."""


def canary(name: str) -> str:
    return f"{MARK}-{name}-9Zx7Qw"


ALL = {
    "LLU_EMAIL": f"{canary('mail')}@example.org",
    "LLU_PASSWORD": canary("upstream"),
    "SECRET_KEY": canary("key") * 3,
    "OWNER_PASSWORD": canary("owner"),
}


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent, in one shape after the other: whoever logs an answer would log the password."""

    asked = 0

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode() + str(self.headers)
        Echo.asked += 1
        status, kind, body = (
            (500, "text/html", f"<pre>{sent}</pre>"),
            (200, "application/json", json.dumps({"status": 99, "error": {"message": sent}})),
            (200, "text/html", sent),
            (403, "application/json", json.dumps({"message": sent})),
            (200, sent.replace("\n", "").replace("\r", "")[:200], "{"),
        )[Echo.asked % 5]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST  # noqa: N815  http.server's own name

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of an upstream that echoes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def hits(folder: Path) -> dict[str, str]:
    """Return where a canary is found among the files of a data directory and the rows of its database."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        at = content.find(MARK.encode())
        if at >= 0:
            found[str(path.relative_to(folder))] = content[max(0, at - 80) : at + 60].decode("utf-8", "replace")
    for path in folder.rglob("*.sqlite3"):
        with sqlite3.connect(path) as connection:
            found |= {f"{path.name}: {line[:120]}": line for line in connection.iterdump() if MARK in line}
        connection.close()
    return found


def test_a_canary_would_be_found_in_a_file_and_in_a_row(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"said {canary('any')}")
    connection = sqlite3.connect(tmp_path / "x.sqlite3")
    with connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (?)", (canary("row"),))
    connection.close()
    assert len(hits(tmp_path)) == 3


def bad_input(served: Served) -> None:
    """Send canaries wherever a stranger can send something."""
    secret = canary("sent")
    for method, path in (("GET", f"/share/{secret}"), ("POST", "/login"), ("POST", f"/share/{secret}"), ("GET", "/x")):
        requests.request(
            method,
            f"{served.url}{path}?password={secret}&token={secret}",
            data={"name": secret, "password": secret, "pin": secret, "code": secret},
            headers={
                "Authorization": f"Bearer cgm_{secret}{'x' * 24}",
                "Cookie": f"cgm_session={secret}; __Host-cgm_session={secret}",
                "Referer": f"http://x:{secret}@localhost/",
                "X-Forwarded-For": secret,
            },
            allow_redirects=False,
            timeout=10,
        )
    for spec in (b"{", json.dumps({"output": secret}).encode()):
        headers = {"Content-Type": "application/json", "Origin": f"http://{secret}"}
        requests.post(served.url + "/_dash-update-component", data=spec, headers=headers, timeout=10)
    requests.get(served.url + "/healthz", headers={"Host": f"{secret}.example"}, timeout=10)


@contextmanager
def living(folder: Path, **settings: str) -> Iterator[Served]:
    """Run a server, send it what strangers may send, and stop it."""
    with serving(folder, LOG_LEVEL="DEBUG", POLL_SECONDS="1", **settings) as served:
        served.ready("/healthz")
        bad_input(served)
        yield served
        served.stop()


def test_no_secret_is_found_again_when_the_upstream_echoes_it(tmp_path: Path, echo: str) -> None:
    folder = tmp_path / "data"
    with living(folder, **ALL, LLU_URL=echo):
        deadline = time.monotonic() + 15
        while Echo.asked < 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.5)
    assert Echo.asked
    assert hits(folder) == {}


def test_a_database_s_password_is_nowhere_when_it_does_not_answer(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    url = f"postgresql://cgm:{canary('database')}@127.0.0.1:9/none"
    with living(folder, **ALL, DATABASE_URL=url, LLU_URL="http://127.0.0.1:9") as served:
        assert requests.get(served.url + "/readyz", timeout=10).status_code == 503
    assert hits(folder) == {}
