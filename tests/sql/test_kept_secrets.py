"""What opens something is in no byte of the database: only what it can be checked with is kept."""

from pathlib import Path

import pyotp
import pytest

from cgm_dash.access import Action, Role, Scope
from cgm_dash.credentials import STEP_S, new_totp_secret
from cgm_dash.errors import UsageError
from sql import migrate, open_store
from sql.vault import Vault

NOW = 1_795_345_200.0
PASSWORD, LATER, PIN = "canary sings at seven", "canary sleeps at nine", "908172635441"


def test_no_secret_stands_in_the_database_files(sqlite_url: str, vault: Vault, tmp_path: Path) -> None:
    store = open_store(sqlite_url, vault)
    migrate(store.engine)
    setup = store.setup_secret.renew(NOW)
    assert setup is not None
    owner = store.users.add_first_owner("Mira", PASSWORD, setup, NOW)
    assert owner is not None
    unused = store.users.add("Ben", PASSWORD, Role.VIEWER, NOW, people=None)
    store.users.set_password(unused.id, LATER)
    with pytest.raises(UsageError):
        store.users.set_password(unused.id, "canary")
    totp = new_totp_secret()
    store.users.set_totp(owner.id, totp)
    code = pyotp.TOTP(totp).generate_otp(int(NOW // STEP_S))
    assert store.users.take_code(owner.id, code, NOW)
    session = store.sessions.open(NOW, user_id=owner.id, address="192.0.2.7", agent="Browser")
    half = store.sessions.open(NOW, user_id=owner.id, half=True)
    _, token = store.tokens.create("watch", [Scope.READ], NOW, days=1, person_id=None, created_by="Mira")
    ann = store.people.create("Ann").id
    share, link = store.shares.create("doctor", ann, ["report"], NOW, hours=1, pin=PIN, created_by="Mira")
    opened = store.sessions.open(NOW, share_id=share.id)
    for found in (
        store.users.check("mira", PASSWORD),
        store.sessions.find(session, NOW + 120),
        store.sessions.find(half, NOW + 120),
        store.sessions.find(opened, NOW),
        store.tokens.find(token, NOW),
        store.shares.find(link, NOW),
    ):
        assert found is not None
    assert store.shares.pin_is(share.id, PIN)
    store.attempts.begin("account:mira", NOW, limit=5, span_s=300, wait_s=300, doubling=False)
    store.audit.note(NOW, "user:Mira", Action.TOKEN_CREATED, about="watch")
    assert store.users.any_owner()

    secrets = [PASSWORD, LATER, PIN, totp, session, half, opened, token, token.removeprefix("cgm_"), link]
    secrets += [setup, setup.replace("-", ""), vault.signing_key.hex()]
    files = {file.name: file.read_bytes() for file in tmp_path.glob("only.sqlite3*")}
    assert any(b"user:Mira" in content for content in files.values())
    assert [name for name, content in files.items() for secret in secrets if secret.encode() in content] == []
    store.close()
