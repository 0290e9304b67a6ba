"""LibreLinkUp as a source: everyone's newest value each minute, their graphs where gaps need filling.

The interface is not published. What is known of it was read in public clients: gui-dos/DiaBLE,
FokkeZB/libreview-unofficial, pachi81/GlucoDataHandler, timoschlueter/nightscout-librelink-up.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests

from cgm_dash.batch import Batch, Notice, Portion, Rejected
from cgm_dash.errors import SourceError, SourceUnavailable
from ingestion import answers, waits
from ingestion.authentication import Account, AuthenticationManager, RefusedError
from ingestion.memory import Memory
from ingestion.patience import Patience
from ingestion.source import SourceState
from ingestion.transport import DEADLINE_S, Answer, exchange
from ingestion.verdicts import Sign, Verdict, classify, clock_error_s

log = logging.getLogger(__name__)

KIND = "librelinkup"
FETCH_S = 28.0
"""Longest that one fetch may take, all its requests together: less than a server's time to shut down in peace."""

GAP_S = 360
"""A newest reading so many seconds later than the one before it: something was missed, and the graph may have it."""

GRAPH_NET_S = 25 * 60
"""Between two graphs of a wearer. The graph ends 17 to 21 minutes ago, so the next one after a gap holds all of it."""

CLOCK_ERROR_S = 120.0
"""Our clock and the upstream's may differ by as much before we say so."""

GRAPH_TIME_S = 3.0
"""Less time than this left of a fetch: a graph waits for the next one."""

LOGBOOK_S = 3_600
LOGBOOK_GONE_S = 86_400
VANISHED_S = 14 * 86_400
DAY = 86_400

CLOSED_AFTER, CLOSED_AFTER_S = 5, 30 * 60
"""So many 404 in a row over so many seconds: the interface is gone, not a server half deployed."""

ALONE = waits.SOON | {
    "sharing-stopped", "session-refused", "account-refused", "headers-refused", "version-refused", "closed-by-maker",
}  # fmt: skip
"""Troubles of a graph that may be that graph's alone: the newest values go on. Any other concerns the whole account."""


@dataclass(slots=True)
class _Followed:
    """What the client remembers of one wearer while it runs. code: trouble of the last graph; times: epoch seconds."""

    newest: int | None = None
    asked: float | None = None
    wait_s: float = 0.0
    code: str = ""
    detail: str = ""
    failures: int = 0

    def graph_due(self, now: float) -> bool:
        """Whether the time since the last graph is over, or the clock went back before it."""
        return self.asked is None or not 0 <= now - self.asked < self.wait_s

    def saw(self, newest: int | None) -> bool:
        """Note the newest reading's time; return whether a gap lies before it."""
        before, self.newest = self.newest, self.newest if newest is None else newest
        return before is not None and newest is not None and newest - before > GAP_S


