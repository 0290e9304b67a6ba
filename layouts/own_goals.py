"""Limits and goals of one's own: as fields of a form, and what was typed read back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from cgm_dash.goals import HIGHEST_GOAL, HIGHEST_LIMIT, LOWEST_GOAL, LOWEST_LIMIT, Goals, TargetSet
from cgm_dash.i18n import _
from cgm_dash.units import MG_DL_PER_MMOL_L, Band, Targets, Unit, whole
from layouts import text

LIMITS = ("very_low", "low", "high", "very_high")
LONGEST = 12

Faults = Mapping[str, str]
"""What is wrong, by the name of the field."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they stand on the page, in the viewer's unit and language."""

    very_low: str
    low: str
    high: str
    very_high: str
    goal_tir: str = ""
    goal_tbr: str = ""

    @classmethod
    def of(cls, goals: Goals, unit: Unit) -> "Typed":
        """Return the fields that show *goals*; a consensus set's limits are where one's own begin."""
        limits = {name: text.glucose(getattr(goals.targets, name), unit) for name in LIMITS}
        own = goals.target_set is TargetSet.CUSTOM
        tir, tbr = (_limit(goals, *bands) if own else "" for bands in _JUDGED)
        return cls(**limits, goal_tir=tir, goal_tbr=tbr)

    @classmethod
    def from_page(cls, *values: object) -> "Typed":
        """Return what a browser says stands in the fields; nothing for what cannot."""
        return cls(*(value[:LONGEST] if isinstance(value, str) else "" for value in values))


_JUDGED = ((Band.TARGET,), (Band.VERY_LOW, Band.LOW))


@dataclass(frozen=True, slots=True)
class Own:
    """Limits, mg/dL, and goals, percent, as they may be stored."""

    limits: Targets
    goal_tir: int | None
    goal_tbr: int | None


def read(typed: Typed, unit: Unit, kept: Goals) -> Own | Faults:
    """Return what was typed as it may be stored, or what is wrong with it.

    kept: what is stored now; a field that still shows it keeps it, since mmol/L shows two mg/dL alike.
    """
    faults: dict[str, str] = {}
    shown = Typed.of(kept, unit)
    limits: dict[str, int] = {}
    for name in LIMITS:
        given = getattr(typed, name).strip()
        same = given == getattr(shown, name)
        found = getattr(kept.targets, name) if same else _mg_dl(given, unit)
        if found is None or not LOWEST_LIMIT <= found <= HIGHEST_LIMIT:
            faults[name] = _expected(unit)
        elif limits and found <= max(limits.values()):
            faults[name] = _("This must be higher than the limit before it.")
        if found is not None:
            limits[name] = found
    goals = {name: _goal(getattr(typed, name).strip()) for name in ("goal_tir", "goal_tbr")}
    for name, goal in goals.items():
        if goal == WRONG:
            faults[name] = _("Write a whole number from {first} to {last}, or leave it empty.").format(
                first=LOWEST_GOAL, last=HIGHEST_GOAL
            )
    return faults or Own(Targets(**limits), goals["goal_tir"], goals["goal_tbr"])


WRONG = -1
"""Stands for a goal that is none."""


def _goal(given: str) -> int | None:
    if not given:
        return None
    right = re.fullmatch(r"[0-9]{1,2}", given) and LOWEST_GOAL <= int(given) <= HIGHEST_GOAL
    return int(given) if right else WRONG


def _mg_dl(given: str, unit: Unit) -> int | None:
    """Return a limit typed in *unit* in mg/dL, None for what is no number there; comma and point are one."""
    pattern = r"[0-9]{1,3}" if unit is Unit.MG_DL else r"[0-9]{1,2}(?:[.,][0-9])?"
    if not re.fullmatch(pattern, given):
        return None
    number = Decimal(given.replace(",", "."))
    return int(number) if unit is Unit.MG_DL else whole(float(number * MG_DL_PER_MMOL_L))


def _expected(unit: Unit) -> str:
    words = _("Write a number from {first} to {last}.")
    return words.format(first=text.glucose_in(LOWEST_LIMIT, unit), last=text.glucose_in(HIGHEST_LIMIT, unit))


def _limit(goals: Goals, *bands: Band) -> str:
    goal = goals.of(*bands)
    return "" if goal is None else str(goal.limit)


NAMES = tuple(field.name for field in fields(Typed))
"""The fields in the order of the form."""
