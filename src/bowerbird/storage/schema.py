"""The tables of a market's database, in types that SQLite and PostgreSQL share.

The migrations in `migrations/versions` are what creates them; a test holds the two equal. Times are integers,
microseconds since 1970 (UTC), which both databases keep exactly. Lists are JSON, so that an owner can read
and query them with plain SQL.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

# SQLite numbers rows by itself only where the key is called INTEGER.
_Id = BigInteger().with_variant(Integer(), "sqlite")
_Json = JSON(none_as_null=True)

metadata = MetaData()

# One row. Its revision is the last one given out; a writer locks it first and commits it with the change, so
# revisions become visible in order. `live` saves counting a million rows.
catalogue_state = Table(
    "catalogue_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("live", BigInteger, nullable=False),
)

# A deleted listing leaves its id and revision, so that those who tail the catalogue see it go; all else is
# emptied. `digest` is of the stored values: an upsert that brings the same ones changes nothing.
listings = Table(
    "listings",
    metadata,
    Column("listing_id", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("digest", LargeBinary),
    Column("title", Text),
    Column("description", Text),
    Column("category", _Json),
    Column("price_minor", BigInteger),
    Column("currency", Text),
    Column("place", Text),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("status", Text),
    Column("seller_id", Text),
    Column("created_at_us", BigInteger),
    Column("photos", _Json),
    Column("attributes", _Json),
    Index("listings_by_revision", "revision", unique=True),
)

import_runs = Table(
    "import_runs",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("source", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("position", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
)

rejections = Table(
    "rejections",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("import_id", BigInteger, ForeignKey("import_runs.id"), nullable=False),
    Column("part", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("listing_id", Text),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("rejections_by_import", "import_id", "id"),
)

# The listings that a running import has met, for --delete-missing; emptied when it finishes.
import_listings = Table(
    "import_listings",
    metadata,
    Column("import_id", BigInteger, ForeignKey("import_runs.id"), nullable=False),
    Column("listing_id", Text, nullable=False),
    Index("import_listings_by_import", "import_id", "listing_id"),
)
