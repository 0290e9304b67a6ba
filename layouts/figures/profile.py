"""The glucose profile: what is usual at each time of day, as percentile curves over many days.

Curves are smoothed for display alone (metrics.profile.smoothed); card and table tell the plain values.
"""

import numpy as np
import numpy.typing as npt

from cgm_dash.i18n import _, plural
from cgm_dash.metrics.profile import FEWEST_DAYS, MINUTES, Profile
from cgm_dash.units import Unit
from layouts import text, tokens
from layouts.figures import typical
from layouts.figures.curves import MEDIAN, Curves, missing, runs
from layouts.figures.traces import Figure, f4, hatched
from layouts.figures.typical import Card, Look

Float = npt.NDArray[np.float64]

LOW = 40
"""Where the y axis begins, always the same. It ends where the report's does (curves.Curves.highest)."""
HEIGHT, TOP, BOTTOM = 356, 16, 28
LABEL_PX = 13
ZONE = ".085"


def figure_of(profile: Profile, look: Look) -> Figure:
    """Return the figure of *profile*."""
    colours = look.colours
    curves = Curves.of(profile)
    x, high = MINUTES * curves.bins, curves.highest
    shown = np.maximum(curves.shown, LOW)
    fills = [tokens.alpha(colours["profile"], colours[f"profile-{name}"]) for name in ("outer", "inner")]
    data = [
        *_band("outer", x, (shown[0], shown[4]), fills[0]),
        *_band("inner", x, (shown[1], shown[3]), fills[1]),
        *hatched([(MINUTES * i, MINUTES * j) for i, j in missing(profile)], LOW, high, colours),
        *_medians(x, shown[MEDIAN], curves, colours["profile"]),
    ]
    return {
        "data": data,
        "layout": typical.layout(
            look,
            TOP,
            BOTTOM,
            xaxis=typical.x_axis(look, labels=True),
            yaxis=_y_axis(look, high),
            shapes=typical.limit_lines(look.targets, colours, ZONE),
            annotations=[*_limit_labels(look), *_curve_labels(shown[:, -1], high, look)],
            meta=typical.meta(_cards(profile, x, shown[MEDIAN], look.unit)),
        ),
    }


def _band(name: str, x: Float, sides: tuple[Float, Float], fill: str) -> list[Figure]:
    """Return the area between two curves as closed outlines: one for each stretch without a gap."""
    px: list[Float] = []
    py: list[Float] = []
    for i, j in runs(~np.isnan(sides[0])):
        px += [x[i:j], x[i:j][::-1], np.array([np.nan])]
        py += [sides[0][i:j], sides[1][i:j][::-1], np.array([np.nan])]
    if not px:
        return []
    return [
        {
            "type": "scatter",
            "mode": "none",
            "name": name,
            "x": f4(np.concatenate(px)),
            "y": f4(np.concatenate(py)),
            "fill": "toself",
            "fillcolor": fill,
            "hoverinfo": "skip",
        }
    ]


def _medians(x: Float, median: Float, curves: Curves, colour: str) -> list[Figure]:
    """Return the median, dashed where it rests on few days."""
    traces = (("median", curves.firm, "solid"), ("median-few", curves.dashed, "5px,5px"))
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": f4(x),
            "y": f4(np.where(which, median, np.nan)),
            "connectgaps": False,
            "hoverinfo": "none",
            "line": {"color": colour, "width": 2.5, "dash": dash},
        }
        for name, which, dash in traces
        if (which & ~np.isnan(median)).any()
    ]


# --- axes and labels


def _y_axis(look: Look, high: float) -> Figure:
    """Return the axis up to *high* mg/dL; the target's limits are labels of their own, which others make room for."""
    targets, values = look.targets, list[float]()
    apart = LABEL_PX * _per_px(high)
    for v in (high, targets.very_high, *(() if look.phone else (targets.very_low,))):
        if all(abs(v - other) >= apart for other in (targets.low, targets.high, *values)):
            values.append(v)
    values.sort()
    return {
        **typical.plain_axis(),
        "range": [LOW, high],
        "tickvals": values,
        "ticktext": [text.glucose(v, look.unit) for v in values],
        "ticklabelstandoff": 8,
    }


