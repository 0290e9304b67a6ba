"""Target sets: which limits and goals a person is judged by"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "people",
        sa.Column(
            "target_set",
            sa.Text(),
            nullable=False,
            server_default="adult",
            comment="cgm_dash.goals.TargetSet: adult, high-risk, pregnancy or custom",
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "goal_tir",
            sa.SmallInteger(),
            nullable=True,
            comment="percent of time in target to exceed, only where custom; null none",
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "goal_tbr",
            sa.SmallInteger(),
            nullable=True,
            comment="percent of time below low to stay under, only where custom; null none",
        ),
    )
    # Limits that are not the consensus ones for adults were never judged by its goals.
    op.execute(
        "UPDATE people SET target_set = 'custom' WHERE very_low <> 54 OR low <> 70 OR high <> 180 OR very_high <> 250"
    )
