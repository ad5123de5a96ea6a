"""Photos that the owner hides, alone."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column of hidden photos, and the index of what is hidden in part or whole."""
    op.add_column("listings", sa.Column("hidden_photos", sa.JSON(none_as_null=True)))
    known = sa.text("hidden_photos IS NOT NULL")
    op.create_index(
        "listings_hidden_photos", "listings", ["revision"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    """Take it away; the photos are shown again."""
    op.drop_index("listings_hidden_photos", "listings")
    with op.batch_alter_table("listings") as batch:
        batch.drop_column("hidden_photos")