class LibreLinkUp:
    """One follower account. No I/O before the first fetch; every call is bounded in time."""

    kind = KIND

    def __init__(
        self,
        session: requests.Session,
        clock: Callable[[], float],
        state: SourceState,
        *,
        email: str,
        password: str,
        region: str | None = None,
        url: str | None = None,
        version: str | None = None,
        accept_terms: bool = False,
        poll_seconds: float = 60.0,
        deadline_s: float = DEADLINE_S,
        fetch_s: float = FETCH_S,
        most_sign_ins: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """clock: epoch seconds UTC, used where no `now` is given. url, region, version: as the settings of these names.

        deadline_s: the longest one answer may take. fetch_s: all of one fetch. most_sign_ins: of this object, None as
        many as the rules allow.
        """
        self._session, self._clock, self._monotonic = session, clock, monotonic
        self._deadline_s, self._fetch_s, self._until = deadline_s, fetch_s, 0.0
        self._memory = Memory(state, url or "", email, password)
        self._patience = Patience(self._memory, poll_seconds)
        account = Account(email, password, region, url, version, accept_terms)
        self._auth = AuthenticationManager(self._exchange, self._memory, account, most_sign_ins)
        self._followed: dict[str, _Followed] = {}
        self._newest: dict[str, int] = {}
        self._clock_error_s = 0.0
        self._gone: list[float] = []

    # ------------------------------------------------------------------ what the pipeline asks

    def fetch(self, now: float) -> Batch:
        """Return everybody's newest reading, and graphs and logbook where they are due. As Source.fetch.

        Before the time of the next try nothing is sent: the same trouble is raised again.
        """
        self._newest = {}
        found, rejected = self._everyone(now)
        return self._batch(found, rejected, now)

    def backfill(self, now: float) -> Batch:
        """Return everybody's newest reading and whole graph as of *now*; the rhythm of fetch stays as it is."""
        found, rejected = self._everyone(now)
        notices: list[Notice] = []
        portions = [self._portion(one, self._graph(one, _Followed(), now, notices)) for one in found]
        return Batch(KIND, tuple(portions), tuple(rejected), tuple(notices))

    def probe(self, now: float | None = None) -> Batch:
        """Return everybody's newest reading alone: shows whether the account works. Raises as fetch does."""
        found, rejected = self._everyone(self._clock() if now is None else now)
        return Batch(KIND, tuple(self._portion(one, None) for one in found), tuple(rejected))

    def try_again(self) -> None:
        """Lift every wait, for a person who has acted; the next fetch asks at once."""
        self._memory.refresh()
        self._auth.start_afresh()
        self._patience.lift()

    def ask_again(self) -> None:
        """Lift the waits a person may lift: not those that the upstream itself asked for, its limits and locks."""
        self._memory.refresh()
        self._auth.start_afresh()
        self._patience.lift(keep=waits.ASKED_FOR)

    @property
    def newest(self) -> Mapping[str, int]:
        """Time of each wearer's newest reading in the last fetch, UTC epoch seconds; empty where that failed."""
        return dict(self._newest)

    # ------------------------------------------------------------------ connections

    def _everyone(self, now: float) -> tuple[list[answers.Connection], list[Rejected]]:
        """Return all connections and the records that are none. Raises SourceError where it cannot or may not ask."""
        self._memory.refresh()
        self._patience.check(now)
        self._until = self._monotonic() + self._fetch_s
        try:
            found, rejected = answers.connections(self._data("/llu/connections", now).body["data"])
            if not found:
                raise RefusedError(Verdict("bad-answer" if rejected else "no-connection"))
            self._gone.clear()
            self._patience.succeeded()
            return found, rejected
        except (RefusedError, SourceError, answers.UnreadableError) as exc:
            verdict = self._closed(_verdict(exc), now)
        raise self._patience.failed(verdict, now)

    def _closed(self, verdict: Verdict, now: float) -> Verdict:
        """Return *verdict*, or that the interface is gone where 404 has lasted."""
        self._gone = [*self._gone, now] if verdict.sign is Sign.GONE else []
        if len(self._gone) < CLOSED_AFTER or now - self._gone[0] < CLOSED_AFTER_S:
            return verdict
        self._gone = self._gone[:1] + self._gone[-CLOSED_AFTER:]
        return replace(verdict, code="closed-by-maker")

    # ------------------------------------------------------------------ one poll's batch

    def _batch(self, found: list[answers.Connection], rejected: list[Rejected], now: float) -> Batch:
        notices: list[Notice] = []
        portions: list[Portion] = []
        self._newest = {one.wearer.external_id: at for one in found if (at := one.live.newest) is not None}
        for one in found:
            followed = self._followed.setdefault(one.wearer.external_id, _Followed())
            due = followed.saw(one.live.newest) or followed.graph_due(now)
            graph = self._graph(one, followed, now, notices) if due and self._may_go_on(notices) else None
            portions.append(self._portion(one, graph))
        if self._may_go_on(notices):
            portions = self._with_logbook(portions, now, notices)
        told = {notice.external_id for notice in notices}
        lasting = [Notice(f.code, who, f.detail) for who, f in self._followed.items() if f.code and who not in told]
        here = {one.wearer.external_id for one in found}
        notices += [notice for notice in lasting if notice.external_id in here] + self._vanished(here, now)
        if abs(self._clock_error_s) > CLOCK_ERROR_S:
            notices.append(Notice("clock-wrong", detail=f"{self._clock_error_s:+.0f} s"))
        return Batch(KIND, tuple(portions), tuple(rejected), tuple(notices))

    def _may_go_on(self, notices: list[Notice]) -> bool:
        """Whether the account may be asked more in this fetch."""
        return self._until - self._monotonic() > GRAPH_TIME_S and all(n.code in ALONE for n in notices)

    def _portion(self, one: answers.Connection, graph: answers.Graph | None) -> Portion:
        if graph is None:
            return Portion(one.wearer, one.live.columns, one.sensors, one.live.rejected)
        return Portion(
            one.wearer,
            answers.joined([one.live.columns, graph.points.columns]),
            answers.merged((*one.sensors, *graph.sensors)),
            one.live.rejected + graph.points.rejected,
        )

    def _graph(
        self, one: answers.Connection, followed: _Followed, now: float, notices: list[Notice]
    ) -> answers.Graph | None:
        """Return a wearer's graph, or None with a notice of what went wrong."""
        who = one.wearer.external_id
        followed.asked = now
        try:
            graph = answers.graph(self._data(f"/llu/connections/{who}/graph", now).body["data"])
            followed.code, followed.detail, followed.failures, followed.wait_s = "", "", 0, GRAPH_NET_S
            return graph
        except (RefusedError, SourceError, answers.UnreadableError) as exc:
            verdict = _verdict(exc)
        followed.failures = followed.failures + 1 if verdict.code == followed.code else 1
        followed.code, followed.detail = verdict.code, verdict.detail
        wait = waits.wait_s(verdict.code, followed.failures, retry_after_s=verdict.wait_s)
        followed.wait_s = GRAPH_NET_S if wait is None else wait
        self._note(verdict, who, now, notices)
        return None

    def _note(self, verdict: Verdict, who: str, now: float, notices: list[Notice]) -> None:
        """Add the notice of a partial failure; where it concerns the account, the next fetch waits as well."""
        notices.append(Notice(verdict.code, who, verdict.detail))
        if verdict.code not in ALONE:
            self._patience.failed(verdict, now)

    def _vanished(self, here: set[str], now: float) -> list[Notice]:
        """Return a notice for everyone who was followed within two weeks and is no longer listed."""
        people = {who: seen for who, seen in self._memory.numbers("people").items() if now - seen < VANISHED_S}
        if any(who not in people or not 0 <= now - people[who] < DAY for who in here):
            self._memory.put(people=people | dict.fromkeys(here, now))
            self._memory.save()
        return [Notice("sharing-stopped", who) for who in sorted(people.keys() - here)]

    # ------------------------------------------------------------------ logbook

    def _with_logbook(self, portions: list[Portion], now: float, notices: list[Notice]) -> list[Portion]:
        """Return *portions* with one wearer's logbook where one is due: hourly each, a day after it was not there."""
        due_at = self._memory.numbers("logbooks")
        for i, portion in enumerate(portions):
            who = portion.wearer.external_id
            if who in due_at and 0 < due_at[who] - now <= LOGBOOK_GONE_S:
                continue
            points, wait = self._logbook(who, now, notices)
            self._memory.put(logbooks=due_at | {who: now + wait})
            self._memory.save()
            columns = answers.joined([portion.columns, points.columns])
            portions[i] = replace(portion, columns=columns, rejected=portion.rejected + points.rejected)
            break
        return portions

    def _logbook(self, who: str, now: float, notices: list[Notice]) -> tuple[answers.Points, float]:
        """Return a wearer's logbook, empty where there is none, and the seconds until it is worth asking again."""
        try:
            verdict = self._data(f"/llu/connections/{who}/logbook", now, remedy=False)
            return answers.logbook(verdict.body["data"]), LOGBOOK_S
        except (RefusedError, SourceError, answers.UnreadableError) as exc:
            verdict = _verdict(exc)
        log.info("logbook got=no code=%s detail=%s", verdict.code, verdict.detail)
        if verdict.code not in ALONE:
            self._note(verdict, who, now, notices)
        return answers.NO_POINTS, LOGBOOK_GONE_S if verdict.sign is Sign.GONE else LOGBOOK_S

    # ------------------------------------------------------------------ requests

    def _data(self, path: str, now: float, *, remedy: bool = True) -> Verdict:
        """Return the verdict on a signed-in request that brought data. Raises RefusedError or SourceError.

        Each remedy is tried once: a fresh session, a demanded version, allowed documents, the global host.
        """
        tried: set[Sign] = set()
        while True:
            token = self._auth.token(now)
            answer = self._exchange("GET", self._auth.url(path), self._auth.headers(token), None)
            self._clock_error_s = clock_error_s(answer, now)
            verdict = classify(answer, now)
            if verdict.sign is Sign.OK:
                self._auth.prove(verdict.body.get("ticket"), now)
                return verdict
            if not remedy or verdict.sign in tried or not self._remedied(verdict, token, now):
                raise RefusedError(verdict)
            tried.add(verdict.sign)

    def _remedied(self, verdict: Verdict, token: str, now: float) -> bool:
        """Do what can be done about *verdict*; return whether the request is worth repeating."""
        if verdict.sign in (Sign.TOKEN_DEAD, Sign.STRANGER):
            return self._auth.renew(token, now)
        if verdict.sign is Sign.VERSION:
            return self._auth.adopt_version(verdict.wanted)
        if verdict.sign is Sign.STEP:
            return self._auth.finish_steps(verdict, now)
        return verdict.sign is Sign.NOT_LOADED and self._auth.look_globally(token, now)

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], json_body: Mapping[str, Any] | None
    ) -> Answer:
        """Return one answer, within what is left of the fetch's time."""
        left = self._until - self._monotonic()
        if left <= 0:
            raise SourceUnavailable("timeout", detail="no time left in this fetch")
        return exchange(
            self._session, method, url, headers, json_body,
            deadline_s=min(self._deadline_s, left), monotonic=self._monotonic,
        )  # fmt: skip


def _verdict(exc: Exception) -> Verdict:
    """Return what went wrong as a verdict: an answer's own, or that none came or none could be read."""
    if isinstance(exc, RefusedError):
        return exc.verdict if exc.verdict.code else replace(exc.verdict, code="bad-answer")
    if isinstance(exc, SourceError):
        return Verdict(exc.code, detail=exc.detail)
    return Verdict("bad-answer", detail=str(exc))
