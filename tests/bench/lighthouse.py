"""What Lighthouse (https://github.com/GoogleChrome/lighthouse) says of the pages: its desktop preset, Chromium here.

It comes from npm into build/, once, and is no part of the project. Without npm there is no figure.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.browser import signed_in_browser
from tests.bench.measure import Goal, Measurement
from tests.support.served import ROOT, Served, serving

PACKAGE = "lighthouse@12.8.2"
"""The newest that runs on Node 18; later ones want 22."""
FOLDER = ROOT / "build" / "lighthouse"
GOALS = {"performance": 95, "accessibility": 100, "best-practices": 100}
PAGES = {"live page": "/", "trends": "/trends", "days": "/days"}
INSTALL_S, RUN_S = 300, 180


def measure(folder: Path, settings: dict[str, str], *, verbose: bool = False) -> Iterator[Measurement]:
    """Measure over the data directory *folder*; settings: the account to poll. Nothing where npm is missing."""
    program = _installed()
    if program is None:
        print("lighthouse: npm is not installed, no figures", file=sys.stderr)
        return
    with serving(folder, 1, **settings, POLL_SECONDS="3600") as served:
        served.ready()
        _run(program, served, "/")  # the first visit makes what later ones are served
        for name, path in PAGES.items():
            found = _run(program, served, path)
            for category, goal in GOALS.items():
                score = 100 * found["categories"][category]["score"]
                yield Measurement(f"Lighthouse, {name}, {category}", score, "", Goal(goal, at_least=True))
            if verbose:
                print(*_lost(found), sep="\n")


def _installed() -> Path | None:
    """Return Lighthouse's program, installed now where it is missing; None without npm."""
    program = FOLDER / "node_modules" / ".bin" / "lighthouse"
    if program.exists():
        return program
    npm = shutil.which("npm")
    if npm is None:
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(FOLDER), "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=INSTALL_S)
    return program


def _run(program: Path, served: Served, path: str) -> dict[str, Any]:
    """Return Lighthouse's report on one page, in a browser that has signed in.

    A cookie among the headers that Lighthouse adds is not sent with what the document asks for ahead.
    """
    with tempfile.TemporaryDirectory(prefix="cgm-lighthouse-") as scratch, signed_in_browser(served) as browser:
        port = browser.capabilities["goog:chromeOptions"]["debuggerAddress"].rpartition(":")[2]
        target = Path(scratch) / "report.json"
        command = [
            *(str(program), served.url + path, "--preset=desktop", "--output=json", f"--output-path={target}"),
            *("--quiet", "--no-enable-error-reporting", f"--only-categories={','.join(GOALS)}"),
            f"--port={port}",
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=RUN_S)
        found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


def _lost(found: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each audit that cost points."""
    for category in found["categories"].values():
        for part in category["auditRefs"]:
            audit = found["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 1:
                shown = audit.get("displayValue", "")
                yield f"  {category['id']}: {audit['id']} {audit['score']:.2f} {shown} (weight {part['weight']})"
