"""The tables. Both databases have the same; each column's comment names its unit.

The person leads every key of what a person owns, so that PostgreSQL can partition or distribute these tables later.
Times are UTC epoch seconds in BIGINT.

readings: the key is (person, ts, source, kind). Every question starts with a person and a stretch of time (chart, days,
export, newest), and the layers of that stretch lie together on disk; a poll appends at the person's end. With the
source before the time, a stretch would be one descent for each source and kind. No second index: one on (person, seq)
makes file and insert half as large again (SQLite, a year of minutes: 17 to 26 MB, 0.5 to 0.8 s), and could not tell of
what was removed.

changes: instead of that index, one small row for each write that changed a person's readings: its sequence number and
the stretch it touched. A cache at sequence s reads again the stretches above s. Only the last few hundred are kept
(changes.KEPT); who is older than that starts afresh.

days, day_blocks, day_states, stale_days: made from the readings (sql.days), never the truth. They go with the person.

errands: a handful of rows that live for an hour at most; credentials stand in them encrypted, until they are taken.

users to setup_secrets: who may look, and who did what. Of passwords, session ids, tokens, links and the set-up secret
only what they can be checked with is kept. Sessions go with their user or share; the audit names people by text, so it
outlives them. All of these are bounded by their stores.

alarms: the state of each sort of alarm of each person, which a restart must neither repeat nor forget.

How corrections fit: a correction, an exclusion or a deletion is one transaction that writes who, when, why, the old and
the new value to an audit table of its own, alters the reading, raises the person's sequence and notes the stretch in
changes. The readings table and all that reads it stay as they are.

Ids of people, upstreams and sources are never given twice (AUTOINCREMENT on SQLite): a cache in another process may
still hold the old one.

readings has no foreign keys: PostgreSQL checks them row by row (a year of minutes: 3.3 s instead of 0.7), and every
writer holds the lock of the person's row, having found person and source together.
"""

import sqlalchemy as sa

NAMES = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = sa.MetaData(naming_convention=NAMES)

REVISION = "0005"
"""The migration these tables are the result of; a test holds it to the newest script."""

NO_ONE = 0
"""Stands for the person and source of a record that belongs to nobody we know."""

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, comment="as the user wants it, at first as the upstream tells it"),
    sa.Column("country", sa.Text, nullable=False, comment="ISO 3166 code, empty unknown"),
    sa.Column("zone", sa.Text, nullable=True, comment="IANA name; null not known yet"),
    sa.Column("zone_confirmed", sa.Boolean, nullable=False, comment="false: worked out, shown as assumed"),
    sa.Column("unit", sa.Text, nullable=False, comment="mg/dL or mmol/L: how it is shown, never how it is stored"),
    sa.Column("very_low", sa.SmallInteger, nullable=False, comment="mg/dL, below is very low"),
    sa.Column("low", sa.SmallInteger, nullable=False, comment="mg/dL, below is low"),
    sa.Column("high", sa.SmallInteger, nullable=False, comment="mg/dL, above is high"),
    sa.Column("very_high", sa.SmallInteger, nullable=False, comment="mg/dL, above is very high"),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="raised by every write that changes the readings"),
    sa.Column(
        "target_set",
        sa.Text,
        nullable=False,
        server_default="adult",
        comment="cgm_dash.goals.TargetSet: adult, high-risk, pregnancy or custom",
    ),
    sa.Column(
        "goal_tir",
        sa.SmallInteger,
        nullable=True,
        comment="percent of time in target to exceed, only where custom; null none",
    ),
    sa.Column(
        "goal_tbr",
        sa.SmallInteger,
        nullable=True,
        comment="percent of time below low to stay under, only where custom; null none",
    ),
    sqlite_autoincrement=True,
)

