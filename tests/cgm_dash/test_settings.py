"""Settings: every error names the variable, its value and the remedy; secrets never show."""

from pathlib import Path

import pytest

from cgm_dash.errors import ConfigError
from cgm_dash.settings import Settings, is_loopback, names, server_processes
from cgm_dash.units import Unit

ACCOUNT = {"CGM_DASH_LLU_EMAIL": "frida@example.org", "CGM_DASH_LLU_PASSWORD": "canary-password"}


def settings(tmp_path: Path, **values: str) -> Settings:
    return Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), **{f"CGM_DASH_{k}": v for k, v in values.items()}})


def test_defaults_are_those_of_a_first_start(tmp_path: Path) -> None:
    s = settings(tmp_path)
    assert (s.host, s.port, s.poll_seconds, s.unit, s.stale_minutes) == ("127.0.0.1", 8050, 60, Unit.MG_DL, 15)
    assert s.database_url == f"sqlite:///{tmp_path / 'cgm_dash.sqlite3'}"
    assert s.demo is None
    assert not s.has_account


@pytest.mark.parametrize(("name", "value", "said"), [
    ("POLL_SECONDS", "fast", "expected a whole number from 1 to 3600, got 'fast'"),
    ("POLL_SECONDS", "0", "got '0'"),
    ("PORT", "70000", "got '70000'"),
    ("STALE_MINUTES", "5", "from 6 to 30, got '5'"),
    ("UNIT", "mg", "expected mg/dL or mmol/L, got 'mg'"),
    ("ZONE", "Berlin", "expected an IANA zone such as Europe/Berlin, got 'Berlin'"),
    ("ZONE", "../etc/passwd", "expected an IANA zone"),
    ("DEMO", "maybe", "expected 1 or 0, got 'maybe'"),
    ("LLU_REGION", "europe", "expected auto or a region code"),
    ("LLU_URL", "http://10.0.0.1", "plain http would send the password readable"),
    ("LLU_URL", "ftp://127.0.0.1", "expected a base address"),
    ("LLU_URL", "http://127.0.0.1:99999999", "got 'http://127.0.0.1:99999999'"),
    ("LLU_URL", "http://127.0.0.1:0", "got 'http://127.0.0.1:0'"),
    ("LLU_URL", "https://[x", "expected a base address"),
    ("LLU_VERSION", "four", "expected an app version"),
    ("DATABASE_URL", "mysql://x/y", "expected sqlite:// or postgresql://, got 'mysql://'"),
    ("DATABASE_URL", "postgresql://u@h:port/db", "a port from 1 to 65535"),
    ("DATABASE_URL", "postgresql://u@h:70000/db", "a port from 1 to 65535"),
    ("DATABASE_URL", "postgresql://u@h:/db", "a port from 1 to 65535"),
    ("DATABASE_URL", "postgresql://[::1/db", "expected postgresql://user:password@host:port/name"),
    ("DATABASE_URL", "sqlite://data/cgm.sqlite3", "four slashes before a whole path, got 'sqlite://data/cgm.sqlite3'"),
    ("SECRET_KEY", "short", "at least 32 characters"),
    ("OWNER_PASSWORD", "short", "at least 12 characters"),
    ("LOG_LEVEL", "loud", "got 'loud'"),
    ("TRUSTED_PROXIES", "proxy", "expected addresses or networks"),
    ("HEARTBEAT_URL", "nowhere", "expected an address"),
    ("HEARTBEAT_URL", "https://[x", "expected an address"),
    ("POLL_MINUTES", "1", "no such setting"),
])  # fmt: skip
def test_a_bad_value_is_named_with_its_remedy(tmp_path: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"CGM_DASH_{name}") as caught:
        settings(tmp_path, **{name: value})
    assert said in str(caught.value)


