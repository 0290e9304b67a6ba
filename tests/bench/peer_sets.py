"""What each peer is asked to compute; runs inside the peer's own environment, never in this project's.

`python peer_sets.py PEER FILE RUNS` prints JSON: ms, the median; values, what came out, by the peer's own names.
Reading the file and what a peer does to it before any figure is not timed.
"""

import importlib
import io
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any

Work = Callable[[], Any]
Values = dict[str, float]

IGLU_SET = (
    *("above_percent", "active_percent", "adrr", "auc", "below_percent", "cogi", "conga", "cv_glu", "cv_measures"),
    *("ea1c", "episode_calculation", "gmi", "grade", "grade_eugly", "grade_hyper", "grade_hypo", "gri", "gvp", "hbgi"),
    *("hyper_index", "hypo_index", "igc", "in_range_percent", "iqr_glu", "j_index", "lbgi", "m_value", "mad_glu"),
    *("mag", "mage", "mean_glu", "median_glu", "modd", "pgs", "quantile_glu", "range_glu", "roc", "sd_glu"),
    *("sd_measures", "sd_roc", "summary_glu"),
)

GLUCOSTATS_SET = (
    *("time_stats", "observations_stats", "mean_in_ranges", "distribution", "auc", "risks_stats", "control_stats"),
    "variability_stats",
)


def iglu_python(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return its 41 metrics with their defaults, and some again with the parameters that are ours."""
    iglu = importlib.import_module("iglu_python")
    iglu.set_iglu_r_compatible(False)
    data = frame.rename(columns={"timestamp": "time", "glucose_mg_dl": "gl"}).assign(id="a")

    def ours() -> Values:
        found = {name: getattr(iglu, name)(data) for name in IGLU_SET if name != "roc"}
        found |= {f"conga{n}": iglu.conga(data, n=n) for n in (1, 2, 4, 24)}
        found |= {f"mage_{way}": iglu.mage(data, direction=way) for way in ("avg", "service", "plus", "minus")}
        found |= {"grade_hypo_70": iglu.grade_hypo(data, lower=70), "m_value_120": iglu.m_value(data, r=120)}
        found["range_70_140"] = iglu.in_range_percent(data, target_ranges=[[70, 140], [63, 140]])
        found["below_63"] = iglu.below_percent(data, targets_below=[63])
        found["percentiles"] = iglu.quantile_glu(data, quantiles=[5, 10, 25, 75, 90, 95])
        return dict(_flat(found))

    return lambda: [getattr(iglu, name)(data) for name in IGLU_SET], ours


def py_agata(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return its analysis of a glucose profile."""
    agata = importlib.import_module("py_agata.py_agata")
    data = frame.rename(columns={"timestamp": "t", "glucose_mg_dl": "glucose"}).astype({"glucose": float})
    return lambda: agata.Agata().analyze_glucose_profile(data), dict


def glucose360(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return its table of features of one person, without the processes it starts for several."""
    features = importlib.import_module("glucose360.features")
    data = frame.rename(columns={"timestamp": "Timestamp", "glucose_mg_dl": "Glucose"}).assign(ID="a").set_index("ID")
    return lambda: features.compute_features("a", data), dict


def cgmpy(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return its four sets over a fresh analysis, since it keeps what it computed."""
    package = importlib.import_module("cgmpy")
    data = frame.rename(columns={"timestamp": "time", "glucose_mg_dl": "glucose"}).astype({"glucose": float})

    def work() -> Any:
        analysis = package.GlucoseAnalysis(data)
        names = ("calculate_all_metrics", "time_range_summary", "calculate_all_cv_metrics")
        return [getattr(analysis, name)() for name in (*names, "calculate_variability_metrics")]

    return work, dict


def glycosignal(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return its summary."""
    metrics = importlib.import_module("glycosignal.metrics")
    data = frame.rename(columns={"timestamp": "Timestamp", "glucose_mg_dl": "Glucose"})
    return lambda: metrics.summary_dict(data), dict


def glucostats(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return all its groups of statistics but entropy and fluctuation analysis, which are another field."""
    package = importlib.import_module("glucostats.extract_statistics")
    data = frame.rename(columns={"timestamp": "time", "glucose_mg_dl": "glucose"}).assign(id="a").set_index("id")
    return lambda: package.ExtractGlucoStats(list(GLUCOSTATS_SET)).transform(data), dict


def diametrics(frame: Any) -> tuple[Work, Callable[[], Values]]:
    """Return its standard metrics."""
    metrics = importlib.import_module("diametrics.metrics")
    data = frame.rename(columns={"timestamp": "time", "glucose_mg_dl": "glc"})
    return lambda: metrics.all_standard_metrics(data, units="mg"), dict


PEERS = {f.__name__: f for f in (iglu_python, py_agata, glucose360, cgmpy, glycosignal, glucostats, diametrics)}


def _flat(found: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Give every number of tables of one row as `function.column`, of tables of several as `function.row.column`."""
    for name, result in found.items():
        if not hasattr(result, "iterrows"):
            continue
        for i, (_, row) in enumerate(result.iterrows()):
            place = name if len(result) == 1 else f"{name}.{row.get('type', '')}{row.get('level', i)}"
            for column, value in row.items():
                if isinstance(value, int | float) or hasattr(value, "dtype"):
                    yield f"{place}.{column}", float(value)


def main() -> None:
    """Time one peer."""
    peer, path, runs = sys.argv[1:]
    pandas = importlib.import_module("pandas")
    frame = pandas.read_csv(path, parse_dates=["timestamp"])
    warnings.simplefilter("ignore")
    taken = []
    with redirect_stdout(io.StringIO()):
        work, values = PEERS[peer](frame)
        for _ in range(int(runs)):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
        found = values()
    print(json.dumps({"ms": 1000 * statistics.median(taken), "values": found}))


if __name__ == "__main__":
    main()
