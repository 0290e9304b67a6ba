"""The page Status: how the program itself does. Four answers first, then what they rest on."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.current import State
from cgm_dash.i18n import _, plural
from cgm_dash.silence import Cause, Filling, Silence, Why
from cgm_dash.trouble import Level
from cgm_dash.zones import local_date
from layouts import ids, outcomes, text
from layouts.alarm import in_words
from layouts.asking import ask_button, ask_plumbing
from layouts.banners import next_try
from layouts.status_view import RejectView, RequestView, SilenceView, StatusView
from layouts.strip import legend, strip, strip_frame
from layouts.tables import Cell, card, empty, facts, table
from layouts.views import Content

RAW_SHOWN = 160
"""Characters of a rejected record on the page; the whole of it stays in the database."""

TIMES_SHOWN = 3


def page(view: StatusView, key: str) -> Content:
    """Return the page at first paint; later on callbacks renew the areas of `areas`. key: of what it shows."""
    grid = html.Div(
        [
            html.Div(
                [
                    card(_("Stretches without live readings"), silences(view), ids.STATUS_SILENCES),
                    card(_("Last requests"), requests(view), ids.STATUS_REQUESTS),
                    card(_("Readings not taken"), rejects(view), ids.STATUS_REJECTS),
                    card(_("People and sources"), people(view), ids.STATUS_PEOPLE),
                ],
                className="c8 stacked",
            ),
            html.Div(
                [
                    card(_("Alarms"), alarms(view), ids.STATUS_ALARMS),
                    card(_("Database"), database(view), ids.STATUS_DATABASE),
                    card(_("Program"), program(view), ids.STATUS_PROGRAM),
                ],
                className="c4 stacked",
            ),
        ],
        className="grid12",
    )
    body: list[Component | None] = [
        html.P(as_of(view), id=ids.STATUS_AS_OF, className="sub as-of"),
        html.Div(answers(view), id=ids.STATUS_ANSWERS, className="stats four wide"),
        _source_card(view),
        grid,
        dcc.Store(id=ids.STATUS_PAINTED, data=key),
    ]
    return Content(page="status", body=body)


AREAS = (
    ids.STATUS_AS_OF,
    ids.STATUS_ANSWERS,
    ids.STATUS_SOURCE,
    ids.STATUS_STRIP,
    ids.STATUS_SILENCES,
    ids.STATUS_ALARMS,
    ids.STATUS_DATABASE,
    ids.STATUS_REQUESTS,
    ids.STATUS_REJECTS,
    ids.STATUS_PROGRAM,
    ids.STATUS_PEOPLE,
)
"""The areas whose children `areas` gives, in its order."""


def areas(view: StatusView) -> tuple[Any, ...]:
    """Return what AREAS show."""
    return (
        as_of(view),
        answers(view),
        source(view),
        strip(view.marks, view.zone, view.now),
        silences(view),
        alarms(view),
        database(view),
        requests(view),
        rejects(view),
        program(view),
        people(view),
    )


def as_of(view: StatusView) -> str:
    """Return of when what the page shows is: without its server it grows old like any other."""
    return _("As of {time}.").format(time=text.moment_to_the_second(view.now, view.zone, view.now))


# --- the four answers


def answers(view: StatusView) -> list[Component]:
    """Return the four answers: how new, how many, how well asked, what is wrong."""
    return [_newest(view), _readings(view), _asked(view), _wrong(view)]


def _answer(name: str, number: str, unit: str = "", foot: Cell = "", warn: bool = False) -> Component:
    shown = [number, html.Span(unit, className="unit") if unit else None]
    return html.Div(
        [
            html.P(name, className="t"),
            html.P(shown, className="n"),
            html.P(foot, className="f warn" if warn else "f"),
        ],
        className="stat",
    )


def _newest(view: StatusView) -> Component:
    current = view.current
    if current.measured_at is None:
        return _answer(_("Newest reading"), text.NOTHING, foot=_("There is none yet."))
    when = text.moment(current.measured_at, view.zone, view.now, current.offset_min)
    old = current.state is State.STALE
    foot = _("{time}, not current").format(time=when) if old else when
    return _answer(_("Newest reading"), text.age(current.age_s or 0), foot=foot, warn=old)


def _readings(view: StatusView) -> Component:
    name, found = _("Readings, last 24 h"), view.expected
    if found is None:
        return _answer(name, text.NOTHING, foot=_("There is none in this time."))
    of = _("of {n}").format(n=text.count(found.of))
    covered = _("{percent} of the time covered").format(percent=text.percent_fine(found.percent))
    return _answer(name, text.count(found.n), of, covered)


def _asked(view: StatusView) -> Component:
    name = _("Requests, last 24 h")
    runs, failed = sum(one.runs for one in view.marks), sum(one.failed for one in view.marks)
    if not runs:
        return _answer(name, text.NOTHING, foot=_("Nothing was asked in this time."))
    of = _("failed of {n}").format(n=text.count(runs))
    times = ", ".join(text.clock(one.at, view.zone) for one in reversed(view.failures[:TIMES_SHOWN]))
    if not failed:
        foot = _("every one was answered")
    elif failed <= TIMES_SHOWN:
        foot = times
    else:
        foot = _("last at {times}").format(times=text.clock(view.failures[0].at, view.zone))
    return _answer(name, text.count(failed), of, foot)


def _wrong(view: StatusView) -> Component:
    trouble, name = view.trouble or view.upkeep, _("Wrong now")
    if trouble is None:
        current = view.current
        if current.state is State.STALE and current.measured_at is not None:  # whatever the reason: not "Nothing"
            when = text.moment(current.measured_at, view.zone, view.now, current.offset_min)
            return _answer(name, _("No reading"), foot=_("since {time}").format(time=when), warn=True)
        spooled = _spooled(view.waiting) if view.waiting else _("no known fault")
        return _answer(name, _(outcomes.LEVELS[Level.NONE]), foot=spooled, warn=bool(view.waiting))
    foot = [html.Code(trouble.code, className="code"), next_try(view.next_try_at, view.zone, view.now)]
    return _answer(name, _(outcomes.LEVELS[trouble.level]), foot=foot, warn=True)


def _spooled(n: int) -> str:
    return plural("{n} answer waits to be stored", "{n} answers wait to be stored", n).format(n=n)


# --- the source and its strip


def _source_card(view: StatusView) -> Component:
    told = html.Div(source(view), id=ids.STATUS_SOURCE, className="grow")
    head = html.Div([told, ask_button(view.polled) if view.manages else None], className="cardhead")
    return html.Section(
        [head, *(ask_plumbing() if view.manages else ()), strip_frame(view.marks, view.zone, view.now), legend()],
        className="card",
    )


def source(view: StatusView) -> list[Component | None]:
    """Return which account is asked, how it does, and when it was asked last."""
    title = html.H2([_source_name(view), " ", outcomes.state(view.trouble, view.polled)])
    trouble = view.trouble
    told = None
    if trouble is not None:
        words = text.listing((_(trouble.sentence), next_try(view.next_try_at, view.zone, view.now)))
        told = html.P([words, " ", html.Code(trouble.code, className="code")], className="told")
    return [title, html.P(_last_asked(view), className="sub"), told]


def _source_name(view: StatusView) -> str:
    if view.demo:
        return _("Simulated LibreLinkUp")
    if not view.source:
        return "LibreLinkUp"
    return _("LibreLinkUp, {account}").format(account=view.source)


def _last_asked(view: StatusView) -> str:
    if not view.polled:
        return _("No account is connected, so nothing is asked.")
    if not view.requests:
        return _("Not asked yet.")
    last = view.requests[0]
    known = {"age": text.age(view.now - last.at), "took": _took(last.ms)}
    words = (
        _("Asked {age}, answered in {took}.") if last.code == outcomes.OK else _("Asked {age}, failed after {took}.")
    )
    every = plural("Asked every second.", "Asked every {n} seconds.", view.poll_seconds).format(n=view.poll_seconds)
    return text.listing((words.format(**known), every))


def _took(ms: int) -> str:
    return _("{n} s").format(n=text.decimal(ms / 1000, 2 if ms < 10_000 else 0))


# --- stretches without readings


def silences(view: StatusView) -> list[Component]:
    """Return the table of the last seven days."""
    sub = html.P(_("In the last 7 days, longer than 15 minutes"), className="sub")
    if not view.silences:
        known = view.current.measured_at is not None
        return [sub, empty(_("There was none.") if known else _("There are no readings yet."))]
    heads = (_("When"), _("Why"), _("What came in later"), _("Result"))
    rows = [_silence_row(one, view) for one in view.silences]
    parts: list[Component] = [sub, table(_("Stretches without live readings"), heads, rows, right=(3,))]
    if view.more_silences:
        more = plural("and {n} earlier one", "and {n} earlier ones", view.more_silences)
        parts.append(html.P(more.format(n=view.more_silences), className="sub"))
    return parts


def _silence_row(one: SilenceView, view: StatusView) -> list[Cell]:
    return [_when(one.silence, view), _why(one.why), _filled(one.silence), _result(one.silence)]


def _when(silence: Silence, view: StatusView) -> str:
    begun = text.moment(silence.start, view.zone, view.now)
    if silence.end is None:
        return _("since {time}").format(time=begun)
    same = local_date(view.zone, silence.start) == local_date(view.zone, silence.end)
    ended = text.clock(silence.end, view.zone) if same else text.moment(silence.end, view.zone, view.now)
    return f"{begun} {text.RANGE} {ended}"


def _why(why: Why) -> Cell:
    if why.cause is Cause.FAILED:
        words = _("Requests failed: {outcome}").format(outcome=outcomes.outcome(why.code))
        return [words, " ", html.Code(why.code, className="code")]
    if why.cause is Cause.NOT_SHARED:
        return [_("The readings were not shared with this account"), " ", html.Code(why.code, className="code")]
    if why.cause is Cause.SENSOR:
        return plural("New sensor, {n} minute of warm-up", "New sensor, {n} minutes of warm-up", why.warmup_min).format(
            n=why.warmup_min
        )
    return {
        Cause.NOT_ASKED: _("This program was not asking"),
        Cause.NOTHING_OFFERED: _("No reading was offered; often the phone is out of reach, or away from the sensor"),
        Cause.UNKNOWN: _("Not known"),
    }[why.cause]


def _filled(silence: Silence) -> str:
    length = text.duration(silence.seconds)
    if not silence.values:
        return _("{span}, nothing").format(span=length)
    values = plural("{n} value of the sensor's own history", "{n} values of the sensor's own history", silence.values)
    filled = values.format(n=silence.values)
    if silence.filling is Filling.HISTORY:
        return _("{span}, {values}").format(span=length, values=filled)
    missing = text.duration(silence.missing_s)
    return _("{span}, {values}; {missing} missing").format(span=length, values=filled, missing=missing)


def _result(silence: Silence) -> Component:
    if silence.filling is Filling.HISTORY:
        return html.Span(_("Filled"), className="tag ok")
    if silence.filling is Filling.PARTLY:
        return html.Span(_("Partly filled"), className="tag warn")
    return html.Span(_("Lasts") if silence.end is None else _("Open"), className="tag warn")


# --- requests and rejected records


def requests(view: StatusView) -> list[Component]:
    """Return the last requests."""
    if not view.requests:
        return [empty(_("Nothing was asked yet."))]
    heads = (_("Time"), _("Outcome"), _("New"), _("Took"))
    rows = [_request_row(one, view) for one in view.requests]
    return [html.Div(table(_("Last requests"), heads, rows, right=(2, 3)), className="plain")]


def _request_row(one: RequestView, view: StatusView) -> list[Cell]:
    if one.code != outcomes.OK:
        told, kind = outcomes.outcome(one.code), outcomes.tag(one.code)
    elif one.stored:
        told, kind = _("ok"), "tag ok"
    else:
        told, kind = _("nothing new"), "tag"
    tag = html.Span(told, className=kind, title=None if one.code == outcomes.OK else one.code)
    return [text.moment_to_the_second(one.at, view.zone, view.now), tag, text.count(one.stored), _took(one.ms)]


def rejects(view: StatusView) -> list[Component]:
    """Return the records that were not taken, as they came."""
    n = view.rejected
    sub = plural("{n} in 30 days, kept as received", "{n} in 30 days, kept as received", n).format(n=text.count(n))
    if not view.manages:
        return [empty(_("Only an owner sees them: they are kept as received, whosever they are."))]
    if not view.rejects:
        return [empty(_("None in 30 days."))]
    heads = (_("When"), _("Why not"), _("As received"))
    rows: list[list[Cell]] = [
        [text.moment(one.at, view.zone, view.now), outcomes.reason(one.reason), _raw(one)] for one in view.rejects
    ]
    shown = [html.P(sub, className="sub"), table(_("Readings not taken"), heads, rows)]
    if n > len(view.rejects):
        shown.append(html.P(_("The {n} seen last are shown.").format(n=len(view.rejects)), className="sub"))
    return shown


def _raw(one: RejectView) -> Cell:
    """Return the record as text alone: it may hold anything."""
    plain = "".join(c if c.isprintable() else " " for c in one.raw[:RAW_SHOWN])
    short = plain if one.raw_bytes <= RAW_SHOWN and len(one.raw) <= RAW_SHOWN else f"{plain}…"
    times = plural("seen {n} time", "seen {n} times", one.times).format(n=one.times) if one.times > 1 else ""
    return [html.Code(short, className="code"), html.Span(times, className="sub") if times else None]


# --- database, program, people


def alarms(view: StatusView) -> Component:
    """Return which alarms hold, when somebody last looked, and whether the world outside hears that all is well."""
    watch = view.watch
    held = [(one.name or _("Now"), in_words(one)) for one in view.alarms]
    looked = text.NOTHING if watch.looked_at is None else text.moment(watch.looked_at, view.zone, view.now)
    return facts([*(held or [(_("Now"), _("None"))]), (_("Last looked"), looked), (_("Outside call"), _called(view))])


def _called(view: StatusView) -> str:
    """Return what came of the last call to the address that is called while all is well."""
    watch = view.watch
    if not watch.calls:
        return _("Not set up (CGM_DASH_HEARTBEAT_URL)")
    failed = watch.failed_at is not None and watch.failed_at > (watch.delivered_at or 0)
    if failed:
        when = text.moment(watch.failed_at or 0, view.zone, view.now)
        return _("Failed {time}: {reason}").format(time=when, reason=watch.failure)
    if watch.delivered_at is None:
        return _("None yet: made while all is well")
    return _("Got through {time}").format(time=text.moment(watch.delivered_at, view.zone, view.now))


def database(view: StatusView) -> Component:
    """Return what the database is and holds."""
    base = view.database
    oldest = text.NOTHING if base.oldest is None else _day(base.oldest, view)
    schema = _("up to date ({revision})") if base.is_current else _("not this program's ({revision})")
    rows: list[tuple[str, Cell]] = [
        (_("Kind"), f"{base.kind} {base.version}"),
        (_("Size"), text.size(base.size)),
        (_("Readings"), text.count(base.readings)),
        (_("Oldest"), oldest),
        (_("Schema"), schema.format(revision=base.revision or text.NOTHING)),
        (_("Free on disk"), text.NOTHING if base.free is None else text.size(base.free)),
        (_("Nightly backup"), _backup(view)),
    ]
    return facts(rows)


def _backup(view: StatusView) -> Cell:
    """Return when the last good backup was made, and when one failed since."""
    good, bad = view.database.backup_at, view.database.backup_failed_at
    told = _("none yet") if good is None else text.moment(good, view.zone, view.now)
    if bad is None:
        return told
    return _("{time}; failed {failed}").format(time=told, failed=text.moment(bad, view.zone, view.now))


def _day(at: float, view: StatusView) -> str:
    return text.day_of_year(local_date(view.zone, at), local_date(view.zone, view.now))


def program(view: StatusView) -> Component:
    """Return what runs, since when, and who asks."""
    made = view.program
    led = _("one process, for all") if made.led else _("nobody")
    rows: list[tuple[str, Cell]] = [
        *made.versions,
        (_("Running since"), text.moment(made.since, view.zone, view.now)),
        (_("Asks the source"), led if made.polled else _("nobody; no account")),
        (_("Memory of this process"), text.NOTHING if made.memory is None else text.size(made.memory)),
        (_("Clock beside the source's"), _clock(made.clock_wrong)),
    ]
    return facts(rows)


def _clock(wrong: bool | None) -> str:
    if wrong is None:
        return _("not compared yet")
    return _("more than 2 minutes apart") if wrong else _("no difference seen")


def people(view: StatusView) -> list[Component]:
    """Return who is looked after, and where their readings come from, the best source first."""
    if not view.sources:
        return [empty(_("Nobody yet."))]
    heads = (_("Person"), _("Source"), _("Newest reading"), _("Brings"))
    rows: list[list[Cell]] = [
        [
            one.person or text.NOTHING,
            f"{source_kind(one.kind)}, {one.name}" if one.name else source_kind(one.kind),
            text.NOTHING if one.newest is None else text.moment(one.newest, view.zone, view.now),
            _("live readings and history") if one.live else _("history"),
        ]
        for one in view.sources
    ]
    return [table(_("People and sources"), heads, rows)]


def source_kind(kind: str) -> str:
    """Return a sort of source as its maker writes it."""
    return {"librelinkup": "LibreLinkUp"}.get(kind, kind)
