"""The live page with invented readings, to look at by hand: `python tests/layouts/preview.py`, then /set/NAME and /.

`--shots DIR` takes pictures of every scene at 1440 and 390 pixels, light and dark, and prints what the browser said.
"""

import argparse
import dataclasses
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import flask
import numpy as np
from dash import Dash, Input, Output, State, ctx, no_update
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[2]))

from cgm_dash import current, window
from cgm_dash.batch import NO_OFFSET, SensorSeen
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import level
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.series import Series
from cgm_dash.trouble import trouble
from cgm_dash.units import Unit
from cgm_dash.zones import local_date
from layouts import ids, now, shell
from layouts.figures import glucose
from layouts.views import (
    ChartView,
    HeroView,
    NowPage,
    PersonView,
    RangeView,
    StatisticsView,
    chart_key,
    heartbeat,
    visible_of,
    zone_since,
)

ZONE = ZoneInfo("Europe/Berlin")
DAYS = 95
MINUTES = DAYS * 1440
CSP = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; style-src-attr 'none';"
    " style-src-elem 'self' 'unsafe-inline'"  # the texts of dash's own style elements are the server's affair
)


def invented(end: int, seed: int = 3) -> Series:
    """Return 95 days of minutes that look like glucose."""
    rng = np.random.default_rng(seed)
    minute = np.arange(MINUTES)
    day = minute / 1440
    meals = sum(70 * np.exp(-(((day + shift) % 1 - 0.5) ** 2) / 0.004) for shift in (0.12, -0.1, -0.33))
    slow = np.convolve(rng.normal(0, 1, MINUTES // 60 + 40), np.ones(12) / 12, "same")
    wander = 55 * np.interp(minute / 60, np.arange(len(slow)), slow)
    mg_dl = np.clip(
        112 + np.asarray(meals) + wander + np.convolve(rng.normal(0, 3, MINUTES), np.ones(5) / 5, "same"), 41, 380
    )
    ts = end - 60 * np.arange(MINUTES - 1, -1, -1, dtype=np.int64)
    keep = rng.random(MINUTES // 30 + 1).repeat(30)[:MINUTES] > 0.02
    return columns(ts[keep], mg_dl[keep])


def columns(ts: Any, mg_dl: Any) -> Series:
    """Return a series of minutes from instants and values."""
    n = len(ts)
    return Series(
        ts,
        mg_dl.astype(np.int16),
        np.zeros(n, np.int8),
        np.zeros(n, np.int8),
        np.full(n, 3, np.int8),
        np.full(n, 60, np.int32),
        np.full(n, NO_OFFSET, np.int16),
        np.full(n, 60, np.int32),
    )


def without(series: Series, start: int, end: int) -> Series:
    """Return *series* with a gap."""
    keep = (series.ts < start) | (series.ts >= end)
    return Series(*(getattr(series, f.name)[keep] for f in dataclasses.fields(series)))


class Scene:
    """What the preview shows: a series that ends *age* seconds ago, ending at *values* where given."""

    def __init__(self, age: int = 20, end: tuple[int, ...] = (), trend: int = 3, **view: Any) -> None:
        self.age, self.end, self.trend, self.view = age, end, trend, view
        self.flag = view.pop("flag", 0)
        self.empty = view.pop("empty", False)
        self.people = view.pop("people", (PersonView("1", "Mira"),))
        self.born = time.time()

    def series(self) -> Series:
        """Return the readings up to now less the age."""
        now_s = int(self.born)
        series = invented(now_s - self.age)
        series = without(series, now_s - 5 * 3600, now_s - 5 * 3600 + 4200)
        if self.empty:
            return series.between(0, 1)
        mg_dl, flag, trend = series.mg_dl.copy(), series.flag.copy(), series.trend.copy()
        if self.end:
            mg_dl[-len(self.end) :] = self.end
        trend[-1] = self.trend
        if self.flag:
            flag[-12:] = self.flag
            mg_dl[-12:] = 40 if self.flag < 0 else 400
        return dataclasses.replace(series, mg_dl=mg_dl, flag=flag, trend=trend)


def falling(to: int) -> tuple[int, ...]:
    """Return an hour that falls to *to*."""
    return tuple(int(v) for v in np.linspace(150, to, 60))


SCENES: dict[str, Callable[[], Scene]] = {
    "fresh": lambda: Scene(end=tuple(int(v) for v in np.linspace(108, 125, 60)), trend=4),
    "late": lambda: Scene(age=8 * 60),
    "stale": lambda: Scene(age=27 * 60, trouble=trouble("network"), next_try_at=time.time() + 400),
    "low": lambda: Scene(end=falling(61), trend=2),
    "vlow": lambda: Scene(end=falling(48), trend=1, trouble=trouble("terms")),
    "high": lambda: Scene(end=tuple(int(v) for v in np.linspace(150, 231, 60)), trend=5),
    "vhigh": lambda: Scene(end=tuple(int(v) for v in np.linspace(150, 268, 60)), trend=4),
    "lo": lambda: Scene(end=falling(42), flag=-1),
    "hi": lambda: Scene(end=tuple(int(v) for v in np.linspace(250, 395, 60)), flag=1),
    "none": lambda: Scene(empty=True, trouble=trouble("no-connection")),
    "password": lambda: Scene(age=9 * 60, trouble=trouble("wrong-password")),
    "demo": lambda: Scene(demo=True, trouble=trouble("not-configured")),
    "warm": lambda: Scene(
        age=45 * 60, sensor=SensorSeen("x", activated=int(time.time()) - 18 * 60, warmup_min=60, life_days=14)
    ),
    "people": lambda: Scene(people=(PersonView("1", "Mira Rau"), PersonView("2", "Jonas")), trend=3),
}


class Preview:
    """The state of the preview: the scene, and whether the server has stopped answering."""

    def __init__(self) -> None:
        self.scene = SCENES["fresh"]()
        self.silent = False
        self.stale_minutes = 15

    def hero(self, series: Series, unit: Unit) -> HeroView:
        """Return the newest reading's view."""
        t = time.time()
        view = {"sensor": SensorSeen("x", activated=int(t) - 10 * 86_400, life_days=14), **self.scene.view}
        return HeroView(
            current=current.current(series, t, 60 * self.stale_minutes),
            unit=unit,
            zone=ZONE,
            now=t,
            person=self.scene.people[0].name,
            since=zone_since(series, t),
            stale_minutes=self.stale_minutes,
            **view,
        )

    def chart(self, series: Series, unit: Unit, chosen: str, viewer: Any, zoom: Any) -> ChartView:
        """Return the chart's view."""
        t = time.time()
        chosen = chosen if chosen != window.DATES else "7d"
        key = chart_key("1", chosen)
        return ChartView(
            series=series,
            window=window.named(chosen, t, ZONE),
            unit=unit,
            zone=ZONE,
            now=t,
            key=key,
            theme=viewer.get("theme", "light"),
            phone=viewer.get("phone", False),
            visible=visible_of(zoom, key),
        )

    def statistics(self, chart: ChartView) -> StatisticsView:
        """Return the figures' view."""
        part = chart.series.between(chart.window.start, chart.window.end)
        return StatisticsView(
            times=time_in_ranges(part),
            level=level(part),
            coverage=coverage(part, chart.window),
            window=chart.window,
            unit=chart.unit,
        )

    def page(self) -> Any:
        """Return the page as a visit gets it."""
        kept = flask.request.cookies if flask.has_request_context() else {}
        viewer = {"theme": kept.get("cgm_theme", "light"), "phone": kept.get("cgm_phone") == "1"}
        unit = Unit(kept.get("unit", Unit.MG_DL))
        chosen = kept.get("range", "12h")
        series = self.scene.series()
        chart = self.chart(series, unit, chosen, viewer, None)
        today = local_date(ZONE, time.time())
        return now.page(
            NowPage(
                hero=self.hero(series, unit),
                chart=chart,
                statistics=self.statistics(chart),
                range=RangeView(chosen=chosen, first=today - timedelta(days=6), last=today, today=today),
                people=self.scene.people,
                person_id="1",
                connect=self.scene.view.get("demo", False),
                tick_seconds=2,
            )
        )


def create(preview: Preview) -> Dash:
    """Return the app with the few callbacks that bring the page to life."""
    app = Dash(
        __name__,
        title=shell.PRODUCT,
        update_title="",
        assets_folder=str(shell.ASSETS),
        assets_ignore=shell.ASSETS_IGNORE,
        meta_tags=[dict(tag) for tag in shell.META_TAGS],
        index_string=shell.index_string(),
    )
    app.layout = preview.page
    server: flask.Flask = app.server

    @server.route(shell.BOOTSTRAP_PATH)
    def bootstrap() -> flask.Response:
        found = next(Path(sys.prefix).glob("lib/python*/site-packages/**/bootstrap.min.css"))
        return flask.send_file(found)

    @server.route("/set/<name>")
    def set_scene(name: str) -> str:
        preview.silent = name == "silent"
        if name in SCENES:
            preview.scene = SCENES[name]()
        return name

    @server.before_request
    def silence() -> tuple[str, int] | None:
        return ("", 503) if preview.silent and flask.request.path.startswith("/_dash-update") else None

    @server.after_request
    def policy(response: flask.Response) -> flask.Response:
        hashes = " ".join(f"{h}" for h in app.csp_hashes())
        response.headers["Content-Security-Policy"] = f"{CSP}; script-src 'self' {hashes}"
        return response

    @app.callback(
        Output(ids.HEARTBEAT, "children"),
        Output(ids.HERO, "children"),
        Output(ids.BANNER, "children"),
        Output(ids.GLUCOSE_GRAPH, "figure"),
        Output(ids.TIME_IN_RANGE, "children"),
        Output(ids.FIGURES, "children"),
        Output(ids.CHART_TITLE, "children"),
        Input(ids.TICK, "n_intervals"),
        Input(ids.RANGE_SELECT, "value"),
        Input(ids.UNIT_SELECT, "value"),
        Input(ids.VIEWER, "data"),
        Input(ids.VISIBLE, "data"),
        State(ids.HEARTBEAT, "children"),
        prevent_initial_call=True,
    )
    def renew(_tick: Any, chosen: str, unit: str, viewer: Any, zoom: Any, _beat: str) -> Any:
        series = preview.scene.series()
        hero = preview.hero(series, Unit(unit))
        live = [heartbeat(time.time()), now.hero(hero), now.banner(hero)]
        if ctx.triggered_id == ids.TICK:
            return (*live, no_update, no_update, no_update, no_update)
        chart = preview.chart(series, Unit(unit), chosen, viewer, zoom)
        figures = preview.statistics(chart)
        return (
            *live,
            glucose.figure_of(chart),
            now.time_in_range(figures),
            now.figures(figures),
            now.chart_title(chart),
        )

    return app


def serve(port: int) -> Preview:
    """Serve the preview in a thread of its own."""
    preview = Preview()
    server = make_server("127.0.0.1", port, create(preview).server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return preview


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8077)
    parser.add_argument("--scene", choices=SCENES, default="fresh")
    arguments = parser.parse_args()
    preview = serve(arguments.port)
    preview.scene = SCENES[arguments.scene]()
    print(f"http://127.0.0.1:{arguments.port}/")
    threading.Event().wait()


if __name__ == "__main__":
    main()
