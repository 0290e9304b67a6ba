"""Every metric of a window in one flat table, under the names that scripts rely on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
import numpy.typing as npt

from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics import a1c, research
from cgm_dash.metrics.coverage import Coverage, coverage
from cgm_dash.metrics.episodes import Episodes, Events, episode_grid, episodes, low_episodes_lasting
from cgm_dash.metrics.exposure import auc_mean, exposure
from cgm_dash.metrics.gri import gri_of
from cgm_dash.metrics.histogram import Int64, Weighting, by_bin
from cgm_dash.metrics.level import Level, level_of
from cgm_dash.metrics.mage import mage
from cgm_dash.metrics.nights import dawn, fasting, median_of, nightly_lows
from cgm_dash.metrics.profile import MINUTES, Profile, profile_of
from cgm_dash.metrics.ranges import PREGNANCY, TIGHT_HIGH, TimeInRanges, judged, percent_between, ranges_of
from cgm_dash.metrics.rate import gvp, mag, rate_sd
from cgm_dash.metrics.risk import average_daily_risk_range, risk_indices_of
from cgm_dash.metrics.sd_subtypes import sd_subtypes
from cgm_dash.metrics.spread import spread_of
from cgm_dash.metrics.variability import conga, modd
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Band, Targets
from cgm_dash.window import Window

DEFINITION = "metrics/1"
"""Changes when a figure would come out differently for the same readings."""

RESEARCH = (
    "ea1c_percent",
    "ugmi_percent",
    "j_index",
    "m_value",
    "grade",
    "grade_hypo_percent",
    "grade_eu_percent",
    "grade_hyper_percent",
    "hypo_index_80",
    "hyper_index_140",
    "igc_80_140",
    "cogi",
    "pgs",
    "adrr",
)
"""Names of research indices: without agreed goals, shown with that word."""

Item = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the metrics are computed from, each made once."""

    series: Series
    window: Window
    days: LocalDays
    wall_clock: Int64
    by_bin: Int64
    histogram: Int64
    judged: Int64
    coverage: Coverage
    grid: Grid
    matrix: npt.NDArray[np.float64]
    episode_grid: Grid
    usable: npt.NDArray[np.bool_]


def prepare(series: Series, window: Window, zone: tzinfo, weighting: Weighting, min_day_coverage: float) -> Prepared:
    """Return histograms, days and grids of the readings of *series* in *window*."""
    series = series.between(window.start, window.end)
    days = LocalDays.between(zone, window.start, window.end)
    wall_clock = days.wall_clock(series)
    quarters = by_bin(series, wall_clock, weighting)
    histogram = quarters.sum(axis=0)
    grid = Grid.of(series, days, window.start, window.end)
    return Prepared(
        series,
        window,
        days,
        wall_clock,
        quarters,
        histogram,
        judged(series, weighting) if series.flag.any() else histogram,
        coverage(series, window),
        grid,
        grid.matrix(),
        episode_grid(series, grid, window.start, window.end),
        days.usable(series, min_day_coverage),
    )


def all_metrics(
    series: Series,
    window: Window,
    zone: tzinfo,
    *,
    weighting: Weighting = "time",
    min_day_coverage: float = 70,
    targets: Targets = ADULT,
    person: str | None = None,
    adrr: bool = False,
) -> dict[str, Any]:
    """Return every metric of the readings in *window*: plain numbers in full precision, None where undefined.

    Only readings in the window are looked at. targets: limits of tbr to tar; episodes, GRI and the rest keep the
    consensus limits. min_day_coverage: percent of a local day that a figure which compares days asks for. adrr: adds
    the average daily risk range, see risk.average_daily_risk_range for why it must be asked for.
    """
    ready = prepare(series, window, zone, weighting, min_day_coverage)
    found = level_of(ready.histogram, len(ready.series))
    times = ranges_of(ready.judged, ADULT)
    found_episodes = episodes(ready.episode_grid)
    figures: dict[str, Any] = {"definition": DEFINITION, "person": person, "zone": zone_name(zone)}
    figures |= {"weighting": weighting, "min_day_coverage_percent": min_day_coverage}
    figures |= dict(_frame(ready, zone, targets))
    figures |= dict(_level(ready, found))
    figures |= dict(_ranges(ready.judged, ranges_of(ready.judged, targets)))
    figures |= dict(_risk(ready.histogram, times))
    figures |= dict(_sequence(ready.grid, ready.matrix))
    figures |= dict(_days(ready))
    figures |= dict(_research(ready.histogram, times, found))
    figures |= {"pgs": _pgs(ready.episode_grid, figures["gvp_percent"], found, times)}
    if adrr:
        figures["adrr"] = average_daily_risk_range(ready.series, ready.days, min_day_coverage)
    figures |= dict(_nights(ready, found_episodes))
    figures["episodes"] = {name: _event(e) for name, e in zip(Episodes._fields, found_episodes, strict=True)}
    figures["episode_starts"] = {name: _starts(e) for name, e in zip(Episodes._fields, found_episodes, strict=True)}
    figures["profile"] = _profile(profile_of(ready.by_bin, ready.wall_clock))
    figures["research"] = [name for name in RESEARCH if name in figures]
    return figures


