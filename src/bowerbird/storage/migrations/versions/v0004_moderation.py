"""What the owner hides, what shoppers report, and who changed what."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the mark of hidden listings, and the tables of reports and of the audit log."""
    op.add_column("listings", sa.Column("hidden", sa.Boolean, nullable=False, server_default=sa.false()))
    hidden = sa.text("hidden")
    op.create_index("listings_hidden", "listings", ["revision"], sqlite_where=hidden, postgresql_where=hidden)
    op.create_table(
        "reports",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("listing_id", sa.Text, nullable=False),
        sa.Column("photo_id", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("settled_at_us", sa.BigInteger),
    )
    unsettled = sa.text("settled_at_us IS NULL")
    op.create_index(
        "reports_open", "reports", ["listing_id", "id"], sqlite_where=unsettled, postgresql_where=unsettled
    )
    op.create_table(
        "audit_log",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
    )
    op.create_index("audit_by_time", "audit_log", ["time_us"])
    op.create_index("audit_by_subject", "audit_log", ["subject", "id"])


def downgrade() -> None:
    """Take them away; what was hidden is shown again."""
    op.drop_table("audit_log")
    op.drop_table("reports")
    op.drop_index("listings_hidden", "listings")
    with op.batch_alter_table("listings") as batch:
        batch.drop_column("hidden")