def _per_px(high: float) -> float:
    return (high - LOW) / (HEIGHT - TOP - BOTTOM)


def _limit_labels(look: Look) -> list[Figure]:
    """Return the labels of the target's limits, stronger than the axis's own."""
    place = {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -8, "yanchor": "middle", "showarrow": False}
    font = {"size": 12, "color": look.colours["ink"], "weight": 600}
    limits = (look.targets.low, look.targets.high)
    return [{**place, "y": y, "text": text.glucose(y, look.unit), "font": font} for y in limits]


def _curve_labels(last: Float, high: float, look: Look) -> list[Figure]:
    """Return each curve's name at the right end; a phone has no room for them, its key says it."""
    if look.phone:
        return []
    curves = np.flatnonzero(~np.isnan(last)).tolist()
    places = typical.apart([float(last[i]) for i in curves], LABEL_PX * _per_px(high), LOW, high)
    common = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "yanchor": "middle", "showarrow": False}
    labels = []
    for i, y in zip(curves, places, strict=True):
        words = _("Median") if i == MEDIAN else text.percent(Profile.PERCENTS[i])
        font = {"size": 12, "color": look.colours["profile" if i == MEDIAN else "ink-3"]}
        weight = {"weight": 600} if i == MEDIAN else {}
        labels.append({**common, "y": y, "text": words, "font": font | weight})
    return labels


# --- words


def _cards(profile: Profile, x: Float, median: Float, unit: Unit) -> list[Card]:
    """Return the card of each bin with readings."""
    cards = []
    for i in np.flatnonzero(profile.days > 0).tolist():
        title, value, half, most = words_of(profile, i, unit)
        y = float(median[i + 1])
        beside = _("{unit} median").format(unit=unit)
        cards.append(typical.card(float(x[i + 1]), round(y, 1), title, value, beside, *filter(None, (half, most))))
    return cards


def words_of(profile: Profile, i: int, unit: Unit) -> tuple[str, str, str, str]:
    """Return what is said of bin *i*: when and on how many days, median, middle half, nine of ten days.

    The last two are empty where there are too few days for them.
    """
    n = int(profile.days[i])
    days = plural("{n} day", "{n} days", n).format(n=n)
    title = f"{typical.span(MINUTES * i, MINUTES * (i + 1))} · {days}"
    p5, p25, p50, p75, p95 = (text.glucose(value, unit) for value in profile.curves[:, i].tolist())
    if n < FEWEST_DAYS:
        return title, p50, _("Too few days for more than the median"), ""
    half = _("half of days {low}–{high} {unit}").format(low=p25, high=p75, unit=unit)
    most = _("9 of 10 days {low}–{high} {unit}").format(low=p5, high=p95, unit=unit)
    return title, p50, half, most


def alt_text(profile: Profile, unit: Unit) -> str:
    """Return the sentence with the figures a person would read off the chart."""
    median = profile.curves[MEDIAN]
    if np.isnan(median).all():
        return _("Glucose profile: no readings.")
    lowest, highest = int(np.nanargmin(median)), int(np.nanargmax(median))
    days = plural("Glucose profile of {n} day.", "Glucose profile of {n} days.", profile.dates).format(n=profile.dates)
    sentence = _("The median is lowest at {low_at} with {low} and highest at {high_at} with {high}.").format(
        low_at=typical.clock(MINUTES * lowest),
        low=text.glucose_in(float(median[lowest]), unit),
        high_at=typical.clock(MINUTES * highest),
        high=text.glucose_in(float(median[highest]), unit),
    )
    return text.listing((days, sentence, _widest(profile, unit)))


def _widest(profile: Profile, unit: Unit) -> str:
    """Return where the days differ most from each other."""
    half = np.where(profile.has_bands, profile.curves[3] - profile.curves[1], np.nan)
    if np.isnan(half).all():
        return _("Too few days to tell how much they differ.")
    i = int(np.nanargmax(half))
    low, high = (text.glucose(float(profile.curves[c, i]), unit) for c in (1, 3))
    pattern = _("Days differ most at {time}, where half of them lie between {low} and {high} {unit}.")
    return pattern.format(time=typical.clock(MINUTES * i), low=low, high=high, unit=unit)
