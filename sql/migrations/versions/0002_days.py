"""Days in packed form and sums over them, derived from the readings"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "days",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "day", sa.Integer(), autoincrement=False, nullable=False, comment="local date, days since 1970-01-01"
        ),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="cgm_dash.day_pack: the merged series of the day"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_days_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "day", name=op.f("pk_days")),
    )
    op.create_table(
        "day_blocks",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.SmallInteger(), autoincrement=False, nullable=False, comment="0 BinSums, 1 DayTotals"),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False, comment="days.day // 32"),
        sa.Column(
            "data",
            sa.LargeBinary(),
            nullable=False,
            comment="cgm_dash.day_summary: sums over the days of the block",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_day_blocks_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "part", "block", name=op.f("pk_day_blocks")),
    )
    op.create_table(
        "day_states",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "made_for",
            sa.Text(),
            nullable=False,
            comment="format and zone, with its rules, that the days are made by",
        ),
        sa.Column(
            "end_day",
            sa.Integer(),
            nullable=False,
            comment="days before it are kept; from it on, readings are read",
        ),
        sa.Column("end_ts", sa.BigInteger(), nullable=False, comment="UTC epoch seconds at which end_day begins"),
        sa.Column(
            "period_s", sa.Integer(), nullable=False, comment="longest period, seconds, that any reading of them has"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_day_states_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_day_states")),
    )
    op.create_table(
        "stale_days",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False, comment="UTC day of the first instant"),
        sa.Column("ts_first", sa.BigInteger(), nullable=False, comment="UTC epoch seconds, first instant touched"),
        sa.Column("ts_last", sa.BigInteger(), nullable=False, comment="UTC epoch seconds, last instant touched"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_stale_days_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "day", name=op.f("pk_stale_days")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Compressing them again would save a little and double the time to read them.
        op.execute("ALTER TABLE days ALTER COLUMN data SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE day_blocks ALTER COLUMN data SET STORAGE EXTERNAL")
