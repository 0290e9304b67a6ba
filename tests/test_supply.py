"""The audit counts what it audited, and tells no network, no advisories, an error and a vulnerability apart."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests import supply
from tests.supply import Result, verdict

ROOT = Path(__file__).parent.parent
PINNED = {"alpha": "1.0", "beta": "2.1"}
LOCK = """\
# made by hand
alpha==1.0 \\
    --hash=sha256:00
beta==2.1 ; sys_platform == 'win32' \\
    --hash=sha256:11
"""
REFUSED = """\
requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://advisories.example/alpha
pip_audit._service.interface.ServiceError
"""
UNREACHABLE = (
    "requests.exceptions.ConnectionError: Max retries exceeded with url: /alpha/1.0/json "
    "(Caused by NameResolutionError(\"Failed to resolve 'advisories.example'\"))"
)


def _answer(*listed: tuple[str, str, Sequence[str]], unknown: Sequence[str] = ()) -> str:
    entries: list[Mapping[str, object]] = [
        {"name": name, "version": version, "vulns": [{"id": fault} for fault in faults]}
        for name, version, faults in listed
    ]
    skipped = [{"name": name, "skip_reason": f"not found and {supply.UNKNOWN}: {name}"} for name in unknown]
    return json.dumps({"dependencies": [*entries, *skipped], "fixes": []})


WELL = ("alpha", "1.0", ()), ("beta", "2.1", ())


@pytest.mark.parametrize(
    ("status", "out", "err", "result"),
    [
        (0, _answer(*WELL), "", Result.CLEAN),
        (1, _answer(WELL[0], ("beta", "2.1", ("CVE-0000-1",))), "Found 1", Result.FOUND),
        (0, _answer(WELL[0]), "", Result.UNCOUNTED),
        (0, _answer(WELL[0], unknown=["beta"]), "", Result.UNCOUNTED),
        (0, _answer(WELL[0], ("beta", "2.0", ())), "", Result.UNCOUNTED),
        (0, _answer(), "", Result.UNCOUNTED),
        (0, _answer(unknown=["alpha", "beta"]), "", Result.NO_ADVISORIES),
        (1, "", UNREACHABLE, Result.OFFLINE),
        (1, "", REFUSED, Result.REFUSED),
        (1, "", "", Result.REFUSED),
        (1, "<html>", REFUSED, Result.REFUSED),
        (3, _answer(*WELL), "", Result.REFUSED),
    ],
)
def test_an_audit_is_clean_only_where_every_pin_was_looked_up(status: int, out: str, err: str, result: Result) -> None:
    assert verdict(status, out, err, PINNED).result is result


def test_a_vulnerability_is_named_with_its_package() -> None:
    words = verdict(1, _answer(WELL[0], ("beta", "2.1", ("CVE-0000-1",))), "", PINNED).words
    assert "beta 2.1: CVE-0000-1" in words


def test_what_was_left_out_of_an_audit_is_counted_and_named() -> None:
    assert verdict(0, _answer(WELL[0]), "", PINNED).words == "audited 1 of 2, not beta"


def test_what_other_platforms_install_is_audited_too() -> None:
    assert supply.pins(LOCK) == PINNED
    assert ";" not in supply.for_every_platform(LOCK)
    assert supply.for_every_platform(LOCK).count("--hash=sha256:") == 2


@pytest.mark.parametrize("name", supply.LOCKS)
def test_every_pin_of_a_lock_file_is_counted(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(supply.pins(text)) == sum("==" in line and not line.startswith("#") for line in text.splitlines())


def test_without_a_network_the_audit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    (tmp_path / "some.lock").write_text(f"alpha==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    assert supply.audit(tmp_path / "some.lock", tmp_path / "made").result is Result.OFFLINE


@pytest.mark.parametrize(
    ("result", "required", "status"),
    [
        (Result.CLEAN, False, 0),
        (Result.CLEAN, True, 0),
        (Result.OFFLINE, False, 0),
        (Result.OFFLINE, True, 1),
        (Result.NO_ADVISORIES, True, 1),
        (Result.UNCOUNTED, False, 1),
        (Result.REFUSED, False, 1),
        (Result.FOUND, False, 1),
    ],
)
def test_only_no_answer_at_all_passes_with_a_warning(
    result: Result, required: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supply, "audit", lambda lock, folder: supply.Verdict(result, "some words"))
    assert supply.run_audit(required) == status
    assert ("WARNING" in capsys.readouterr().out) is (result.unanswered and not required)


def test_the_bill_of_materials_names_this_program_and_is_valid() -> None:
    component = {"bom-ref": "requirements-L3", "name": "alpha", "type": "library", "version": "1.0"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": supply.SPEC_VERSION,
        "version": 1,
        "metadata": {},
        "components": [component],
        "dependencies": [{"ref": "requirements-L3"}],
    }
    made = supply.bill(document)
    assert made["metadata"]["component"]["name"] == "cgm-dash"
    assert made["dependencies"][0] == {"ref": "cgm-dash", "dependsOn": ["requirements-L3"]}
    assert supply.faults_of(json.dumps(made)) is None
    assert supply.faults_of(json.dumps({**made, "components": [{"name": "alpha"}]})) is not None
