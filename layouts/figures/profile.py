"""The glucose profile: what is usual at each time of day, as percentile curves over many days.

Curves are smoothed for display alone (metrics.profile.smoothed); card and table tell the plain values.
"""

import numpy as np
import numpy.typing as npt

from cgm_dash.i18n import _, plural
from cgm_dash.metrics.histogram import BINS
from cgm_dash.metrics.profile import FEWEST_DAYS, MINUTES, Profile, smoothed
from cgm_dash.units import Unit
from layouts import text, tokens
from layouts.figures import typical
from layouts.figures.traces import Figure, f4, hatched
from layouts.figures.typical import DAY_MIN, Card, Look

Float = npt.NDArray[np.float64]

LOW, HIGH = 40, 350
"""Range of the y axis, always the same, so that size means something."""
HEIGHT, TOP, BOTTOM = 356, 16, 28
HEIGHT_PHONE = 278
LABEL_PX = 13
MIDDLE = 2
"""Position of the median among the curves."""
ZONE = ".085"


def figure_of(profile: Profile, look: Look) -> Figure:
    """Return the figure of *profile*."""
    colours = look.colours
    x, curves = _curves(profile)
    inside = np.clip(curves, LOW, HIGH)
    has_bands, there = _at_ends(profile.has_bands), ~np.isnan(curves[MIDDLE])
    fills = [tokens.alpha(colours["profile"], colours[f"profile-{name}"]) for name in ("outer", "inner")]
    data = [
        *_band("outer", x, (inside[0], inside[4]), has_bands & there, fills[0]),
        *_band("inner", x, (inside[1], inside[3]), has_bands & there, fills[1]),
        *hatched(_gaps(profile), LOW, HIGH, colours),
        *_medians(x, inside[MIDDLE], has_bands, colours["profile"]),
    ]
    return {
        "data": data,
        "layout": typical.layout(
            look,
            TOP,
            BOTTOM,
            xaxis=typical.x_axis(look, labels=True),
            yaxis=_y_axis(look),
            shapes=typical.limit_lines(look.targets, colours, ZONE),
            annotations=[*_limit_labels(look), *_curve_labels(inside[:, -1], has_bands, look)],
            meta=typical.meta(_cards(profile, x, inside, look.unit)),
        ),
    }


def _curves(profile: Profile) -> tuple[Float, Float]:
    """Return the minutes of the day and the five smoothed curves there: the middle of each bin, and both midnights.

    Midnight is the mean of its two neighbours; where one of them is missing so is it.
    """
    curves = np.stack([smoothed(curve) for curve in profile.curves])
    midnight = (curves[:, :1] + curves[:, -1:]) / 2
    x = np.concatenate(([0.0], MINUTES * (np.arange(BINS) + 0.5), [float(DAY_MIN)]))
    return x, np.concatenate((midnight, curves, midnight), axis=1)


def _at_ends(of_bins: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return what is said of bins for the points of the curves, midnight included."""
    midnight = of_bins[:1] & of_bins[-1:]
    return np.concatenate((midnight, of_bins, midnight))


def _runs(which: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where each run begins and ends, the end excluded."""
    edges = np.flatnonzero(np.diff(which.astype(np.int8), prepend=0, append=0))
    return [(int(i), int(j)) for i, j in edges.reshape(-1, 2)]


def _band(name: str, x: Float, sides: tuple[Float, Float], which: npt.NDArray[np.bool_], fill: str) -> list[Figure]:
    """Return the area between two curves as closed outlines: one for each stretch without a gap."""
    px: list[Float] = []
    py: list[Float] = []
    for i, j in _runs(which):
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


def _medians(x: Float, median: Float, has_bands: npt.NDArray[np.bool_], colour: str) -> list[Figure]:
    """Return the median, dashed where it rests on few days; the dashes reach to the line beside them."""
    few = ~has_bands & ~np.isnan(median)
    reach = few.copy()
    reach[1:] |= few[:-1]
    reach[:-1] |= few[1:]
    traces = (("median", has_bands, "solid"), ("median-few", reach, "5px,5px"))
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


def _gaps(profile: Profile) -> list[tuple[float, float]]:
    """Return the stretches of the day, minutes, of which no date has a reading."""
    if not profile.dates:
        return [(0, DAY_MIN)]
    return [(MINUTES * i, MINUTES * j) for i, j in _runs(np.isnan(profile.curves[MIDDLE]))]


# --- axes and labels


def _y_axis(look: Look) -> Figure:
    targets = look.targets
    values = [v for v in (targets.very_low, targets.very_high, HIGH) if LOW <= v <= HIGH]
    if look.phone or targets.low - targets.very_low < LABEL_PX:
        values = [v for v in values if v != targets.very_low]
    return {
        **typical.plain_axis(),
        "range": [LOW, HIGH],
        "tickvals": values,
        "ticktext": [text.glucose(v, look.unit) for v in values],
        "ticklabelstandoff": 8,
    }


def _limit_labels(look: Look) -> list[Figure]:
    """Return the labels of the target's limits, stronger than the axis's own."""
    place = {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -8, "yanchor": "middle", "showarrow": False}
    font = {"size": 12, "color": look.colours["ink"], "weight": 600}
    limits = (look.targets.low, look.targets.high)
    return [{**place, "y": y, "text": text.glucose(y, look.unit), "font": font} for y in limits]


def _curve_labels(last: Float, has_bands: npt.NDArray[np.bool_], look: Look) -> list[Figure]:
    """Return each curve's name at the right end; a phone has no room for them, its key says it."""
    if look.phone or np.isnan(last[MIDDLE]):
        return []
    curves = range(len(last)) if has_bands[-1] else (MIDDLE,)
    per_px = (HIGH - LOW) / (HEIGHT - TOP - BOTTOM)
    places = typical.apart([float(last[i]) for i in curves], LABEL_PX * per_px)
    common = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 8, "yanchor": "middle", "showarrow": False}
    labels = []
    for i, y in zip(curves, places, strict=True):
        words = _("Median") if i == MIDDLE else text.percent(Profile.PERCENTS[i])
        font = {"size": 12, "color": look.colours["profile" if i == MIDDLE else "ink-3"]}
        weight = {"weight": 600} if i == MIDDLE else {}
        labels.append({**common, "y": y, "text": words, "font": font | weight})
    return labels


# --- words


def _cards(profile: Profile, x: Float, curves: Float, unit: Unit) -> list[Card]:
    """Return the card of each bin with readings."""
    cards = []
    for i in np.flatnonzero(profile.days > 0).tolist():
        title, median, half, most = words_of(profile, i, unit)
        y = float(curves[MIDDLE, i + 1])
        beside = _("{unit} median").format(unit=unit)
        cards.append(typical.card(float(x[i + 1]), round(y, 1), title, median, beside, *filter(None, (half, most))))
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
    median = profile.curves[MIDDLE]
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