@pytest.mark.parametrize(("values", "said"), [
    ({"LLU_EMAIL": "frida@example.org"}, "LLU_PASSWORD: missing"),
    ({"LLU_PASSWORD": "x"}, "LLU_EMAIL: missing"),
    ({"LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "x", "DEMO": "1"}, "remove CGM_DASH_DEMO"),
    ({"LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "x", "POLL_SECONDS": "30"}, "at least 50 against a real host"),
    ({"HOST": "0.0.0.0"}, "CGM_DASH_DEMO=1"),
])  # fmt: skip
def test_settings_that_contradict_each_other_are_refused(tmp_path: Path, values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, **values)
    assert said in str(caught.value)


def test_the_simulator_may_be_polled_every_second(tmp_path: Path) -> None:
    s = settings(
        tmp_path,
        LLU_EMAIL="f@example.org",
        LLU_PASSWORD="x",
        LLU_URL="http://127.0.0.1:8060/{region}",
        POLL_SECONDS="1",
    )
    assert s.upstream_is_local


def test_the_demo_may_be_shown_to_the_network_only_on_demand(tmp_path: Path) -> None:
    assert settings(tmp_path, HOST="0.0.0.0", DEMO="1").demo is True


@pytest.mark.parametrize("url", [
    "postgresql://u:p#/w?x:y@h:5432/d", "postgresql://[::1]:5432/d", "postgresql:///d?host=/tmp&port=5432",
    "postgresql://h", "postgresql://u@/d?host=%2Ftmp",
])  # fmt: skip
def test_addresses_that_sqlalchemy_reads_pass(tmp_path: Path, url: str) -> None:
    assert settings(tmp_path, DATABASE_URL=url).database_url == url.replace("://", "+psycopg2://")


@pytest.mark.parametrize(("name", "value"), [
    ("DATABASE_URL", "postgresql://u:canary@h:port/db"),
    ("DATABASE_URL", "postgresql://u:canary@w@h/db"),
    ("DATABASE_URL", "postgresql://u:canary"),
    ("LLU_URL", "https://u:canary@h/"),
    ("LLU_URL", "http://u:canary@h/"),
    ("LLU_URL", "https://u:canary@[h/"),
    ("LLU_URL", "https://h/?token=canary"),
    ("HEARTBEAT_URL", "ftp://h/canary"),
])  # fmt: skip
def test_an_address_that_may_hold_a_password_is_not_repeated(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"CGM_DASH_{name}: expected") as caught:
        settings(tmp_path, **{name: value})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_bare_postgresql_addresses_mean_psycopg2(tmp_path: Path, scheme: str) -> None:
    assert settings(tmp_path, DATABASE_URL=f"{scheme}://u@h/d").database_url == "postgresql+psycopg2://u@h/d"


def test_secrets_never_show(tmp_path: Path) -> None:
    s = Settings.from_env(
        {
            "CGM_DASH_DATA_DIR": str(tmp_path),
            **ACCOUNT,
            "CGM_DASH_DATABASE_URL": "postgresql://u:canary-db@h/d",
            "CGM_DASH_SECRET_KEY": "canary-key" * 4,
        }
    )
    assert "canary" not in repr(s)
    assert "frida" not in repr(s)
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, LLU_EMAIL="canary address")
    assert "canary" not in str(caught.value)


def test_the_env_file_serves_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "cgm_dash.env").write_text('# mine\nCGM_DASH_PORT=9000\nexport CGM_DASH_UNIT="mmol/L"\n')
    s = settings(tmp_path, PORT="9001")
    assert (s.port, s.unit) == (9001, Unit.MMOL_L)


def test_a_broken_line_of_the_env_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cgm_dash.env").write_text("CGM_DASH_PORT=9000\nPORT 8\n")
    with pytest.raises(ConfigError, match="line 2"):
        settings(tmp_path)


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="not a directory"):
        settings(tmp_path / "file")


@pytest.mark.parametrize(
    ("folder", "said"),
    [("/dev/null/data", "Not a directory"), ("~nobody-at-all/data", "home directory"), ("/" + "x" * 300, "too long")],
)
def test_a_data_directory_out_of_reach_is_named(folder: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"CGM_DASH_DATA_DIR: '{folder}' cannot be reached.*{said}"):
        Settings.from_env({"CGM_DASH_DATA_DIR": folder})


def test_a_data_directory_below_a_closed_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", refuse)  # the tests may run as root, whom no folder refuses
    with pytest.raises(ConfigError, match=r"cannot be reached \(Permission denied\)"):
        settings(tmp_path)


@pytest.mark.parametrize("value", ["two", "0", "-1", "", "1000"])
def test_a_number_of_processes_that_is_none_is_named(value: str) -> None:
    with pytest.raises(ConfigError, match=f"WEB_CONCURRENCY: expected a whole number from 1 to 64, got '{value}'"):
        server_processes({"WEB_CONCURRENCY": value})


def test_one_process_serves_unless_more_are_asked_for() -> None:
    assert (server_processes({}), server_processes({"WEB_CONCURRENCY": "3"})) == (1, 3)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("::ffff:10.0.0.1", False),
        ("::", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("example.org", False),
    ],
)
def test_loopback_names(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_every_setting_has_a_name() -> None:
    assert "CGM_DASH_DATABASE_URL" in names()
    assert len(names()) == len(set(names())) == 22
