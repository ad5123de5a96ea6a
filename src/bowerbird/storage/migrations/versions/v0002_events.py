"""The log of events, the log of replies served, and the imports of events."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and a row of state for each log."""
    state = op.create_table(
        "log_state",
        sa.Column("log", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("erasures", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(state, [{"log": log, "sequence": 0, "erasures": 0} for log in ("events", "queries")])
    _create_events()
    _create_queries()
    _create_imports()


def downgrade() -> None:
    """Drop them, both logs and all."""
    for table in ("event_rejections", "event_imports", "queries", "events", "log_state"):
        op.drop_table(table)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", _ID, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("listing_id", sa.Text, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("shopper", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("query_id", sa.Text),
        sa.Column("position", sa.Integer),
    )
    op.create_index("events_by_id", "events", ["event_id"], unique=True)
    _index_known("events", "events_by_shopper", "shopper", "time_us", "sequence")
    _index_known("events", "events_by_session", "session", "time_us", "sequence")
    _index_known("events", "events_by_query", "query_id")


def _create_queries() -> None:
    op.create_table(
        "queries",
        sa.Column("sequence", _ID, primary_key=True, autoincrement=False),
        sa.Column("query_id", sa.Text, nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("shopper", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("first_position", sa.Integer, nullable=False),
        sa.Column("listing_ids", sa.JSON, nullable=False),
        sa.Column("features", sa.LargeBinary),
    )
    op.create_index("queries_by_id", "queries", ["query_id"], unique=True)
    _index_known("queries", "queries_by_shopper", "shopper", "time_us", "sequence")
    _index_known("queries", "queries_by_session", "session", "time_us", "sequence")


def _create_imports() -> None:
    op.create_table(
        "event_imports",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("started_at_us", sa.BigInteger, nullable=False),
        sa.Column("finished_at_us", sa.BigInteger),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("position", "accepted", "duplicate", "rejected")
        ),
    )
    op.create_table(
        "event_rejections",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("import_id", sa.BigInteger, sa.ForeignKey("event_imports.id"), nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("shopper", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("listing_id", sa.Text),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("event_rejections_by_import", "event_rejections", ["import_id", "id"])


def _index_known(table: str, name: str, column: str, *following: str) -> None:
    known = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column, *following], sqlite_where=known, postgresql_where=known)
