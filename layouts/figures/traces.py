"""What the charts' traces are made of: arrays as base64, and the hatched columns of stretches without data."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Figure = dict[str, Any]
Colours = Mapping[str, str]


def hatched(gaps: Sequence[tuple[float, float]], low: float, high: float, colours: Colours) -> list[Figure]:
    """Return the trace that hatches each of *gaps* from *low* to *high*, none without any."""
    if not gaps:
        return []
    x = np.array([(a, a, b, b, b) for a, b in gaps]).ravel()
    y = np.tile((low, high, high, low, np.nan), len(gaps))
    return [
        {
            "type": "scatter",
            "mode": "none",
            "name": "gaps",
            "x": u4(x),
            "y": f4(y),
            "fill": "toself",
            "fillcolor": colours["surface-2"],
            "fillpattern": {
                "shape": "/",
                "bgcolor": colours["surface-2"],
                "fgcolor": colours["line"],
                "fillmode": "replace",
                "fgopacity": 1,
                "size": 7,
                "solidity": 0.28,
            },
            "hoverinfo": "skip",
        }
    ]


def u4(values: npt.NDArray[Any]) -> dict[str, str]:
    """Return whole non-negative numbers as plotly's typed array."""
    return _encoded(np.rint(values).astype("<u4"), "u4")


def f4(values: npt.NDArray[Any]) -> dict[str, str]:
    """Return numbers, NaN for none, as plotly's typed array."""
    return _encoded(values.astype("<f4"), "f4")


def _encoded(values: npt.NDArray[Any], dtype: str) -> dict[str, str]:
    return {"dtype": dtype, "bdata": base64.b64encode(values.tobytes()).decode("ascii")}
