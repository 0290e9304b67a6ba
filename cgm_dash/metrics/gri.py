"""Glycaemia risk index: one number for the harm of lows and highs together."""

from dataclasses import dataclass

from cgm_dash.metrics.ranges import TimeInRanges, time_in_ranges
from cgm_dash.series import Series
from cgm_dash.units import Band

ZONES = ((20, "A"), (40, "B"), (60, "C"), (80, "D"))
"""Highest index of each zone; above the last it is zone E."""


@dataclass(frozen=True, slots=True)
class Gri:
    """index: 0 to 100, capped. hypo, hyper: the components, percent. zone: A (least risk) to E."""

    index: float
    hypo: float
    hyper: float
    zone: str


def gri(series: Series) -> Gri | None:
    """Return the glycaemia risk index of *series*, None without readings.

    hypo = TBR2 + 0.8 TBR1; hyper = TAR2 + 0.5 TAR1; index = min(100, 3.0 hypo + 1.6 hyper), from the percent of time
    below 54, 54 to 69, above 250 and 181 to 250 mg/dL. Zones by 20. Validated for adults who are not pregnant.
    Source: Klonoff et al. 2022, J Diabetes Sci Technol, doi:10.1177/19322968221085273.

    >>> gri(Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]))
    Gri(index=100.0, hypo=26.0, hyper=20.0, zone='E')
    """
    return gri_of(time_in_ranges(series))


def gri_of(times: TimeInRanges) -> Gri | None:
    """Return the index of times in the consensus bands."""
    if not times.observed:
        return None
    tbr2, tbr1, _, tar1, tar2 = (times.percent(band) or 0.0 for band in Band)
    return gri_from(tbr2, tbr1, tar1, tar2)


def gri_from(tbr2: float, tbr1: float, tar1: float, tar2: float) -> Gri:
    """Return the index of four shares, percent.

    >>> r = gri_from(tbr2=1, tbr1=3, tar1=20, tar2=5)
    >>> round(r.hypo, 9), r.hyper, round(r.index, 9), r.zone
    (3.4, 15.0, 34.2, 'B')
    """
    hypo, hyper = tbr2 + 0.8 * tbr1, tar2 + 0.5 * tar1
    index = min(100.0, 3.0 * hypo + 1.6 * hyper)
    # A hair above a limit is rounding: 20 % of time above 250 and 10 % between are 40, zone B.
    zone = next((name for highest, name in ZONES if index <= highest + 1e-9), "E")
    return Gri(index, hypo, hyper, zone)
