"""`make bench-peers`: the published packages beside ours, on the same 90 days of five-minute readings.

Each peer gets an environment of its own below build/peers/: their pins exclude each other, and nothing of theirs is to
be a part of this project. A peer that cannot be installed or run is said in a line. What iglu-python computes by the
rules that ours follow must come out the same in count mode, to one part in a million; where rules differ is listed.
Lines whose names this writes replace those in build/bench.json. Ends with 1 where a goal is missed.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cgm_dash.metrics.summary import all_metrics
from tests.bench.measure import Goal, Measurement, median_ms, table
from tests.bench.metrics import worn
from tests.support.served import ROOT

FOLDER = ROOT / "build" / "peers"
INSTALL_S, RUN_S = 600, 600
FASTER = 100
CLOSE = 1e-6
OUR_RUNS = 15


@dataclass(frozen=True, slots=True)
class Peer:
    """A package. needs: what to install. wide: whether it computes about what ours does, so that the goal holds.

    covers: what it was asked for.
    """

    name: str
    needs: tuple[str, ...]
    wide: bool
    covers: str
    runs: int = 3


PEERS = (
    Peer("iglu_python", ("iglu-python",), True, "its 41 metrics, one call each: ranges to MAGE, SD subtypes, episodes"),
    Peer("py_agata", ("py-agata",), True, "analyze_glucose_profile: ranges, variability, risk, events"),
    Peer("glucose360", ("glucose360", "pandas", "scipy"), True, "compute_features: 60 features, without episodes"),
    Peer("cgmpy", ("cgmpy",), True, "its four sets: level, ranges, CV subtypes, variability with MAGE and MODD"),
    Peer("diametrics", ("diametrics",), False, "all_standard_metrics: no CONGA, MODD, SD subtypes, MAG, GVP"),
    Peer("glucostats", ("GlucoStats",), False, "ranges, level, AUC, risk, control, MAGE, MAG, GVP: no CONGA, episodes"),
    Peer("glycosignal", ("glycosignal",), False, "summary_dict: 26 figures, no CONGA, MODD, MAG, GVP, episodes", 15),
)

# Ours, in count mode with days of any coverage: iglu-python's name for the same definition.
SAME = {
    "mean_mg_dl": "mean_glu.mean",
    "median_mg_dl": "median_glu.median",
    "sd_mg_dl": "sd_glu.SD",
    "cv_percent": "cv_glu.CV",
    "gmi_percent": "gmi.GMI",
    "ea1c_percent": "ea1c.eA1C",
    "tbr2_percent": "below_percent.below_54",
    "tbr_percent": "below_percent.below_70",
    "tir_percent": "in_range_percent.in_range_70_180",
    "titr_percent": "range_70_140.in_range_70_140",
    "tar_percent": "above_percent.above_180",
    "tar2_percent": "above_percent.above_250",
    "pregnancy_tir_percent": "range_70_140.in_range_63_140",
    "pregnancy_tbr_percent": "below_63.below_63",
    "pregnancy_tar_percent": "above_percent.above_140",
    "active_percent": "active_percent.active_percent",
    "gri": "gri.GRI",
    "lbgi": "lbgi.LBGI",
    "hbgi": "hbgi.HBGI",
    "mage_avg_mg_dl": "mage_avg.MAGE",
    "mage_service_mg_dl": "mage_service.MAGE",
    "mage_plus_mg_dl": "mage_plus.MAGE",
    "mage_minus_mg_dl": "mage_minus.MAGE",
    "conga1_mg_dl": "conga1.CONGA",
    "conga2_mg_dl": "conga2.CONGA",
    "conga4_mg_dl": "conga4.CONGA",
    "conga24_mg_dl": "conga24.CONGA",
    "modd_mg_dl": "modd.MODD",
    "mag_mg_dl_per_h": "mag.MAG",
    "gvp_percent": "gvp.GVP",
    "roc_sd_mg_dl_per_min": "sd_roc.sd_roc",
    "sd_within_day_mg_dl": "sd_measures.SDw",
    "sd_time_of_day_mg_dl": "sd_measures.SDhhmm",
    "sd_between_daily_means_mg_dl": "sd_measures.SDdm",
    "sd_between_days_mg_dl": "sd_measures.SDb",
    "sd_between_days_same_mean_mg_dl": "sd_measures.SDbdm",
    "daily_cv_mean_percent": "cv_measures.CVmean",
    "daily_cv_sd_percent": "cv_measures.CVsd",
    "iqr_mg_dl": "iqr_glu.IQR",
    "mad_mg_dl": "mad_glu.MAD",
    "p5_mg_dl": "percentiles.5",
    "p10_mg_dl": "percentiles.10",
    "p25_mg_dl": "percentiles.25",
    "p75_mg_dl": "percentiles.75",
    "p90_mg_dl": "percentiles.90",
    "p95_mg_dl": "percentiles.95",
    "j_index": "j_index.J_index",
    "m_value": "m_value_120.M_value",
    "grade": "grade.GRADE",
    "grade_hypo_percent": "grade_hypo_70.GRADE_hypo",
    "grade_eu_percent": "grade_eugly.GRADE_eugly",
    "grade_hyper_percent": "grade_hyper.GRADE_hyper",
    "hypo_index_80": "hypo_index.hypo_index",
    "hyper_index_140": "hyper_index.hyper_index",
    "igc_80_140": "igc.IGC",
    "cogi": "cogi.COGI",
    "low_1.count": "episode_calculation.hypolv1.total_episodes",
    "low_2.count": "episode_calculation.hypolv2.total_episodes",
    "low_1_only.count": "episode_calculation.hypolv1_excl.total_episodes",
    "low_1.mean_minutes": "episode_calculation.hypolv1.avg_ep_duration",
    "high_1.count": "episode_calculation.hyperlv1.total_episodes",
    "high_2.count": "episode_calculation.hyperlv2.total_episodes",
    "high_1.mean_minutes": "episode_calculation.hyperlv1.avg_ep_duration",
}

OTHER = {
    "adrr": ("adrr.ADRR", "it uses the rounded constant 22.77 there, and 10 times 1.509 squared in LBGI and HBGI"),
    "pgs": ("pgs.PGS", "its constant is 0.91093; 0.81093, which is 2 ln 1.5, makes one severe low exactly 3 points"),
    "auc_mean_mg_dl": (
        "auc.hourly_auc",
        "it counts the hours cut off at both ends as whole ones; ours is area by time",
    ),
    "sd_within_hour_mg_dl": (
        "sd_measures.SDwsh",
        "it lets windows run on behind the last slot, with fewer and fewer slots in them",
    ),
    "m_value, R 120": ("m_value.M_value", "its default reference is 90 mg/dL; with 120 it is the same"),
    "grade_hypo_percent, below 70": ("grade_hypo.GRADE_hypo", "its default limit is 80 mg/dL; with 70 it is the same"),
}


def main() -> int:
    """Install and run each peer, print and write."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    readings = FOLDER / "readings.csv"
    series, window = worn(300, 90)
    stamps = (f"{datetime.fromtimestamp(ts, UTC):%Y-%m-%d %H:%M:%S}" for ts in series.ts.tolist())
    rows = (f"{stamp},{value}\n" for stamp, value in zip(stamps, series.mg_dl.tolist(), strict=True))
    readings.write_text("timestamp,glucose_mg_dl\n" + "".join(rows))
    ours = median_ms(lambda: all_metrics(series, window, UTC), OUR_RUNS)
    lines = [Measurement("every metric, 90 days of 5 min, ours beside the peers", ours, "ms", Goal(10))]
    said: list[str] = []
    for peer in PEERS:
        told = _asked(peer, readings, said)
        if told is not None:
            lines += _compared(peer, told["ms"], ours)
            said.append(f"{peer.name}: {peer.covers}")
            if peer.name == "iglu_python":
                figures = all_metrics(series, window, UTC, weighting="count", min_day_coverage=0, adrr=True)
                lines += _parity(figures, told["values"], said)
    print(table(lines))
    print("\n".join(said))
    write(lines)
    return int(any(line.ok is False for line in lines))


