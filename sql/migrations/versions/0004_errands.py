"""Errands: what a page asks of the process that polls"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "errands",
        sa.Column("id", sa.Text(), nullable=False, comment="random: whoever knows it may read the result"),
        sa.Column("kind", sa.Text(), nullable=False, comment="cgm_dash.errand.ErrandKind"),
        sa.Column(
            "payload", sa.LargeBinary(), nullable=True, comment="encrypted JSON: credentials; gone once it is taken"
        ),
        sa.Column("asked_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column(
            "deadline", sa.BigInteger(), nullable=False, comment="UTC epoch seconds; no answer is awaited after it"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="cgm_dash.errand.ErrandState"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="ok or a stable code; null: none, nothing was sent"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="UTC epoch seconds"),
        sa.Column("next_at", sa.BigInteger(), nullable=True, comment="UTC epoch seconds before which not to ask again"),
        sa.Column("result", sa.LargeBinary(), nullable=True, comment="encrypted JSON: cgm_dash.errand.ErrandResult"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errands")),
    )
