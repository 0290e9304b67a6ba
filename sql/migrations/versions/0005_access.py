"""Who may look, and who did what: users, sessions, tokens, shares, their audit; the state of alarms"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="as typed at the sign-in"),
        sa.Column("name_key", sa.Text(), nullable=False, comment="the name's NFKC case fold, which is compared"),
        sa.Column("role", sa.Text(), nullable=False, comment="cgm_dash.access.Role"),
        sa.Column("sees_all", sa.Boolean(), nullable=False, comment="true: everyone, also those to come"),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id, in its own notation"),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True, comment="encrypted; null: no second factor"),
        sa.Column(
            "totp_step", sa.BigInteger(), nullable=True, comment="newest 30 s step a code was taken of: never twice"
        ),
        sa.Column("created", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("last_seen", sa.BigInteger(), nullable=True, comment="UTC epoch seconds of the last sign-in"),
        sa.UniqueConstraint("name_key", name=op.f("uq_users_name_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_people",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_user_people_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_people_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "person_id", name=op.f("pk_user_people")),
    )
    op.create_index(op.f("ix_user_people_person_id"), "user_people", ["person_id"])
    op.create_table(
        "shares",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the secret in the link"),
        sa.Column("name", sa.Text(), nullable=False, comment="for whom, as its maker says"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False, comment="names of the pages it opens, separated by commas"),
        sa.Column("pin_hash", sa.Text(), nullable=True, comment="argon2id; null: no PIN"),
        sa.Column("created_by", sa.Text(), nullable=False, comment="the user's name then"),
        sa.Column("created", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("last_used", sa.BigInteger(), nullable=True, comment="UTC epoch seconds"),
        sa.Column("uses", sa.Integer(), nullable=False, comment="how often it was opened"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_shares_person_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name=op.f("uq_shares_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_shares_person_id"), "shares", ["person_id"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the id in the cookie"),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("share_id", sa.Integer(), nullable=True),
        sa.Column(
            "half", sa.Boolean(), nullable=False, comment="true: the second factor is still to come; opens nothing"
        ),
        sa.Column("created", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column(
            "last_seen", sa.BigInteger(), nullable=False, comment="UTC epoch seconds, written once a minute at most"
        ),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="UTC epoch seconds, whatever happens"),
        sa.Column("address", sa.Text(), nullable=False, comment="the client's network address at its beginning"),
        sa.Column("agent", sa.Text(), nullable=False, comment="what the browser calls itself, cut"),
        sa.ForeignKeyConstraint(["share_id"], ["shares.id"], name=op.f("fk_sessions_share_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.CheckConstraint("(user_id IS NULL) <> (share_id IS NULL)", name=op.f("ck_sessions_one_owner")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires"), "sessions", ["expires"])
    op.create_index(op.f("ix_sessions_share_id"), "sessions", ["share_id"])
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("name", sa.Text(), nullable=False, comment="of the program, as its maker says"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="cgm_dash.access.Scope, separated by commas"),
        sa.Column("person_id", sa.Integer(), nullable=True, comment="whose readings; null: everyone's"),
        sa.Column("created_by", sa.Text(), nullable=False, comment="the user's name then, or command"),
        sa.Column("created", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("expires", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column(
            "last_used", sa.BigInteger(), nullable=True, comment="UTC epoch seconds, written once a minute at most"
        ),
        sa.Column("last_address", sa.Text(), nullable=False, comment="the client's network address then, empty never"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tokens_person_id"), "tokens", ["person_id"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.Column("who", sa.Text(), nullable=False, comment="cgm_dash.access.Caller.label, as it was then"),
        sa.Column("address", sa.Text(), nullable=False, comment="the client's network address, empty for a command"),
        sa.Column("action", sa.Text(), nullable=False, comment="cgm_dash.access.Action"),
        sa.Column("about", sa.Text(), nullable=False, comment="to what it was done; never a glucose value or a secret"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_table(
        "attempts",
        sa.Column("key", sa.Text(), nullable=False, comment="what is counted: a kind and an address, account or link"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="since first_at"),
        sa.Column("first_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds at which counting began"),
        sa.Column("last_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds of the newest failure"),
        sa.Column(
            "open_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds from which on a try is let through"
        ),
        sa.Column(
            "waits",
            sa.Integer(),
            nullable=False,
            comment="how often it was closed in a row: each wait is twice as long",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_last_at"), "attempts", ["last_at"])
    op.create_table(
        "setup_secrets",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="1: there is one at most"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of what was printed"),
        sa.Column("made_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup_secrets")),
    )
    op.create_table(
        "alarms",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="cgm_dash.alarm.AlarmKind"),
        sa.Column("raised_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds at which this one began"),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, comment="UTC epoch seconds it was last found to hold"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="UTC epoch seconds; null: it holds"),
        sa.Column("cause", sa.Text(), nullable=False, comment="a stable word: why there are no data, empty for a low"),
        sa.Column("silent_until", sa.BigInteger(), nullable=True, comment="UTC epoch seconds; acknowledged until then"),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True, comment="UTC epoch seconds"),
        sa.Column("acknowledged_by", sa.Text(), nullable=False, comment="the user's name then, empty nobody"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_alarms_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_alarms")),
    )
    for statement in _keep_the_audit(op.get_bind().dialect.name):
        op.execute(statement)


def _keep_the_audit(dialect: str) -> Sequence[str]:
    """Return the statements that make the audit a table to which rows are only added.

    None can be changed, and none removed until it is 400 days old by the database's clock.
    """
    if dialect != "postgresql":
        return (
            """CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
               BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
            """CREATE TRIGGER audit_kept BEFORE DELETE ON audit
               WHEN OLD.at >= CAST(strftime('%s', 'now') AS INTEGER) - 400 * 86400
               BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
        )
    return (
        """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$""",
        """CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
           FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
        """CREATE TRIGGER audit_kept BEFORE DELETE ON audit
           FOR EACH ROW WHEN (OLD.at >= extract(epoch FROM now())::bigint - 400 * 86400)
           EXECUTE FUNCTION audit_refuse()""",
        """CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
           FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    )
