"""Target sets: the limits a wearer's glucose is judged by, and the goals for the shares of time between them.

The consensus sets are those of Battelino et al. 2019, Diabetes Care 42(8):1593-1603, doi:10.2337/dci19-0028, tables 3
and 4. A share is percent of observed time; each goal is judged on the unrounded share.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cgm_dash.metrics.ranges import PREGNANCY
from cgm_dash.units import ADULT, Band, Targets

Bands = tuple[Band, ...]

VERY_LOW: Bands = (Band.VERY_LOW,)
BELOW: Bands = (Band.VERY_LOW, Band.LOW)
IN_TARGET: Bands = (Band.TARGET,)
ABOVE: Bands = (Band.HIGH, Band.VERY_HIGH)
VERY_HIGH: Bands = (Band.VERY_HIGH,)

CV_STABLE_PERCENT = 36
"""Up to here glucose counts as stable: Danne et al. 2017, doi:10.2337/dc17-1600, taken over by Battelino et al. 2019.

No set has another figure. For older people and people at high risk it was not agreed on its own.
"""

LOWEST_LIMIT = 40
HIGHEST_LIMIT = 400
"""Limits of one's own lie in what a sensor can tell apart, mg/dL."""

LOWEST_GOAL = 1
HIGHEST_GOAL = 99
"""Goals of one's own, percent: 0 and 100 could be met by nobody or missed by nobody."""


class TargetSet(enum.StrEnum):
    """Whose limits and goals a wearer is judged by. The values are stored."""

    ADULT = "adult"
    HIGH_RISK = "high-risk"
    PREGNANCY = "pregnancy"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Goal:
    """A share of time to stay below, or above, in percent."""

    limit: int
    above: bool = False

    def met(self, share: float) -> bool:
        """Return whether the unrounded *share* reaches the goal; the limit itself does not.

        >>> Goal(4).met(3.99), Goal(4).met(4), Goal(70, above=True).met(70), Goal(70, above=True).met(70.01)
        (True, False, False, True)
        """
        return share > self.limit if self.above else share < self.limit


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a definition was published. authors: the first one's name, "et al." behind it where there are more."""

    authors: str
    year: int
    doi: str

    @property
    def short(self) -> str:
        """The first author and the year, as it stands beside a figure."""
        return f"{self.authors.removesuffix(' et al.')} {self.year}"


BATTELINO_2019 = Citation("Battelino et al.", 2019, "10.2337/dci19-0028")


@dataclass(frozen=True, slots=True)
class Goals:
    """What a wearer is judged by. targets: the limits, mg/dL. by_bands: bands together and the goal for their share.

    Bands without an entry have no goal. cv_percent: up to here the CV counts as stable. citation: None for custom.
    """

    target_set: TargetSet
    targets: Targets
    by_bands: Mapping[Bands, Goal] = field(hash=False)
    citation: Citation | None = None
    cv_percent: int = CV_STABLE_PERCENT

    def of(self, *bands: Band) -> Goal | None:
        """Return the goal for the share of *bands* together, lowest band first; None where there is none."""
        return self.by_bands.get(bands)


def _consensus(target_set: TargetSet, targets: Targets, by_bands: Mapping[Bands, Goal]) -> Goals:
    return Goals(target_set, targets, MappingProxyType(dict(by_bands)), BATTELINO_2019)


ADULT_GOALS = _consensus(
    TargetSet.ADULT,
    ADULT,
    {
        VERY_HIGH: Goal(5),
        ABOVE: Goal(25),
        IN_TARGET: Goal(70, above=True),
        BELOW: Goal(4),
        VERY_LOW: Goal(1),
    },
)
"""Adults, adolescents and children with type 1 diabetes, adults with type 2 diabetes."""

HIGH_RISK_GOALS = _consensus(
    TargetSet.HIGH_RISK,
    ADULT,
    {
        VERY_HIGH: Goal(10),
        ABOVE: Goal(50),
        IN_TARGET: Goal(50, above=True),
        BELOW: Goal(1),
    },
)
"""Older people and people at high risk of hypoglycaemia, with type 1 or type 2 diabetes.

Very low has no goal of its own: the consensus gives no number below 54 mg/dL here, and an invented one would look as
if it were agreed. That time counts in what lies below 70 mg/dL, whose goal is what adults have for very low.
"""

PREGNANCY_GOALS = _consensus(
    TargetSet.PREGNANCY,
    PREGNANCY,
    {
        ABOVE: Goal(25),
        IN_TARGET: Goal(70, above=True),
        BELOW: Goal(4),
        VERY_LOW: Goal(1),
    },
)
"""Pregnancy with type 1 diabetes; the paper calls the evidence for these percentages limited.

With type 2 and gestational diabetes the limits are the same, but no percentages were agreed. The limit at 250 mg/dL
only parts the band that is drawn: nothing was agreed for the time above it.
"""

CONSENSUS: Mapping[TargetSet, Goals] = MappingProxyType(
    {goals.target_set: goals for goals in (ADULT_GOALS, HIGH_RISK_GOALS, PREGNANCY_GOALS)}
)
"""The sets that were agreed on: every one but custom."""


def goals_of(
    target_set: TargetSet,
    limits: Targets | None = None,
    goal_tir: int | None = None,
    goal_tbr: int | None = None,
) -> Goals:
    """Return what *target_set* judges by.

    Custom takes its own limits, and percent of time in target to exceed and below low to stay under; None no goal.
    Raises ValueError where a consensus set is given any of these, and for custom without limits.

    >>> goals_of(TargetSet.HIGH_RISK).of(Band.TARGET)
    Goal(limit=50, above=True)
    >>> goals_of(TargetSet.CUSTOM, Targets(54, 80, 160, 250), goal_tbr=2).of(Band.VERY_LOW, Band.LOW)
    Goal(limit=2, above=False)
    """
    if target_set is not TargetSet.CUSTOM:
        if limits is not None or goal_tir is not None or goal_tbr is not None:
            raise ValueError(f"target set '{target_set}': has its own limits and goals; choose 'custom' to give others")
        return CONSENSUS[target_set]
    if limits is None:
        raise ValueError("target set 'custom': expected four limits, got none; give very low, low, high and very high")
    own = {}
    if goal_tir is not None:
        own[IN_TARGET] = Goal(goal_tir, above=True)
    if goal_tbr is not None:
        own[BELOW] = Goal(goal_tbr)
    return Goals(target_set, limits, MappingProxyType(own))


def goals_for(limits: Targets) -> Goals:
    """Return what a wearer is judged by of whom only *limits* are known: the adult set, or custom without goals."""
    return ADULT_GOALS if limits == ADULT else goals_of(TargetSet.CUSTOM, limits)


def check_own(limits: Targets, goal_tir: int | None = None, goal_tbr: int | None = None) -> None:
    """Raise ValueError, naming value and remedy, unless own *limits* (mg/dL) and goals (percent) may be stored."""
    for name in ("very_low", "low", "high", "very_high"):
        _expect(name, getattr(limits, name), LOWEST_LIMIT, HIGHEST_LIMIT, "mg/dL")
    for name, goal in (("goal_tir", goal_tir), ("goal_tbr", goal_tbr)):
        if goal is not None:
            _expect(name, goal, LOWEST_GOAL, HIGHEST_GOAL, "percent")


def _expect(name: str, value: object, lowest: int, highest: int, unit: str) -> None:
    # A bool is an int to Python, and a fraction would be rounded by one database and kept by the other.
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError(f"{name}: expected a whole number from {lowest} to {highest} {unit}, got {value!r}")
