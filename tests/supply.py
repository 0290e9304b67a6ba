"""`make audit` and `make sbom`: what the locked packages are known for, and the list of them for others to check.

The audit counts: it passes only where every pin of a lock file was looked up and none has a known vulnerability. Where
no answer could be had (no network, or a mirror that has no advisories) it says so and passes with a warning, or fails
with --required; an error that the service answers with is a failure, since nothing is known then.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import cgm_dash  # noqa: E402  the path has to be set first

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; [^\\\n]+)?", re.MULTILINE)
UNREACHABLE = re.compile(
    "NewConnectionError|NameResolutionError|ProxyError|ConnectTimeout|ReadTimeout|Could not connect"
)
UNKNOWN = "could not be audited"
"""pip-audit's words for a package that the service does not know."""
SPEC_VERSION = "1.6"


class Result(StrEnum):
    """What an audit of one lock file comes to."""

    CLEAN = "clean"
    FOUND = "found"
    UNCOUNTED = "uncounted"
    REFUSED = "refused"
    OFFLINE = "offline"
    NO_ADVISORIES = "no-advisories"

    @property
    def unanswered(self) -> bool:
        """Return whether nothing could be learnt, for no fault of the packages."""
        return self in (Result.OFFLINE, Result.NO_ADVISORIES)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result with the words for the person who ran the command."""

    result: Result
    words: str


def pins(lock: str) -> dict[str, str]:
    """Return name and version of each package that the text *lock* pins."""
    return {name.lower(): version for name, version in PIN.findall(lock)}


def for_every_platform(lock: str) -> str:
    """Return *lock* without the conditions on platforms: what another machine installs is audited too."""
    return PIN.sub(lambda found: f"{found[1]}=={found[2]}", lock)


def verdict(status: int, out: str, err: str, pinned: Mapping[str, str]) -> Verdict:
    """Return what a run of pip-audit comes to. out: its JSON, nothing where it gave up; err: what it complained of."""
    try:
        listed = json.loads(out)["dependencies"] if out.strip() else None
    except (ValueError, KeyError, TypeError):
        listed = None
    if listed is None:
        return _gave_up(err)
    audited = {one["name"].lower(): one for one in listed if "skip_reason" not in one}
    if not audited and listed and all(UNKNOWN in one["skip_reason"] for one in listed):
        return Verdict(
            Result.NO_ADVISORIES, f"the service knows none of the {len(pinned)} packages; a mirror without advisories?"
        )
    lacking = sorted(name for name, version in pinned.items() if audited.get(name, {}).get("version") != version)
    if lacking:
        return Verdict(
            Result.UNCOUNTED, f"audited {len(pinned) - len(lacking)} of {len(pinned)}, not {', '.join(lacking)}"
        )
    faults = [f"{name} {one['version']}: {fault['id']}" for name, one in audited.items() for fault in one["vulns"]]
    if faults:
        return Verdict(Result.FOUND, f"{len(faults)} known vulnerabilities: {'; '.join(faults)}")
    if status:
        return Verdict(Result.REFUSED, f"pip-audit ended with {status} and named no reason")
    return Verdict(Result.CLEAN, f"audited {len(audited)} of {len(pinned)}, no known vulnerability")


def _gave_up(err: str) -> Verdict:
    last = err.strip().splitlines()[-1:] or ["no word"]
    if UNREACHABLE.search(err):
        return Verdict(Result.OFFLINE, "no network, or the service of advisories cannot be reached from here")
    return Verdict(Result.REFUSED, f"the service answered with an error: {last[0][:200]}")


def audit(lock: Path, folder: Path) -> Verdict:
    """Return what pip-audit knows of every package of *lock*."""
    text = lock.read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / lock.name
    copy.write_text(for_every_platform(text), encoding="utf-8")
    done = _pip_audit(copy, "--strict")
    if not done.stdout.strip() and UNKNOWN in done.stderr:  # strict ends at the first: which are unknown, and are all?
        done = _pip_audit(copy)
    return verdict(done.returncode, done.stdout, done.stderr, pins(text))


def _pip_audit(lock: Path, *more: str) -> subprocess.CompletedProcess[str]:
    # Without its cache: an advisory of today must not be answered from yesterday.
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--cache-dir", str(lock.with_suffix(".cache")), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)


def run_audit(required: bool) -> int:
    """Audit both lock files, print a line for each and return the exit status."""
    status = 0
    for name in LOCKS:
        found = audit(ROOT / name, ROOT / "build" / "audit")
        passes = found.result is Result.CLEAN or (found.result.unanswered and not required)
        word = "ok" if found.result is Result.CLEAN else "WARNING, not audited" if passes else "FAILED"
        print(f"audit {name}: {word}: {found.words}", flush=True)
        status = status if passes else 1
    return status


def bill(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bill of materials *document* with this program at its root, which a lock file does not name."""
    root = {
        "bom-ref": "cgm-dash",
        "type": "application",
        "name": "cgm-dash",
        "version": cgm_dash.__version__,
        "description": "CGM Data Insights",
    }
    refs = sorted(one["bom-ref"] for one in document["components"])
    known = [one for one in document.get("dependencies", ()) if one["ref"] != "cgm-dash"]
    return {
        **document,
        "metadata": {**document["metadata"], "component": root},
        "dependencies": [{"ref": "cgm-dash", "dependsOn": refs}, *known],
    }


def faults_of(text: str) -> str | None:
    """Return what is wrong with the bill of materials *text* by the standard's own schema, None for nothing."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return None if fault is None else str(fault)


def run_sbom(out: Path) -> int:
    """Write the runtime's bill of materials to *out*; the same lock file gives the same bytes."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / LOCKS[0]), "--output-reproducible"]
    done = subprocess.run(
        [*command, "--sv", SPEC_VERSION, "--of", "JSON", "-o", "-"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"sbom: {done.stderr.strip()[-500:]}", file=sys.stderr)
        return 1
    text = json.dumps(bill(json.loads(done.stdout)), indent=2, sort_keys=True) + "\n"
    fault = faults_of(text)
    if fault:
        print(f"sbom: not valid: {fault[:500]}", file=sys.stderr)
        return 1
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(f"sbom: {len(json.loads(text)['components'])} components in {out}")
    return 0


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; 0 for done, 1 for a failure, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="supply")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("audit").add_argument("--required", action="store_true", help="fail where nothing was answered")
    commands.add_parser("sbom").add_argument("--out", type=Path, default=ROOT / "build" / "sbom.json")
    args = parser.parse_args(argv)
    return run_audit(args.required) if args.command == "audit" else run_sbom(args.out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