upstreams = sa.Table(
    "upstreams",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, comment="sort of source, such as librelinkup"),
    sa.Column("secrets", sa.LargeBinary, nullable=True, comment="encrypted JSON: account, password, address"),
    sa.Column("state", sa.LargeBinary, nullable=True, comment="encrypted JSON: token, region, version, latches"),
    sqlite_autoincrement=True,
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id"), nullable=False),
    sa.Column(
        "upstream_id",
        sa.Integer,
        sa.ForeignKey("upstreams.id", ondelete="SET NULL"),
        nullable=True,
        comment="which one showed it last; null: file or push",
    ),
    sa.Column("kind", sa.Text, nullable=False, comment="sort of source, such as librelinkup"),
    sa.Column("external_id", sa.Text, nullable=False, comment="the upstream's own identity of the wearer"),
    sa.Column("name", sa.Text, nullable=False, comment="what the upstream calls the wearer"),
    sa.Column("rank", sa.SmallInteger, nullable=False, comment="0 the person's best source; order of merging"),
    sa.Column("has_live", sa.Boolean, nullable=False, comment="a live reading was ever stored: its scans do not count"),
    sa.UniqueConstraint("kind", "external_id"),
    sa.Index(None, "person_id"),
    sa.Index(None, "upstream_id"),
    sqlite_autoincrement=True,
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("person_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ts", sa.BigInteger, primary_key=True, autoincrement=False, comment="UTC epoch seconds"),
    sa.Column("source_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False, comment="cgm_dash.reading.Kind"),
    sa.Column("mg_dl", sa.SmallInteger, nullable=False, comment="mg/dL, 20 to 600"),
    sa.Column("flag", sa.SmallInteger, nullable=False, comment="-1 LO, 0 none, 1 HI"),
    sa.Column("trend", sa.SmallInteger, nullable=False, comment="1 falling fast to 5 rising fast, 0 none"),
    sa.Column("offset_min", sa.SmallInteger, nullable=False, comment="wearer's minutes from UTC then; -32768 unknown"),
    sa.Column("period_s", sa.Integer, nullable=False, comment="nominal seconds to the next reading of its series"),
    sa.Column("arrived", sa.BigInteger, nullable=False, comment="UTC epoch seconds at which it was received"),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="people.seq of the write that stored it"),
    sa.CheckConstraint("mg_dl BETWEEN 20 AND 600", name="plausible"),
    sa.CheckConstraint(
        "kind BETWEEN 0 AND 7 AND flag BETWEEN -1 AND 1 AND trend BETWEEN 0 AND 7 AND period_s BETWEEN 1 AND 86400",
        name="within_bits",  # stored.py packs them
    ),
    sqlite_with_rowid=False,
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id"), primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False, comment="people.seq of the write"),
    sa.Column("ts_first", sa.BigInteger, nullable=False, comment="UTC epoch seconds, first instant touched"),
    sa.Column("ts_last", sa.BigInteger, nullable=False, comment="UTC epoch seconds, last instant touched"),
    sqlite_with_rowid=False,
)

