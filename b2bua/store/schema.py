"""The tables of the newest schema; `b2bua.store.migrate` brings an older database to it.

Rule: nothing here is special to one database product. Times are UTC epoch milliseconds, identifiers are text
compared byte by byte, values of changing shape are blobs (packed msgpack) next to the columns that are
searched.

Growth: numbers, plans and versions stay in the thousands; `records` grows by every call, 10⁷ and more, at
about 1.3 KB each with all indexes. The blob is most of that and stands last, so that a scan need not read it.
Every index of a searched column ends in `accepted_ms`, since every search is newest first and stops at its
limit. Calls still up have a partial index that stays as small as their number. A search by area, plan or
state alone walks the index by time, and one by the beginning of a caller's number sorts all its matches: both
are for use with a period.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

SCHEMA_VERSION: Final = 4
"""The version that `METADATA` describes; whoever raises it adds the step to it to `b2bua.store.migrate`."""

METADATA: Final = MetaData()

# PostgreSQL's default collation orders text by language; ranges and prefixes of digits need bytes.
_Key = Text().with_variant(Text(collation="C"), "postgresql")
# Only INTEGER PRIMARY KEY counts up by itself in SQLite, and there it has 64 bits anyway.
_Serial = BigInteger().with_variant(Integer, "sqlite")

schema_version = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, nullable=False),
)

plans = Table(
    "plans",
    METADATA,
    Column("hash", _Key, primary_key=True),
    Column("number", _Key, nullable=False),
    Column("plain", LargeBinary, nullable=False),
)
"""What a plan says (`routing.document.to_plain`), once for each content hash; records name it."""

versions = Table(
    "versions",
    METADATA,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("number", _Key, nullable=False),
    Column("plan_hash", _Key, ForeignKey(plans.c.hash), nullable=False),
    Column("author", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("restored_from", _Serial, ForeignKey("versions.id")),
    Column("document", Text, nullable=False),
    Index("versions_number", "number", "id"),
    sqlite_autoincrement=True,
)
"""Every publication, with the document as its author wrote it: comments and order belong to the author."""

numbers = Table(
    "numbers",
    METADATA,
    Column("number", _Key, primary_key=True),
    Column("state", Text, nullable=False),
    Column("subscriber", Text, nullable=False),
    Column("live_version", _Serial, ForeignKey(versions.c.id), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

records = Table(
    "records",
    METADATA,
    Column("call_id", _Key, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("number", _Key, nullable=False),
    Column("caller", _Key, nullable=False),
    Column("area", _Key, nullable=False),
    Column("trunk", _Key, nullable=False),
    Column("target", _Key, nullable=False),
    Column("plan_hash", _Key, nullable=False),
    Column("state", Text, nullable=False),
    Column("accepted_ms", BigInteger, nullable=False),
    Column("answered_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("talk_ms", BigInteger, nullable=False),
    Column("slug", Text),
    Column("sip", Integer),
    Column("q850", Integer),
    Column("blame", Text),
    Column("hung_up_by", Text),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("presumed", Boolean, nullable=False),
    Column("record", LargeBinary, nullable=False),
)
"""`presumed`: the end was concluded from silence, so the call's own record of the same `seq` replaces it.

`plan_hash` is no foreign key: a call's record is kept even if what it says about plans is wrong.
"""

Index("records_time", records.c.accepted_ms)
for _column in ("number", "caller", "target", "trunk", "slug", "blame"):
    Index(f"records_{_column}", records.c[_column], records.c.accepted_ms)
Index(
    "records_open",
    records.c.accepted_ms,
    sqlite_where=records.c.ended_ms.is_(None),
    postgresql_where=records.c.ended_ms.is_(None),
)

closings = Table(
    "closings",
    METADATA,
    Column("call_id", _Key, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
)
"""Missed calls that were closed by hand (P4)."""

messages = Table(
    "messages",
    METADATA,
    Column("call_id", _Key, primary_key=True),
    Column("number", _Key, nullable=False),
    Column("read_ms", BigInteger),
    Column("read_by", Text, nullable=False, default=""),
    Column("told_ms", BigInteger, key="notified_ms"),
    Column("tell_ms", BigInteger, key="next_try_ms", nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
)
"""The state of each voicemail message that exists (M4). Two columns keep their names of schema version 3."""

places = Table(
    "places",
    METADATA,
    Column("number", _Key, primary_key=True),
    Column("node", _Key, primary_key=True),
    Column("next_place", BigInteger, nullable=False),
)
"""How many calls have reached each node that distributes by turns or shares (R3)."""

audit = Table(
    "audit",
    METADATA,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("subject", _Key, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("fields", Text, nullable=False, default="{}", server_default="{}"),
    Index("audit_subject", "subject", "id"),
)
"""Who did what to which number (`b2bua.store.audit`); `fields` is JSON, `detail` is of releases before version 4."""
