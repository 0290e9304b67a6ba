"""The metrics as a table to read in a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from cgm_dash.metrics.summary import RESEARCH
from cgm_dash.units import MG_DL_PER_MMOL_L

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Level": ("mean_mg_dl", "median_mg_dl", "sd_mg_dl", "cv_percent", "gmi_percent", "gmi_mmol_mol"),
    "Time in ranges": (
        "tar2_percent",
        "tar1_percent",
        "tar_percent",
        "tir_percent",
        "titr_percent",
        "tbr_percent",
        "tbr1_percent",
        "tbr2_percent",
        "pregnancy_tir_percent",
        "pregnancy_tbr_percent",
        "pregnancy_tbr2_percent",
        "pregnancy_tar_percent",
    ),
    "Risk": ("gri", "gri_zone", "gri_hypo_component", "gri_hyper_component", "lbgi", "hbgi", "bgri"),
    "Swings": (
        "mage_avg_mg_dl",
        "mage_service_mg_dl",
        "mage_plus_mg_dl",
        "mage_minus_mg_dl",
        "conga1_mg_dl",
        "conga2_mg_dl",
        "conga4_mg_dl",
        "conga24_mg_dl",
        "modd_mg_dl",
        "mag_mg_dl_per_h",
        "gvp_percent",
        "gvi",
        "roc_sd_mg_dl_per_min",
    ),
    "Spread": (
        "p5_mg_dl",
        "p10_mg_dl",
        "p25_mg_dl",
        "p75_mg_dl",
        "p90_mg_dl",
        "p95_mg_dl",
        "iqr_mg_dl",
        "mad_mg_dl",
        "min_mg_dl",
        "max_mg_dl",
        "sd_total_mg_dl",
        "sd_within_day_mg_dl",
        "sd_within_hour_mg_dl",
        "sd_time_of_day_mg_dl",
        "sd_between_daily_means_mg_dl",
        "sd_between_days_mg_dl",
        "sd_between_days_same_mean_mg_dl",
        "sd_interaction_mg_dl",
        "daily_cv_mean_percent",
        "daily_cv_sd_percent",
    ),
    "Exposure": (
        "auc_mean_mg_dl",
        "exposure_above_180_mg_dl_h_per_day",
        "exposure_above_250_mg_dl_h_per_day",
        "exposure_below_70_mg_dl_h_per_day",
        "exposure_below_54_mg_dl_h_per_day",
    ),
    "Nights": (
        "fasting_median_mg_dl",
        "dawn_rise_median_mg_dl",
        "dawn_days_percent",
        "nocturnal_lows_median_per_night",
    ),
    "Research indices, without agreed goals": RESEARCH,
}

UNITS = (
    ("_mg_dl_h_per_day", "mg/dL h a day"),
    ("_mg_dl_per_min", "mg/dL per min"),
    ("_mg_dl_per_h", "mg/dL per h"),
    ("_mg_dl", "mg/dL"),
    ("_mmol_mol", "mmol/mol"),
    ("_percent", "%"),
)
NOTHING = "-"
ENOUGH = {True: "enough to judge by", False: "not enough to judge by: 14 days with 70 % are"}


def table(figures: Mapping[str, Any]) -> str:
    """Return the *figures* of summary.all_metrics as lines of text; values in mg/dL also stand in mmol/L."""
    return "\n".join(_lines(figures))


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    # The name is a cell of a file: a control character in it would command the terminal.
    person = "".join(c if c.isprintable() else "?" for c in figures["person"] or "Glucose")
    yield f"{person}, {figures['from']} to {figures['to']} ({figures['zone']})"
    active = _number(figures["active_percent"])
    yield (
        f"{_count(figures['n'], 'reading')} on {_count(figures['days'], 'day')}, active {active} % of the time,"
        f" {ENOUGH[figures['sufficient']]}; weighed by {figures['weighting']}"
    )
    yield from _doubts(figures)
    for heading, names in GROUPS.items():
        yield f"\n{heading}"
        yield from (_line(name, figures[name]) for name in names if name in figures)
    yield "\nEpisodes                                 count  per week  mean min  total min"
    for name, found in figures["episodes"].items():
        cells = (found["per_week"], found["mean_minutes"], found["total_minutes"])
        yield f"  {name:36} {found['count']:>7} " + " ".join(f"{_number(cell):>9}" for cell in cells)


def _doubts(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a file's rows leave in doubt; figures of the store have none of these keys."""
    left_out = [f"{count} {reason}" for reason, count in sorted(figures.get("rejected", {}).items()) if count]
    if figures.get("conflicts"):
        left_out.append(f"{_count(figures['conflicts'], 'conflict')} (the first value stands)")
    if left_out:
        yield f"left out: {'; '.join(left_out)}"
    if not figures.get("period_sure", True):
        yield (
            f"unsure: one reading each {figures['period_seconds']} s, as assumed here, fits no known sensor;"
            " active time and all that is weighed by time depend on it"
        )


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _line(name: str, value: object) -> str:
    suffix, unit = next(((end, unit) for end, unit in UNITS if name.endswith(end)), ("", ""))
    label = name.removesuffix(suffix).replace("_", " ")
    also = ""
    if isinstance(value, int | float) and unit.startswith("mg/dL"):
        also = f"{value / MG_DL_PER_MMOL_L:>9.2f} {unit.replace('mg/dL', 'mmol/L')}"
    return f"  {label:36} {_number(value):>9} {unit:14}{also}".rstrip()


def _number(value: object) -> str:
    if value is None:
        return NOTHING
    return f"{value:.2f}" if isinstance(value, float) else str(value)
