"""The files that run the server elsewhere: the unit is hardened, image and composition agree with the project."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with a package of the tests, without stubs
from packaging.specifiers import SpecifierSet

from cgm_dash import cli, settings

ROOT = Path(__file__).parent.parent
UNIT, DOCKERFILE, COMPOSE = ROOT / "cgm-dash.service", ROOT / "Dockerfile", ROOT / "compose.yaml"
CADDYFILE, NGINX = ROOT / "Caddyfile", ROOT / "nginx.conf"
MOST_EXPOSED = 2.5
"""Of ten, as `systemd-analyze security` counts."""

HARDENING = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "DevicePolicy": "closed",
    "PrivateUsers": "yes",
    "PrivateMounts": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    "RemoveIPC": "yes",
    "KeyringMode": "private",
    "UMask": "0077",
    "StateDirectory": "cgm-dash",
    "StateDirectoryMode": "0700",
    "User": "cgm-dash",
    "Type": "notify",
    "Restart": "always",
    "LimitCORE": "0",
}


def _unit() -> dict[str, list[str]]:
    """Return every setting of the unit's service section with its values, in order."""
    settings: dict[str, list[str]] = {}
    section = UNIT.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0]
    for line in section.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


def _instructions() -> list[tuple[str, str]]:
    """Return word and rest of each instruction of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in lines]


def _compose() -> Any:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", HARDENING)
def test_the_unit_takes_each_right_away(name: str) -> None:
    assert _unit().get(name) == [HARDENING[name]]


def test_the_unit_limits_system_calls_memory_and_time() -> None:
    unit = _unit()
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert {"MemoryMax", "TasksMax", "WatchdogSec", "TimeoutStopSec"} <= unit.keys()


def test_the_unit_holds_no_secret() -> None:
    (given,) = _unit()["Environment"]
    assert re.findall(r"CGM_DASH_[A-Z_]+", given) == ["CGM_DASH_DATA_DIR"]


def test_every_line_of_the_unit_is_known_to_systemd_and_hardened_enough() -> None:
    """Where systemd is there; the lines themselves are held by the tests above."""
    program = shutil.which("systemd-analyze")
    if program is None or not _can_judge_a_file(program):
        return
    command = [program, "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-600:] + done.stderr
    assert "Unknown" not in done.stderr, done.stderr
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSED


def _can_judge_a_file(program: str) -> bool:
    """Return whether this systemd can look at a unit's file without running it (250 and newer)."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    version = re.match(r"systemd (\d+)", said)
    return version is not None and int(version[1]) >= 250


def test_every_path_that_the_image_copies_is_there_and_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    copied = [
        part for word, rest in _instructions() if word == "COPY" and "--from" not in rest for part in rest.split()
    ]
    sources = {part for part in copied if not part.startswith("/src")}
    assert {"requirements.lock", "app.py", "gunicorn.conf.py", "sql"} <= sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_every_package_of_the_program_is_in_the_image() -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    packages = {line.strip(" *") for line in setup["options.packages.find"]["include"].split("\n") if line}
    copied = {rest for word, rest in _instructions() if word == "COPY"}
    assert {f"{package} /src/{package}" for package in packages} <= copied


def test_the_image_never_runs_as_root() -> None:
    users = [rest for word, rest in _instructions() if word == "USER"]
    assert users == ["10001:10001"]
    words = [word for word, _ in _instructions()]
    assert words.index("USER") < words.index("CMD")


