"""The catalogue and its imports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and the one row of state."""
    state = op.create_table(
        "catalogue_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("live", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "revision": 0, "live": 0}])
    _create_listings()
    _create_imports()


def downgrade() -> None:
    """Drop them, listings and all."""
    for table in ("import_listings", "rejections", "import_runs", "listings", "catalogue_state"):
        op.drop_table(table)


def _create_listings() -> None:
    op.create_table(
        "listings",
        sa.Column("listing_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("title", sa.Text),
        sa.Column("description", sa.Text),
        sa.Column("category", sa.JSON),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("place", sa.Text),
        sa.Column("latitude", sa.Float),
        sa.Column("longitude", sa.Float),
        sa.Column("status", sa.Text),
        sa.Column("seller_id", sa.Text),
        sa.Column("created_at_us", sa.BigInteger),
        sa.Column("photos", sa.JSON),
        sa.Column("attributes", sa.JSON),
    )
    op.create_index("listings_by_revision", "listings", ["revision"], unique=True)


def _create_imports() -> None:
    op.create_table(
        "import_runs",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("position", "created", "changed", "unchanged", "rejected", "deleted")
        ),
    )
    op.create_table(
        "rejections",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("import_id", sa.BigInteger, sa.ForeignKey("import_runs.id"), nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("listing_id", sa.Text),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("rejections_by_import", "rejections", ["import_id", "id"])
    op.create_table(
        "import_listings",
        sa.Column("import_id", sa.BigInteger, sa.ForeignKey("import_runs.id"), nullable=False),
        sa.Column("listing_id", sa.Text, nullable=False),
    )
    op.create_index("import_listings_by_import", "import_listings", ["import_id", "listing_id"])
