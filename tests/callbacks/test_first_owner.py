"""A start without an owner prints the one secret that works; with an owner, or in the demo, it prints none."""

import re
from pathlib import Path

import app
from cgm_dash.access import Role
from cgm_dash.settings import Settings
from sql import Store, migrate
from sql.engine import make_engine
from sql.store import assemble
from sql.vault import Vault
from tests.support.served import serving

NOW = 1_795_345_200.0
GOOD = "drei kleine Schritte"
SECRET = re.compile(r"^    ([2-9A-Z]{5}(?:-[2-9A-Z]{5}){3})$", re.MULTILINE)


def settings(folder: Path, **given: str) -> Settings:
    names = {"DATA_DIR": str(folder), "DEMO": "0"} | given
    return Settings.from_env({f"CGM_DASH_{name}": value for name, value in names.items()})


def opened(folder: Path) -> Store:
    engine = make_engine(f"sqlite:///{folder / 'cgm_dash.sqlite3'}")
    migrate(engine)
    return assemble(engine, Vault.open(folder))


def test_each_start_prints_another_secret_and_only_the_newest_works(tmp_path: Path) -> None:
    printed = []
    for _ in range(2):
        with serving(tmp_path, workers=2, DEMO="0") as served:
            served.ready("/healthz")
            (*_, secret) = found = SECRET.findall(served.log())
            assert f"http://127.0.0.1:{served.port}/setup" in served.log()
            served.stop()
        printed.append(secret)
        assert len(found) == len(printed)  # once for both workers; the log goes on
    store = opened(tmp_path)
    assert printed[0] != printed[1]
    assert store.users.add_first_owner("Mira", GOOD, printed[0], NOW) is None
    assert store.users.add_first_owner("Mira", GOOD, printed[1], NOW) is not None
    store.close()
    assert app.ensure_first_owner(settings(tmp_path)) is None


def test_the_owner_of_the_settings_is_made_once(tmp_path: Path) -> None:
    given = settings(tmp_path, OWNER_PASSWORD=GOOD)
    said = app.ensure_first_owner(given)
    assert said is not None
    assert "'owner' can sign in now" in said
    assert GOOD not in said
    store = opened(tmp_path)
    owner = store.users.check("owner", GOOD)
    assert owner is not None
    assert owner.role is Role.OWNER
    assert [entry.action for entry in store.audit.newest()] == ["owner-created"]
    store.users.set_password(owner.id, GOOD + " neu")
    assert app.ensure_first_owner(given) is None
    assert store.users.check("owner", GOOD) is None
    store.close()


def test_a_carer_of_that_name_is_told_of_and_the_start_goes_on(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.users.add("Owner", GOOD, Role.CARER, NOW, people=None)
    said = app.ensure_first_owner(settings(tmp_path, OWNER_PASSWORD=GOOD))
    assert said is not None
    assert said.startswith("CGM_DASH_OWNER_PASSWORD: no owner was made")
    assert not store.users.any_owner()
    store.close()


def test_the_demo_prints_no_secret(tmp_path: Path) -> None:
    assert app.ensure_first_owner(settings(tmp_path, DEMO="1")) is None


def test_where_the_database_is_away_the_start_goes_on_and_says_what_works(tmp_path: Path) -> None:
    address = "postgresql://nobody@127.0.0.1:1/none"
    said = app.ensure_first_owner(settings(tmp_path, DATABASE_URL=address))
    assert said is not None
    assert "cgm-dash user add NAME --role owner" in said
    assert not SECRET.search(said)
