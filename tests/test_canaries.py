"""Unique words in place of every secret, through a real server's life: none is found again in log, files or tables."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyotp
import pytest
import requests
from bs4 import BeautifulSoup
from sqlalchemy.engine import make_url

from ingestion.simulator import SimulatorServer, World
from sql.engine import make_engine
from sql.store import assemble
from sql.vault import Vault
from tests.support import postgres
from tests.support.served import ROOT, Served, serving

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


def wait_for(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


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
    Echo.asked = 0
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


# --- one server, with every secret there is


PIN = "904617385226"
SECRET_WORDS = ".secret-words"


class Visitor:
    """A browser without scripts at a real server. secrets: where the cookies that are some are put down."""

    def __init__(self, url: str, secrets: dict[str, str]) -> None:
        self._url, self._secrets = url, secrets
        self._session = requests.Session()
        self._session.headers.update({"Sec-Fetch-Site": "same-origin", "Accept": "text/html"})

    def page(self, path: str) -> BeautifulSoup:
        """Open an address."""
        return self._seen(self._session.get(self._url + path, timeout=20))

    def fill(self, path: str, action: str = "", /, *, status: int = 200, **values: Any) -> BeautifulSoup:
        """Fill in the form of the page at *path* that leads to *action*, to the page itself where that is left out."""
        return self.send(self.page(path), action or path, status=status, **values)

    def send(self, page: BeautifulSoup, action: str, /, *, status: int = 200, **values: Any) -> BeautifulSoup:
        """Fill in the form of *page* that leads to *action*."""
        (form,) = [one for one in page.select("form[method=post]") if one.get("action", action) == action]
        hidden = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden][name]")}
        answer = self._session.post(self._url + action, data={**hidden, **values}, timeout=20)
        assert answer.status_code == status, (action, answer.status_code, answer.text[-3000:])
        return self._seen(answer)

    def _seen(self, answer: requests.Response) -> BeautifulSoup:
        for one in (*answer.history, answer):
            for value in one.cookies.values():
                if len(value) > 20 and value not in self._secrets.values():
                    self._secrets[f"cookie {len(self._secrets)}"] = value
        return BeautifulSoup(answer.text, "lxml")


def everything_is_done(served: Served, setup_secret: str) -> dict[str, str]:
    """Do with every secret of people and programs what is done with it, wrongly and rightly; return those made here."""
    made: dict[str, str] = {}
    me, first, second = Visitor(served.url, made), canary("first"), canary("second")
    me.fill("/setup", status=401, secret=canary("guess"), name="Olga", password=first, again=first)
    me.fill("/setup", secret=setup_secret, name="Olga", password=first, again=first)
    new: dict[str, Any] = {"new_password": second, "again": second}
    me.fill("/account", "/account/password", status=400, own_password=canary("wrong"), **new)
    me.fill("/account", "/account/password", own_password=first, **new)

    token = me.fill("/access/programs/new", name="watch", scopes=["read", "metrics"], person="all", days="30")
    made["token"] = re.findall(r"cgm_[A-Za-z0-9_-]{20,}", str(token))[0]
    for sent in (made["token"], made["token"][:-2]):
        for path in ("/api/now", "/metrics"):
            requests.get(served.url + path, headers={"Authorization": f"Bearer {sent}"}, timeout=10)

    link = me.fill("/access/links/new", name="Beck", person="1", pages=["report"], span="1", days="", pin=PIN)
    made["link"] = re.findall(r"/share/([A-Za-z0-9_-]{20,})", str(link))[0]
    doctor = Visitor(served.url, made)
    doctor.fill(f"/share/{made['link']}", status=401, pin=PIN[:-1])
    doctor.fill(f"/share/{made['link']}", pin=PIN)

    shown = me.page("/account/second-factor")
    made["second factor"] = "".join(shown.select(SECRET_WORDS)[0].get_text().split())
    code = pyotp.TOTP(made["second factor"])
    step = int(time.time()) - 30
    me.send(shown, "/account/second-factor", code=code.at(step), own_password=second)
    again = Visitor(served.url, made)
    again.fill("/login", status=401, name="Olga", password=canary("wrong"))
    again.send(again.fill("/login", name="Olga", password=second), "/login/code", code=code.at(step + 30))
    assert "Olga" in str(again.page("/account"))
    return made


def placed(secrets: dict[str, str], places: dict[str, bytes]) -> set[tuple[str, str]]:
    """Return which secret is found in which place: as it is, or as a dump writes bytes."""
    shapes = {name: (secret.encode(), secret.encode().hex().encode()) for name, secret in secrets.items()}
    return {
        (name, place)
        for place, content in places.items()
        for name, forms in shapes.items()
        if any(form in content for form in forms)
    }


def files_of(folder: Path, whose: str) -> dict[str, bytes]:
    """Return what the files below *folder* hold, by *whose* they are and their path."""
    return {f"{whose}/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_no_secret_of_anybody_is_in_log_files_database_dump_or_backup(
    tmp_path: Path, postgres_cluster: postgres.PrivateServer, echo: str
) -> None:
    folder, backup, Echo.asked = tmp_path / "data", tmp_path / "backup.pgdump", 4  # the next answer is a failure
    world = World.build(seed=3, warmups=False)
    world.patients = [replace(patient, last_name="Wearername") for patient in world.patients]
    world.follower = replace(world.follower, email=ALL["LLU_EMAIL"], password=ALL["LLU_PASSWORD"])
    secrets = {name: ALL[name] for name in ("LLU_EMAIL", "LLU_PASSWORD", "SECRET_KEY")}
    secrets |= {name: canary(name) for name in ("database", "heartbeat", "first", "second", "guess", "wrong", "sent")}
    secrets["PIN"] = PIN[:-1]  # the wrong one that is tried is the beginning of the right one
    with postgres_cluster.database() as url, SimulatorServer(world) as upstream:
        name = str(make_url(url).database)
        database = make_url(postgres_cluster.tcp_url(name)).set(password=secrets["database"])
        settings = {key: ALL[key] for key in ("LLU_EMAIL", "LLU_PASSWORD", "SECRET_KEY")} | {
            "DATABASE_URL": database.render_as_string(hide_password=False),
            "LLU_URL": upstream.url,
            "HEARTBEAT_URL": f"{echo}/{secrets['heartbeat']}",
        }
        with living(folder, **settings) as served:
            served.ready()
            setup_secret = re.findall(r"\n +(\w{5}(?:-\w{5})+)\n", served.log())[-1]
            secrets |= everything_is_done(served, setup_secret)
            wait_for(lambda: "heartbeat pid=" in served.log())
        store = assemble(make_engine(url), Vault.open(folder, ALL["SECRET_KEY"]))
        account = store.upstreams.account()
        assert account is not None
        secrets["upstream's session"] = str(store.upstreams.load_state(account.upstream_id)["token"])
        store.close()
        env = {key: value for key, value in os.environ.items() if not key.startswith("CGM_DASH_")}
        env |= {f"CGM_DASH_{key}": value for key, value in settings.items()} | {"CGM_DASH_DATA_DIR": str(folder)}
        command = [sys.executable, "-m", "cgm_dash", "backup", str(backup)]
        made = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=True)
        dump = [str(postgres.find_binaries() / "pg_restore"), "--file=-", str(backup)]
        places = {
            "dump": subprocess.run(dump, capture_output=True, check=True).stdout,
            "backup": backup.read_bytes(),
            "what the backup said": made.stdout + made.stderr,
        }
        postgres_cluster.stop()
        places |= files_of(folder, "ours") | files_of(postgres_cluster.folder, "database")
        postgres_cluster.start()
    assert placed({"name": "Wearername"}, places) >= {("name", "dump")}  # one that is stored in clear is found
    assert any("database/data/pg_wal" in place for _name, place in placed({"name": "Wearername"}, places))
    assert len(secrets) >= 18, sorted(secrets)
    assert placed(secrets, places) == set()
    # The set-up secret is printed, and worth nothing once it was used.
    assert placed({"set-up": setup_secret}, places) == {("set-up", "ours/server.log")}
    assert MARK.encode() not in b"".join(places.values())


def test_a_database_s_password_is_nowhere_when_it_does_not_answer(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    url = f"postgresql://cgm:{canary('database')}@127.0.0.1:9/none"
    with living(folder, **ALL, DATABASE_URL=url, LLU_URL="http://127.0.0.1:9") as served:
        assert requests.get(served.url + "/readyz", timeout=10).status_code == 503
    assert hits(folder) == {}