conflicts = sa.Table(
    "conflicts",
    metadata,
    sa.Column("person_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ts", sa.BigInteger, primary_key=True, autoincrement=False, comment="UTC epoch seconds"),
    sa.Column("source_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False, comment="cgm_dash.reading.Kind"),
    sa.Column("mg_dl", sa.SmallInteger, primary_key=True, autoincrement=False, comment="mg/dL, the later value"),
    sa.Column("flag", sa.SmallInteger, primary_key=True, autoincrement=False, comment="of the later value"),
    sa.Column("first_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("times_seen", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

sensors = sa.Table(
    "sensors",
    metadata,
    sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id"), primary_key=True, autoincrement=False),
    sa.Column("serial", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Integer, sa.ForeignKey("sources.id"), nullable=False, comment="who named it first"),
    sa.Column("kind", sa.Text, nullable=False, comment="the maker's word, empty unknown"),
    sa.Column("activated", sa.BigInteger, nullable=True, comment="UTC epoch seconds; null unknown"),
    sa.Column("warmup_min", sa.Integer, nullable=False, comment="minutes without values at its start"),
    sa.Column("life_days", sa.Integer, nullable=True, comment="days; null unknown"),
    sa.Column("first_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
    sa.Column("upstream_id", sa.Integer, sa.ForeignKey("upstreams.id", ondelete="CASCADE"), nullable=True),
    sa.Column("started", sa.BigInteger, nullable=False, comment="UTC epoch seconds; of an hour: its beginning"),
    sa.Column("runs", sa.Integer, nullable=False, comment="runs the row stands for: 1, or those of an hour"),
    sa.Column("failed", sa.Integer, nullable=False, comment="how many of them did not end with ok"),
    sa.Column("hourly", sa.Boolean, nullable=False, comment="true: stands for an hour"),
    sa.Column("outcome", sa.Text, nullable=False, comment="ok or a stable code; of an hour: the commonest failure"),
    sa.Column("reason", sa.Text, nullable=False, comment="what an operator may read beside the code"),
    sa.Column("latency_ms", sa.Integer, nullable=False, comment="milliseconds; of an hour: the longest"),
    sa.Column("fetched", sa.Integer, nullable=False, comment="readings offered"),
    sa.Column("stored", sa.Integer, nullable=False, comment="readings new to us"),
    sa.Column("known", sa.Integer, nullable=False, comment="readings we had"),
    sa.Column("conflicts", sa.Integer, nullable=False, comment="readings we had with another value"),
    sa.Column("rejected", sa.Integer, nullable=False, comment="records that are no readings"),
    sa.Column("reasons", sa.Text, nullable=False, comment="JSON object: rejected records by reason"),
    sa.Column("newest_at", sa.BigInteger, nullable=True, comment="UTC epoch seconds of the newest reading offered"),
    sa.Column("retry_at", sa.BigInteger, nullable=True, comment="UTC epoch seconds of the next try"),
    sa.Index(None, "started"),
    sa.Index(None, "upstream_id", "started"),
)

rejected = sa.Table(
    "rejected",
    metadata,
    sa.Column("person_id", sa.Integer, primary_key=True, autoincrement=False, comment="0 nobody we know"),
    sa.Column("source_id", sa.Integer, primary_key=True, autoincrement=False, comment="0 none we know"),
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of reason and whole record"),
    sa.Column("upstream_id", sa.Integer, sa.ForeignKey("upstreams.id", ondelete="SET NULL"), nullable=True),
    sa.Column("reason", sa.Text, nullable=False, comment="a stable word such as future or out-of-range"),
    sa.Column("raw", sa.LargeBinary, nullable=False, comment="the record as received, UTF-8, at most 64 kB"),
    sa.Column("raw_bytes", sa.BigInteger, nullable=False, comment="bytes of the whole record"),
    sa.Column("first_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("times_seen", sa.Integer, nullable=False),
    sa.Index(None, "last_seen"),
    sa.Index(None, "upstream_id"),
)


def _owner() -> sa.Column[int]:
    """Return the person whose row it is; what is derived from readings goes with the person."""
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    return sa.Column("person_id", sa.Integer, person, primary_key=True, autoincrement=False)


days = sa.Table(
    "days",
    metadata,
    _owner(),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False, comment="local date, days since 1970-01-01"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="cgm_dash.day_pack: the merged series of the day"),
)

day_blocks = sa.Table(
    "day_blocks",
    metadata,
    _owner(),
    sa.Column("part", sa.SmallInteger, primary_key=True, autoincrement=False, comment="0 BinSums, 1 DayTotals"),
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False, comment="days.day // 32"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="cgm_dash.day_summary: sums over the days of the block"),
)

day_states = sa.Table(
    "day_states",
    metadata,
    _owner(),
    sa.Column(
        "made_for", sa.Text, nullable=False, comment="format and zone, with its rules, that the days are made by"
    ),
    sa.Column("end_day", sa.Integer, nullable=False, comment="days before it are kept; from it on, readings are read"),
    sa.Column("end_ts", sa.BigInteger, nullable=False, comment="UTC epoch seconds at which end_day begins"),
    sa.Column("period_s", sa.Integer, nullable=False, comment="longest period, seconds, that any reading of them has"),
)

stale_days = sa.Table(
    "stale_days",
    metadata,
    _owner(),
    sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False, comment="UTC day of the first instant"),
    sa.Column("ts_first", sa.BigInteger, nullable=False, comment="UTC epoch seconds, first instant touched"),
    sa.Column("ts_last", sa.BigInteger, nullable=False, comment="UTC epoch seconds, last instant touched"),
)

errands = sa.Table(
    "errands",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="random: whoever knows it may read the result"),
    sa.Column("kind", sa.Text, nullable=False, comment="cgm_dash.errand.ErrandKind"),
    sa.Column("payload", sa.LargeBinary, nullable=True, comment="encrypted JSON: credentials; gone once it is taken"),
    sa.Column("asked_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("deadline", sa.BigInteger, nullable=False, comment="UTC epoch seconds; no answer is awaited after it"),
    sa.Column("state", sa.Text, nullable=False, comment="cgm_dash.errand.ErrandState"),
    sa.Column("outcome", sa.Text, nullable=True, comment="ok or a stable code; null: none, nothing was sent"),
    sa.Column("ended_at", sa.BigInteger, nullable=True, comment="UTC epoch seconds"),
    sa.Column("next_at", sa.BigInteger, nullable=True, comment="UTC epoch seconds before which not to ask again"),
    sa.Column("result", sa.LargeBinary, nullable=True, comment="encrypted JSON: cgm_dash.errand.ErrandResult"),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, comment="as typed at the sign-in"),
    sa.Column("name_key", sa.Text, nullable=False, comment="the name's NFKC case fold, which is compared"),
    sa.Column("role", sa.Text, nullable=False, comment="cgm_dash.access.Role"),
    sa.Column("sees_all", sa.Boolean, nullable=False, comment="true: everyone, also those to come"),
    sa.Column("password_hash", sa.Text, nullable=False, comment="argon2id, in its own notation"),
    sa.Column("totp_secret", sa.LargeBinary, nullable=True, comment="encrypted; null: no second factor"),
    sa.Column("totp_step", sa.BigInteger, nullable=True, comment="newest 30 s step a code was taken of: never twice"),
    sa.Column("created", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_seen", sa.BigInteger, nullable=True, comment="UTC epoch seconds of the last sign-in"),
    sa.UniqueConstraint("name_key"),
    sqlite_autoincrement=True,
)

user_people = sa.Table(
    "user_people",
    metadata,
    sa.Column(
        "user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    sa.Column(
        "person_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    sa.Index(None, "person_id"),
)

shares = sa.Table(
    "shares",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the secret in the link"),
    sa.Column("name", sa.Text, nullable=False, comment="for whom, as its maker says"),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    sa.Column("pages", sa.Text, nullable=False, comment="names of the pages it opens, separated by commas"),
    sa.Column("pin_hash", sa.Text, nullable=True, comment="argon2id; null: no PIN"),
    sa.Column("created_by", sa.Text, nullable=False, comment="the user's name then"),
    sa.Column("created", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("expires", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_used", sa.BigInteger, nullable=True, comment="UTC epoch seconds"),
    sa.Column("uses", sa.Integer, nullable=False, comment="how often it was opened"),
    sa.UniqueConstraint("digest"),
    sa.Index(None, "person_id"),
    sqlite_autoincrement=True,
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True, comment="SHA-256 of the id in the cookie"),
    sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=True),
    sa.Column("share_id", sa.Integer, sa.ForeignKey("shares.id", ondelete="CASCADE"), nullable=True),
    sa.Column("half", sa.Boolean, nullable=False, comment="true: the second factor is still to come; opens nothing"),
    sa.Column("created", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_seen", sa.BigInteger, nullable=False, comment="UTC epoch seconds, written once a minute at most"),
    sa.Column("expires", sa.BigInteger, nullable=False, comment="UTC epoch seconds, whatever happens"),
    sa.Column("address", sa.Text, nullable=False, comment="the client's network address at its beginning"),
    sa.Column("agent", sa.Text, nullable=False, comment="what the browser calls itself, cut"),
    sa.CheckConstraint("(user_id IS NULL) <> (share_id IS NULL)", name="one_owner"),
    sa.Index(None, "user_id"),
    sa.Index(None, "share_id"),
    sa.Index(None, "expires"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of the token"),
    sa.Column("name", sa.Text, nullable=False, comment="of the program, as its maker says"),
    sa.Column("scopes", sa.Text, nullable=False, comment="cgm_dash.access.Scope, separated by commas"),
    sa.Column(
        "person_id",
        sa.Integer,
        sa.ForeignKey("people.id", ondelete="CASCADE"),
        nullable=True,
        comment="whose readings; null: everyone's",
    ),
    sa.Column("created_by", sa.Text, nullable=False, comment="the user's name then, or command"),
    sa.Column("created", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("expires", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("last_used", sa.BigInteger, nullable=True, comment="UTC epoch seconds, written once a minute at most"),
    sa.Column("last_address", sa.Text, nullable=False, comment="the client's network address then, empty never"),
    sa.UniqueConstraint("digest"),
    sa.Index(None, "person_id"),
    sqlite_autoincrement=True,
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
    sa.Column("who", sa.Text, nullable=False, comment="cgm_dash.access.Caller.label, as it was then"),
    sa.Column("address", sa.Text, nullable=False, comment="the client's network address, empty for a command"),
    sa.Column("action", sa.Text, nullable=False, comment="cgm_dash.access.Action"),
    sa.Column("about", sa.Text, nullable=False, comment="to what it was done; never a glucose value or a secret"),
    sa.Index(None, "at"),
    sqlite_autoincrement=True,
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True, comment="what is counted: a kind and an address, account or link"),
    sa.Column("failures", sa.Integer, nullable=False, comment="since first_at"),
    sa.Column("first_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds at which counting began"),
    sa.Column("last_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds of the newest failure"),
    sa.Column("open_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds from which on a try is let through"),
    sa.Column(
        "waits", sa.Integer, nullable=False, comment="how often it was closed in a row: each wait is twice as long"
    ),
    sa.Index(None, "last_at"),
)

setup_secrets = sa.Table(
    "setup_secrets",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, comment="1: there is one at most"),
    sa.Column("digest", sa.LargeBinary, nullable=False, comment="SHA-256 of what was printed"),
    sa.Column("made_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds"),
)

alarms = sa.Table(
    "alarms",
    metadata,
    _owner(),
    sa.Column("kind", sa.Text, primary_key=True, comment="cgm_dash.alarm.AlarmKind"),
    sa.Column("raised_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds at which this one began"),
    sa.Column("seen_at", sa.BigInteger, nullable=False, comment="UTC epoch seconds it was last found to hold"),
    sa.Column("ended_at", sa.BigInteger, nullable=True, comment="UTC epoch seconds; null: it holds"),
    sa.Column("cause", sa.Text, nullable=False, comment="a stable word: why there are no data, empty for a low"),
    sa.Column("silent_until", sa.BigInteger, nullable=True, comment="UTC epoch seconds; acknowledged until then"),
    sa.Column("acknowledged_at", sa.BigInteger, nullable=True, comment="UTC epoch seconds"),
    sa.Column("acknowledged_by", sa.Text, nullable=False, comment="the user's name then, empty nobody"),
)