def zone_name(zone: tzinfo) -> str:
    """Return an IANA zone's name, a fixed offset's text.

    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> zone_name(ZoneInfo("Europe/Berlin")), zone_name(UTC)
    ('Europe/Berlin', 'UTC')
    """
    return str(getattr(zone, "key", zone))


def _frame(ready: Prepared, zone: tzinfo, targets: Targets) -> Iterator[Item]:
    window, coverage = ready.window, ready.coverage
    yield "from", datetime.fromtimestamp(window.start, zone).isoformat()
    yield "to", datetime.fromtimestamp(window.end, zone).isoformat()
    yield "n", len(ready.series)
    yield "seconds_covered", coverage.seconds
    yield "active_percent", coverage.percent
    yield "days", int(np.count_nonzero(np.diff(np.searchsorted(ready.series.ts, ready.days.starts))))
    yield "window_days", len(ready.days)
    yield "days_used", int(np.count_nonzero(ready.usable))
    yield "sufficient", coverage.sufficient
    yield "sufficient_for_lows", coverage.firm_for_lows
    yield "limits_mg_dl", [targets.very_low, targets.low, targets.high, targets.very_high]


def _level(ready: Prepared, found: Level) -> Iterator[Item]:
    spread, mean = spread_of(ready.histogram), found.mean
    yield "mean_mg_dl", mean
    yield "median_mg_dl", spread.median
    yield "sd_mg_dl", found.sd
    yield "cv_percent", found.cv
    yield "gmi_percent", found.gmi
    yield "gmi_mmol_mol", None if mean is None else a1c.gmi_mmol_mol(mean)
    yield "ea1c_percent", None if mean is None else a1c.ea1c_percent(mean)
    yield "ugmi_percent", None if mean is None else a1c.ugmi_percent(mean)
    for name in ("p5", "p10", "p25", "p75", "p90", "p95", "iqr", "mad"):
        yield f"{name}_mg_dl", getattr(spread, name)
    yield "min_mg_dl", spread.minimum
    yield "max_mg_dl", spread.maximum


def _ranges(histogram: Int64, times: TimeInRanges) -> Iterator[Item]:
    yield "tbr2_percent", times.percent(Band.VERY_LOW)
    yield "tbr1_percent", times.percent(Band.LOW)
    yield "tbr_percent", times.tbr
    yield "tir_percent", times.tir
    yield "titr_percent", percent_between(histogram, ADULT.low, TIGHT_HIGH)
    yield "tar1_percent", times.percent(Band.HIGH)
    yield "tar_percent", times.tar
    yield "tar2_percent", times.percent(Band.VERY_HIGH)
    pregnancy = ranges_of(histogram, PREGNANCY)
    yield "pregnancy_tbr2_percent", pregnancy.percent(Band.VERY_LOW)
    yield "pregnancy_tbr_percent", pregnancy.tbr
    yield "pregnancy_tir_percent", pregnancy.tir
    yield "pregnancy_tar_percent", pregnancy.tar


def _risk(histogram: Int64, times: TimeInRanges) -> Iterator[Item]:
    index, risks = gri_of(times), risk_indices_of(histogram)
    yield "gri", index and index.index
    yield "gri_hypo_component", index and index.hypo
    yield "gri_hyper_component", index and index.hyper
    yield "gri_zone", index and index.zone
    yield "lbgi", risks and risks.low
    yield "hbgi", risks and risks.high
    yield "bgri", risks and risks.both


