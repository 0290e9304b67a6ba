"""What a set-up suffers from, in sentences with the remedy: pure rules over facts that `cgm-dash check` gathers."""

import http.client
import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from cgm_dash.settings import PREFIX, Settings, is_loopback

CLOCK_SLACK_S = 60
AHEAD_S = 2 * 86_400
"""So far ahead of the clock nothing true can lie: the gate lets five minutes pass."""

FIRST_YEAR_S, LAST_YEAR_S = 1_704_067_200, 4_102_444_800
"""2024 and 2100: outside of them the clock was never set."""

LIMITED_A_DAY = 3
CROWD = 1.5
"""So many times the runs that the interval allows are more than one poller and some requests by hand."""

OLD_BACKUP_S = 50 * 3600


def clock_problems(now: float, other: float | None, whose: str) -> Iterator[str]:
    """Give what is wrong with this machine's clock. now, other: UTC epoch seconds at the same moment; None unknown."""
    if not FIRST_YEAR_S <= now < LAST_YEAR_S:
        yield f"this machine's clock says {int(now)} (UTC epoch seconds), which cannot be; set it"
    elif other is not None and abs(now - other) > CLOCK_SLACK_S:
        yield (
            f"this machine's clock is {abs(now - other):.0f} s {'ahead of' if now > other else 'behind'} {whose}; have"
            " both set over the network (NTP)"
        )


def stored_time_problems(now: float, newest_reading: float | None, newest_run: float | None) -> Iterator[str]:
    """Give what stored instants tell of the clock: nothing can have been stored in the future."""
    for what, at in (("reading", newest_reading), ("run", newest_run)):
        if at is not None and at > now + AHEAD_S:
            yield (
                f"the newest {what} stored lies {(at - now) / 86_400:.0f} days ahead of this machine's clock; set the"
                " clock over the network, or it was wrong when that was stored"
            )


def proxy_problems(settings: Settings) -> Iterator[str]:
    """Give what of the settings for a server behind a proxy cannot work together."""
    public = [name for name in settings.allowed_hosts if not is_loopback(name)]
    proxies = [ipaddress.ip_network(text) for text in settings.trusted_proxies]
    if any(network.prefixlen == 0 for network in proxies):
        yield f"{PREFIX}TRUSTED_PROXIES: trusts everybody, so anybody can pass for another; name the proxy alone"
    if not is_loopback(settings.host) and not proxies and not settings.demo:
        yield (
            f"{PREFIX}HOST: '{settings.host}' is served without https, readable on its way; use 127.0.0.1 behind a"
            f" proxy that has a certificate, and name it in {PREFIX}TRUSTED_PROXIES"
        )
    if is_loopback(settings.host) and public and not proxies:
        yield (
            f"{PREFIX}TRUSTED_PROXIES: missing, though '{public[0]}' is allowed: all visitors seem to come from the"
            " proxy and https is not noticed; name the proxy's address, such as 127.0.0.1"
        )
    if is_loopback(settings.host) and proxies and not public:
        yield (
            f"{PREFIX}ALLOWED_HOSTS: missing, though a proxy is trusted: what it passes on under a public name is"
            " refused (421); add that name"
        )


def port_problems(host: str, port: int, answers: "Callable[[str, int], bool]") -> Iterator[str]:
    """Give that another program has the port. answers: whether this program's server does there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as exc:
        if not answers(host, port):
            yield (f"{PREFIX}PORT: {host}:{port} is used by another program ({exc.strerror}); stop it, or set another")


def serves_here(host: str, port: int) -> bool:
    """Return whether this program's server answers at that place of this machine."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  only compared
    try:
        with closing(http.client.HTTPConnection(near, port, timeout=3)) as asked:
            asked.request("GET", "/healthz")
            answer = asked.getresponse()
            return answer.status == 200 and answer.read(16) == b"ok"
    except (OSError, http.client.HTTPException):
        return False


@dataclass(frozen=True, slots=True)
class Polls:
    """What the runs of a while tell. hour: runs of the last hour. limited: runs of a day told to slow down.

    refused: runs of a day whose session was refused, as one sign-in ends another's. poll_seconds: the interval.
    """

    hour: int
    limited: int
    refused: int
    poll_seconds: int


def polling_problems(polls: Polls) -> Iterator[str]:
    """Give the signs of several pollers of one account."""
    allowed = CROWD * 3600 / polls.poll_seconds + 10
    if polls.hour > allowed:
        yield (
            f"{polls.hour} runs were stored in the last hour, where one poller makes {3600 // polls.poll_seconds}: more"
            " than one server polls into this database; stop the others"
        )
    if polls.limited + polls.refused >= LIMITED_A_DAY:
        yield (
            f"in the last day the service asked {polls.limited} times to slow down, and refused {polls.refused}"
            " sessions: another program seems to poll the same account; give each its own follower account"
        )


def backup_problems(now: float, first_run: float | None, last_ok: float | None, why: str, where: str) -> Iterator[str]:
    """Give that backups are missing or old. first_run: since when there is something to keep; why: of the last failure.

    Times: UTC epoch seconds, None never.
    """
    if why:
        yield f"the last nightly backup failed: {why}"
    if last_ok is None:
        if first_run is not None and now - first_run > OLD_BACKUP_S and not why:
            yield f"{where}: there is no backup yet; leave the server running over night, or run: cgm-dash backup FILE"
    elif now - last_ok > OLD_BACKUP_S:
        yield (
            f"{where}: the newest nightly backup is {(now - last_ok) / 86_400:.0f} days old; see the log of the server,"
            " or run: cgm-dash backup FILE"
        )


def spool_problems(waiting: int, refused: int, folder: str, served: bool) -> Iterator[str]:
    """Give that fetches wait for the database, or that some could not be stored. refused: bytes set aside."""
    if waiting:
        how = "they are stored as soon as the database takes them" if served else "start the server to have them stored"
        yield f"{folder}/spool.jsonl: {waiting} fetches wait to be stored; {how}"
    if refused:
        yield (
            f"{folder}/spool.refused: {refused} bytes that the database refused are kept there; the log says why. Move"
            " the file away once that is seen to"
        )


def owner_problems(any_owner: bool, demo: bool) -> Iterator[str]:
    """Give that nobody can sign in yet."""
    if not any_owner and not demo:
        yield (
            "there is no owner yet, so nobody can sign in; open the page and enter the set-up secret that the server"
            f" prints at its start, or set {PREFIX}OWNER_PASSWORD before the first start"
        )
