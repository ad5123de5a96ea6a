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
    false,
    text,
)

# SQLite numbers rows by itself only where the key is called INTEGER.
_Id = BigInteger().with_variant(Integer(), "sqlite")
_Json = JSON(none_as_null=True)

metadata = MetaData()


def _index_of_known(name: str, column: str, *following: str) -> Index:
    """An index of the rows that know `column`; the others, most of them in some logs, take no room."""
    known = text(f"{column} IS NOT NULL")
    return Index(name, column, *following, sqlite_where=known, postgresql_where=known)


# One row. Its revision is the last one given out; a writer locks it first and commits it with the change, so
# revisions become visible in order. `live` saves counting a million rows.
catalogue_state = Table(
    "catalogue_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("live", BigInteger, nullable=False),
)

# A deleted listing leaves its id and revision, so that those who tail the catalogue see it go; all else but
# what is hidden is emptied. `digest` is of the stored values: an upsert that brings the same ones changes
# nothing. `hidden` and `hidden_photos` (content hashes) are the word of the owner: whatever is written, they
# stay hidden until the owner shows them again.
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
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("hidden_photos", _Json),
    Index("listings_by_revision", "revision", unique=True),
    Index("listings_hidden", "revision", sqlite_where=text("hidden"), postgresql_where=text("hidden")),
    Index(
        "listings_hidden_photos",
        "revision",
        sqlite_where=text("hidden_photos IS NOT NULL"),
        postgresql_where=text("hidden_photos IS NOT NULL"),
    ),
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

# One row a log. `sequence` is the last one given out; writers lock the row and commit it with what they
# append, so sequences become visible in order. `erasures` counts the shoppers forgotten: whoever keeps what
# it read in memory sees by it that something is to be forgotten, and no row says whose.
log_state = Table(
    "log_state",
    metadata,
    Column("log", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("erasures", BigInteger, nullable=False),
)

# What shoppers did, in the order in which it became known. `query_id` names the reply that it was a part of.
events = Table(
    "events",
    metadata,
    Column("sequence", _Id, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("listing_id", Text, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("shopper", Text),
    Column("session", Text),
    Column("query_id", Text),
    Column("position", Integer),
    Index("events_by_id", "event_id", unique=True),
    _index_of_known("events_by_shopper", "shopper", "time_us", "sequence"),
    _index_of_known("events_by_session", "session", "time_us", "sequence"),
    _index_of_known("events_by_query", "query_id"),
)

# Each reply served: what was asked, and the listings that the page showed. A page is one row, as rankers
# read it whole; `features` is theirs: what they saw of each listing when they ranked it.
queries = Table(
    "queries",
    metadata,
    Column("sequence", _Id, primary_key=True, autoincrement=False),
    Column("query_id", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("shopper", Text),
    Column("session", Text),
    Column("words", Text, nullable=False),
    Column("request", _Json, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("first_position", Integer, nullable=False),
    Column("listing_ids", _Json, nullable=False),
    Column("features", LargeBinary),
    Index("queries_by_id", "query_id", unique=True),
    _index_of_known("queries_by_shopper", "shopper", "time_us", "sequence"),
    _index_of_known("queries_by_session", "session", "time_us", "sequence"),
)

event_imports = Table(
    "event_imports",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("source", Text, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Column("position", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
)

# Shopper and session stand beside what was refused, so that erasing a shopper finds it.
event_rejections = Table(
    "event_rejections",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("import_id", BigInteger, ForeignKey("event_imports.id"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("shopper", Text),
    Column("session", Text),
    Column("listing_id", Text),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("event_rejections_by_import", "import_id", "id"),
)

# Keys of the API. A key with a `parent` is a sign-in of a browser with that key: it ends when that one does.
# `secret_hash` is the SHA-256 of a random token of 256 bits, which is stored nowhere.
api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("parent", Text, ForeignKey("api_keys.key_id")),
    Column("name", Text, nullable=False),
    Column("scopes", _Json, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger),
    Column("revoked_at_us", BigInteger),
)

# What shoppers say is wrong with a listing. Who said it is not kept.
_unsettled = text("settled_at_us IS NULL")
reports = Table(
    "reports",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("listing_id", Text, nullable=False),
    Column("photo_id", Text),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("settled_at_us", BigInteger),
    Index("reports_open", "listing_id", "id", sqlite_where=_unsettled, postgresql_where=_unsettled),
)

# Who changed what. `key_id` is empty where keys were off, and where a command did it. A shopper who was
# erased is no `subject`: the log must not bring back their name.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Column("key_id", Text),
    Column("action", Text, nullable=False),
    Column("subject", Text),
    Index("audit_by_time", "time_us"),
    Index("audit_by_subject", "subject", "id"),
)