def test_the_image_installs_by_hash_alone() -> None:
    installs = [rest for word, rest in _instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    locked, own = installs
    assert "--require-hashes" in locked
    assert "--no-deps" in locked
    assert "--no-deps --no-build-isolation /src" in own


def test_the_image_has_a_python_that_the_project_admits() -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    bases = {found for _, rest in _instructions() for found in re.findall(r"^python:(\d+\.\d+)-", rest)}
    assert bases == {setup["mypy"]["python_version"]}
    assert all(SpecifierSet(setup["options"]["python_requires"]).contains(base) for base in bases)


def test_the_image_backs_up_the_database_it_is_composed_with() -> None:
    major, release = re.fullmatch(r"postgres:(\d+)-(\w+)", _compose()["services"]["database"]["image"]).groups()  # type: ignore[union-attr]  # no match is a failure
    installed = [rest for word, rest in _instructions() if word == "RUN" and f" postgresql-client-{major} " in rest]
    assert len(installed) == 1
    bases = [rest for word, rest in _instructions() if word == "FROM"]
    assert all(release in base for base in bases)  # Debian's client of that version


def test_the_image_is_healthy_by_its_own_python() -> None:
    (check,) = [rest for word, rest in _instructions() if word == "HEALTHCHECK"]
    assert "/healthz" in check
    assert "curl" not in check


@pytest.mark.parametrize("service", ["app", "database", "proxy"])
def test_each_container_has_no_more_rights_than_it_needs(service: str) -> None:
    one = _compose()["services"][service]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["restart"] == "unless-stopped"
    assert "healthcheck" in one
    assert "mem_limit" in one
    assert "privileged" not in one


def test_only_the_proxy_is_published() -> None:
    services = _compose()["services"]
    assert {name for name, one in services.items() if "ports" in one} == {"proxy"}
    assert services["database"]["network_mode"] == "none"
    assert services["app"]["user"] == "10001:10001"


def test_the_server_waits_for_a_healthy_database() -> None:
    assert _compose()["services"]["app"]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_the_composition_names_no_secret() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert not re.search(r"PASSWORD|SECRET_KEY|TOKEN", text)
    assert not re.search(r"://[^/\s]*:[^/@\s]+@", text)


def test_every_volume_and_configuration_that_is_used_is_defined() -> None:
    composed = _compose()
    for service in composed["services"].values():
        for volume in service.get("volumes", ()):
            name = volume.split(":")[0]
            assert name.startswith(("./", "/")) or name in composed["volumes"], name
            assert not name.startswith("./") or (ROOT / name).exists(), name
        for config in service.get("configs", ()):
            assert config["source"] in composed["configs"]


@pytest.mark.parametrize(
    "words",
    [
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "proxy_buffering on;",
        "proxy_request_buffering on;",
        "client_header_timeout 10s;",
        "client_body_timeout 10s;",
        "client_max_body_size 2m;",
        "large_client_header_buffers 4 8k;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header Host $http_host;",
        "server_tokens off;",
    ],
)
def test_nginx_buffers_limits_and_tells_who_asks(words: str) -> None:
    assert words in NGINX.read_text(encoding="utf-8")


def test_nginx_never_logs_the_address_of_a_shared_link() -> None:
    text = NGINX.read_text(encoding="utf-8")
    assert re.search(r"map \$uri \$cgm_dash_may_be_logged \{\s+~\^/share/ 0;", text)
    logs = re.findall(r"^\s+access_log (.*);", text, re.MULTILINE)
    assert all(log == "off" or log.endswith("if=$cgm_dash_may_be_logged") for log in logs)


@pytest.mark.parametrize("words", ["request_buffers 2MB", "response_buffers", "max_size 2MB", "read_header 10s"])
def test_caddy_buffers_and_limits(words: str) -> None:
    assert words in CADDYFILE.read_text(encoding="utf-8")


def test_caddy_writes_no_address_into_a_log() -> None:
    lines = [line.strip() for line in CADDYFILE.read_text(encoding="utf-8").splitlines()]
    assert lines.count("log {") == 1  # the global one, about errors; a site's own would be an access log
    assert "request>uri delete" in lines


@pytest.mark.parametrize("path", [CADDYFILE, NGINX, COMPOSE, DOCKERFILE], ids=lambda path: path.name)
def test_braces_of_a_configuration_are_closed(path: Path) -> None:
    text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
    assert text.count("{") == text.count("}")


def test_programs_are_not_led_from_http_to_https() -> None:
    plain = NGINX.read_text(encoding="utf-8").split("listen 443")[0]
    assert re.search(r"location ~ \^/\(api\|metrics\|pebble\) \{\s+return 403;", plain)


def test_the_databases_role_is_no_superuser() -> None:
    configs = _compose()["configs"]
    assert "CREATE ROLE cgm_dash LOGIN;" in configs["first_start"]["content"]
    assert "SUPERUSER" not in configs["first_start"]["content"]
    assert configs["pg_hba"]["content"].split("\n") == [
        "local all      postgres peer",
        "local cgm_dash cgm_dash trust",
        "",
    ]
    database = _compose()["services"]["app"]["environment"]["CGM_DASH_DATABASE_URL"]
    assert database.startswith("postgresql://cgm_dash@/cgm_dash?host=/")


def test_the_unit_hides_the_checkouts_history() -> None:
    assert _unit()["InaccessiblePaths"] == ["-/opt/cgm-dash/.git"]


def test_the_operating_page_names_settings_that_are_there() -> None:
    text = (ROOT / "OPERATING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"CGM_DASH_[A-Z_]+", text)) - {"CGM_DASH_NAME", "CGM_DASH_SITE"} <= set(settings.names())


def test_the_operating_page_names_make_commands_and_files_that_are_there() -> None:
    text = (ROOT / "OPERATING.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (?:-C \S+ )?([a-z-]+)", text) + re.findall(
        r"make -C /opt/cgm-dash ([a-z]+)", text
    ):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"`(cgm-dash\.service|compose\.yaml|Caddyfile|nginx\.conf)`|\]\(([\w.]+)\)", text):
        assert (ROOT / (path[0] or path[1])).exists(), path


def test_the_operating_page_names_commands_that_are_there() -> None:
    text = (ROOT / "OPERATING.md").read_text(encoding="utf-8")
    parser = cli._parser()
    (commands,) = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    assert set(re.findall(r"(?:^|`|bin/|app )cgm-dash ([a-z]+)", text, re.MULTILINE)) <= set(commands)
    for command, option in re.findall(r"`cgm-dash ([a-z ]+)[^`]*?(--[a-z-]+)", text):
        assert option in _help(command.split()), (command, option)


def _help(command: list[str]) -> str:
    """Return what the command says of itself."""
    run = [sys.executable, "-m", "cgm_dash", *command, "--help"]
    return subprocess.run(run, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True).stdout