def _asked(peer: Peer, readings: Path, said: list[str]) -> dict[str, Any] | None:
    """Return what *peer* took and gave; None where it cannot be had, with the reason in *said*."""
    print(f"  {peer.name}", file=sys.stderr, flush=True)
    home = FOLDER / peer.name
    python = home / "bin" / "python"
    program = Path(__file__).with_name("peer_sets.py")
    try:
        if not (home / "installed").exists():
            _run([sys.executable, "-m", "venv", "--clear", str(home)], INSTALL_S)
            pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
            _run([*pip, *peer.needs], INSTALL_S)
            (home / "installed").touch()
        # In its own folder: some leave files where they are called.
        told = _run([str(python), str(program), peer.name, str(readings), str(peer.runs)], RUN_S, home)
        found: dict[str, Any] = json.loads(told.splitlines()[-1])
        return found
    except (OSError, subprocess.SubprocessError, ValueError) as exc:
        last = (getattr(exc, "stderr", "") or str(exc)).strip().splitlines()
        said.append(f"{peer.name}: left out, it cannot be installed or run here ({last[-1] if last else exc})")
        return None


def _run(command: list[str], timeout_s: float, folder: Path = FOLDER) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True, timeout=timeout_s)
    return done.stdout


def _compared(peer: Peer, taken: float, ours: float) -> Iterator[Measurement]:
    yield Measurement(f"{peer.name}, its set", taken, "ms")
    yield Measurement(
        f"ours against {peer.name}", taken / ours, "x", Goal(FASTER, at_least=True) if peer.wide else None
    )


def _parity(figures: dict[str, Any], theirs: dict[str, float], said: list[str]) -> Iterator[Measurement]:
    """Compare what follows the same rules, and say what does not."""
    events = {f"{name}.{key}": v for name, event in figures["episodes"].items() for key, v in event.items()}
    mine = figures | events
    apart = {name: abs(mine[name] - theirs[other]) / max(1, abs(theirs[other])) for name, other in SAME.items()}
    wrong = [name for name, off in apart.items() if not off <= CLOSE]
    said += [f"iglu_python differs in {name}: {mine[name]} here, {theirs[SAME[name]]} there" for name in wrong]
    for name, (other, why) in OTHER.items():
        here = mine[name.split(",")[0]]
        said.append(f"  {name}: {here:.4f} here, {theirs[other]:.4f} there: {why}")
    goal = Goal(len(SAME), at_least=True)
    yield Measurement(f"figures equal to iglu_python's to 1e-6, of {len(SAME)}", len(SAME) - len(wrong), "", goal)
    yield Measurement("largest difference among them", max(apart.values()), "")


def write(lines: list[Measurement]) -> None:
    """Put the *lines* into build/bench.json in place of those of the same names."""
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    names = {line.name for line in lines}
    kept = json.loads(target.read_text()) if target.exists() else []
    all_lines = [line for line in kept if line["name"] not in names] + [line.as_json() for line in lines]
    target.write_text(json.dumps(all_lines, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
