"""First tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conflicts",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ts", sa.BigInteger(), autoincrement=False, nullable=False, comment="UTC epoch seconds"),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False, comment="cgm_dash.reading.Kind"),
        sa.Column("mg_dl", sa.SmallInteger(), autoincrement=False, nullable=False, comment="mg/dL, the later value"),
        sa.Column("flag", sa.SmallInteger(), autoincrement=False, nullable=False, comment="of the later value"),
        sa.Column("first_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("last_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "ts", "source_id", "kind", "mg_dl", "flag", name=op.f("pk_conflicts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="as the user wants it, at first as the upstream tells it"),
        sa.Column("country", sa.Text(), nullable=False, comment="ISO 3166 code, empty unknown"),
        sa.Column("zone", sa.Text(), nullable=True, comment="IANA name; null not known yet"),
        sa.Column("zone_confirmed", sa.Boolean(), nullable=False, comment="false: worked out, shown as assumed"),
        sa.Column(
            "unit", sa.Text(), nullable=False, comment="mg/dL or mmol/L: how it is shown, never how it is stored"
        ),
        sa.Column("very_low", sa.SmallInteger(), nullable=False, comment="mg/dL, below is very low"),
        sa.Column("low", sa.SmallInteger(), nullable=False, comment="mg/dL, below is low"),
        sa.Column("high", sa.SmallInteger(), nullable=False, comment="mg/dL, above is high"),
        sa.Column("very_high", sa.SmallInteger(), nullable=False, comment="mg/dL, above is very high"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="raised by every write that changes the readings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "readings",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ts", sa.BigInteger(), autoincrement=False, nullable=False, comment="UTC epoch seconds"),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False, comment="cgm_dash.reading.Kind"),
        sa.Column("mg_dl", sa.SmallInteger(), nullable=False, comment="mg/dL, 20 to 600"),
        sa.Column("flag", sa.SmallInteger(), nullable=False, comment="-1 LO, 0 none, 1 HI"),
        sa.Column("trend", sa.SmallInteger(), nullable=False, comment="1 falling fast to 5 rising fast, 0 none"),
        sa.Column(
            "offset_min", sa.SmallInteger(), nullable=False, comment="wearer's minutes from UTC then; -32768 unknown"
        ),
        sa.Column(
            "period_s", sa.Integer(), nullable=False, comment="nominal seconds to the next reading of its series"
        ),
        sa.Column("arrived", sa.BigInteger(), nullable=False, comment="UTC epoch seconds at which it was received"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="people.seq of the write that stored it"),
        sa.CheckConstraint(
            "kind BETWEEN 0 AND 7 AND flag BETWEEN -1 AND 1 AND trend BETWEEN 0 AND 7 AND period_s BETWEEN 1 AND 86400",
            name=op.f("ck_readings_within_bits"),
        ),
        sa.CheckConstraint("mg_dl BETWEEN 20 AND 600", name=op.f("ck_readings_plausible")),
        sa.PrimaryKeyConstraint("person_id", "ts", "source_id", "kind", name=op.f("pk_readings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "upstreams",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="sort of source, such as librelinkup"),
        sa.Column("secrets", sa.LargeBinary(), nullable=True, comment="encrypted JSON: account, password, address"),
        sa.Column("state", sa.LargeBinary(), nullable=True, comment="encrypted JSON: token, region, version, latches"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upstreams")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "changes",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="people.seq of the write"),
        sa.Column("ts_first", sa.BigInteger(), nullable=False, comment="UTC epoch seconds, first instant touched"),
        sa.Column("ts_last", sa.BigInteger(), nullable=False, comment="UTC epoch seconds, last instant touched"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_changes_person_id")),
        sa.PrimaryKeyConstraint("person_id", "seq", name=op.f("pk_changes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rejected",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False, comment="0 nobody we know"),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False, comment="0 none we know"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of reason and whole record"),
        sa.Column("upstream_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, comment="a stable word such as future or out-of-range"),
        sa.Column("raw", sa.LargeBinary(), nullable=False, comment="the record as received, UTF-8, at most 64 kB"),
        sa.Column("raw_bytes", sa.BigInteger(), nullable=False, comment="bytes of the whole record"),
        sa.Column("first_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("last_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upstream_id"], ["upstreams.id"], name=op.f("fk_rejected_upstream_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("person_id", "source_id", "digest", name=op.f("pk_rejected")),
    )
    op.create_index(op.f("ix_rejected_last_seen"), "rejected", ["last_seen"], unique=False)
    op.create_index(op.f("ix_rejected_upstream_id"), "rejected", ["upstream_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("upstream_id", sa.Integer(), nullable=True),
        sa.Column("started", sa.BigInteger(), nullable=False, comment="UTC epoch seconds; of an hour: its beginning"),
        sa.Column("runs", sa.Integer(), nullable=False, comment="runs the row stands for: 1, or those of an hour"),
        sa.Column("failed", sa.Integer(), nullable=False, comment="how many of them did not end with ok"),
        sa.Column("hourly", sa.Boolean(), nullable=False, comment="true: stands for an hour"),
        sa.Column(
            "outcome", sa.Text(), nullable=False, comment="ok or a stable code; of an hour: the commonest failure"
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="what an operator may read beside the code"),
        sa.Column("latency_ms", sa.Integer(), nullable=False, comment="milliseconds; of an hour: the longest"),
        sa.Column("fetched", sa.Integer(), nullable=False, comment="readings offered"),
        sa.Column("stored", sa.Integer(), nullable=False, comment="readings new to us"),
        sa.Column("known", sa.Integer(), nullable=False, comment="readings we had"),
        sa.Column("conflicts", sa.Integer(), nullable=False, comment="readings we had with another value"),
        sa.Column("rejected", sa.Integer(), nullable=False, comment="records that are no readings"),
        sa.Column("reasons", sa.Text(), nullable=False, comment="JSON object: rejected records by reason"),
        sa.Column(
            "newest_at", sa.BigInteger(), nullable=True, comment="UTC epoch seconds of the newest reading offered"
        ),
        sa.Column("retry_at", sa.BigInteger(), nullable=True, comment="UTC epoch seconds of the next try"),
        sa.ForeignKeyConstraint(
            ["upstream_id"], ["upstreams.id"], name=op.f("fk_runs_upstream_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_started"), "runs", ["started"], unique=False)
    op.create_index(op.f("ix_runs_upstream_id_started"), "runs", ["upstream_id", "started"], unique=False)
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("upstream_id", sa.Integer(), nullable=True, comment="which one showed it last; null: file or push"),
        sa.Column("kind", sa.Text(), nullable=False, comment="sort of source, such as librelinkup"),
        sa.Column("external_id", sa.Text(), nullable=False, comment="the upstream's own identity of the wearer"),
        sa.Column("name", sa.Text(), nullable=False, comment="what the upstream calls the wearer"),
        sa.Column("rank", sa.SmallInteger(), nullable=False, comment="0 the person's best source; order of merging"),
        sa.Column(
            "has_live", sa.Boolean(), nullable=False, comment="a live reading was ever stored: its scans do not count"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sources_person_id")),
        sa.ForeignKeyConstraint(
            ["upstream_id"], ["upstreams.id"], name=op.f("fk_sources_upstream_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("kind", "external_id", name=op.f("uq_sources_kind_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sources_person_id"), "sources", ["person_id"], unique=False)
    op.create_index(op.f("ix_sources_upstream_id"), "sources", ["upstream_id"], unique=False)
    op.create_table(
        "sensors",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False, comment="who named it first"),
        sa.Column("kind", sa.Text(), nullable=False, comment="the maker's word, empty unknown"),
        sa.Column("activated", sa.BigInteger(), nullable=True, comment="UTC epoch seconds; null unknown"),
        sa.Column("warmup_min", sa.Integer(), nullable=False, comment="minutes without values at its start"),
        sa.Column("life_days", sa.Integer(), nullable=True, comment="days; null unknown"),
        sa.Column("first_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("last_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sensors_person_id")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_sensors_source_id")),
        sa.PrimaryKeyConstraint("person_id", "serial", name=op.f("pk_sensors")),
    )