def _sequence(grid: Grid, matrix: npt.NDArray[np.float64]) -> Iterator[Item]:
    swings, length = mage(grid), gvp(grid)
    yield "mage_avg_mg_dl", swings.average
    yield "mage_service_mg_dl", swings.service
    yield "mage_plus_mg_dl", swings.up
    yield "mage_minus_mg_dl", swings.down
    for hours in (1, 2, 4, 24):
        yield f"conga{hours}_mg_dl", conga(grid, hours)
    yield "modd_mg_dl", modd(matrix)
    yield "mag_mg_dl_per_h", mag(grid)
    yield "gvp_percent", length
    yield "gvi", None if length is None else length / 100 + 1
    yield "roc_sd_mg_dl_per_min", rate_sd(grid)
    yield "auc_mean_mg_dl", auc_mean(grid)
    for limit, above in ((180, True), (250, True), (70, False), (54, False)):
        side = "above" if above else "below"
        yield f"exposure_{side}_{limit}_mg_dl_h_per_day", exposure(grid, limit, above)


def _days(ready: Prepared) -> Iterator[Item]:
    sd = sd_subtypes(ready.grid, ready.matrix, ready.usable)
    yield "sd_total_mg_dl", sd.total
    yield "sd_within_day_mg_dl", sd.within_day
    yield "sd_time_of_day_mg_dl", sd.time_of_day
    yield "sd_within_hour_mg_dl", sd.within_hour
    yield "sd_between_daily_means_mg_dl", sd.daily_means
    yield "sd_between_days_mg_dl", sd.between_days
    yield "sd_between_days_same_mean_mg_dl", sd.between_days_same_mean
    yield "sd_interaction_mg_dl", sd.interaction
    yield "daily_cv_mean_percent", sd.cv_mean
    yield "daily_cv_sd_percent", sd.cv_sd


def _research(histogram: Int64, times: TimeInRanges, found: Level) -> Iterator[Item]:
    grade, control = research.grade(histogram), research.control_index(histogram)
    known = found.mean is not None and found.sd is not None
    yield "j_index", research.j_index(found.mean or 0, found.sd or 0) if known else None
    yield "m_value", research.m_value(histogram)
    yield "grade", grade and grade.score
    yield "grade_hypo_percent", grade and grade.hypo
    yield "grade_eu_percent", grade and grade.eu
    yield "grade_hyper_percent", grade and grade.hyper
    yield "hypo_index_80", control and control.hypo
    yield "hyper_index_140", control and control.hyper
    yield "igc_80_140", control and control.both
    yield "cogi", research.cogi(times.tir or 0, times.tbr or 0, found.sd or 0) if known else None


def _pgs(grid: Grid, length: float | None, found: Level, times: TimeInRanges) -> float | None:
    weeks = grid.observed_days / 7
    if length is None or found.mean is None or times.tir is None or not weeks:
        return None
    level_2, level_1 = low_episodes_lasting(grid, start_minutes=20, end_minutes=30)
    return research.pgs(length, found.mean, times.tir, len(level_2) / weeks, len(level_1) / weeks).total


def _nights(ready: Prepared, found: Episodes) -> Iterator[Item]:
    rise = dawn(ready.grid, ready.matrix, found.low_1)
    yield "dawn_rise_median_mg_dl", rise.median_rise
    yield "dawn_days_percent", rise.percent_of_days
    yield "fasting_median_mg_dl", median_of(fasting(ready.grid, ready.matrix).tolist())
    yield "nocturnal_lows_median_per_night", median_of(nightly_lows(ready.grid, ready.matrix, found.low_1))


def _event(found: Events) -> dict[str, Any]:
    return {
        "count": found.count,
        "per_week": found.per_week,
        "mean_minutes": found.mean_minutes,
        "total_minutes": found.total_minutes,
    }


def _starts(found: Events) -> dict[str, Any]:
    night = int(np.count_nonzero(found.night))
    return {"night": night, "day": found.count - night, "per_day": found.per_day}


def _profile(found: Profile) -> dict[str, Any]:
    bands = {f"p{p}_mg_dl": _nulls(curve) for p, curve in zip(Profile.PERCENTS, found.curves, strict=True)}
    return {"bin_minutes": MINUTES, "days": found.days.tolist(), **bands}


def _nulls(curve: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if v != v else v for v in curve.tolist()]
