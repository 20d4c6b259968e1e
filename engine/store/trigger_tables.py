"""The tables of what starts runs and is told of them: schedules, hooks, subscriptions. Their SQL is written by hand."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text
from sqlmodel import SQLModel

_ID = String(36)
_META = SQLModel.metadata


def _id() -> Column[str]:
    return Column("id", _ID, primary_key=True)


def _of(target: str, *, nullable: bool = False) -> Column[str]:
    """The column that names a row of `target`, with which this one goes."""
    return Column(
        f"{target}_id", _ID, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable, index=True
    )


def _needed(name: str, type_: Any, **more: Any) -> Column[Any]:
    return Column(name, type_, nullable=False, **more)


def _maybe(name: str, type_: Any, **more: Any) -> Column[Any]:
    return Column(name, type_, nullable=True, **more)


def _only(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of some rows alone."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


Table(
    "schedule",
    _META,
    _id(),
    _of("room"),
    _needed("name", Text),
    _needed("cron", String(200)),
    _needed("zone", String(64)),
    _needed("input", Text),
    _needed("enabled", Boolean),
    _needed("overlap", String(16)),
    _needed("catch_up", String(16)),
    # Moved by compare-and-set in the transaction that starts the run; NULL while it is off.
    _maybe("next_due_us", BigInteger, index=True),
    _needed("created_us", BigInteger),
    _needed("updated_us", BigInteger),
    _maybe("created_by", _ID),
)

Table(  # what became of a due time
    "firing",
    _META,
    Column("schedule_id", _ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True),
    Column("due_us", BigInteger, primary_key=True, autoincrement=False),
    _needed("fired_us", BigInteger),
    _needed("outcome", String(16)),
    _maybe("run_id", _ID),
    _maybe("code", String(64)),
    _needed("message", Text),
)

Table(  # no secret in it: the address is kept as a hash, signing keys are derived
    "hook",
    _META,
    _id(),
    _of("room"),
    _needed("name", Text),
    _needed("token_sha256", String(64), unique=True),
    _needed("signing", String(16)),
    _needed("rotation", Integer),
    _maybe("signal", String(64)),
    _maybe("mapping", Text),
    _needed("headers", Text),
    _needed("enabled", Boolean),
    _needed("created_us", BigInteger),
    _needed("updated_us", BigInteger),
    _maybe("created_by", _ID),
)

Table(  # what came to a hook; `accepted` is NULL when it was refused
    "delivery",
    _META,
    _id(),
    Column("hook_id", _ID, ForeignKey("hook.id", ondelete="CASCADE"), nullable=False),
    _needed("delivery_id", String(200)),
    _maybe("accepted", Boolean),
    _needed("at_us", BigInteger),
    _maybe("run_id", _ID),
    _maybe("code", String(64)),
    _needed("message", Text),
    _only("delivery_once", "hook_id", "delivery_id", where="accepted", unique=True),
    Index("delivery_latest", "hook_id", "id"),
)

Table(  # who is told of events; `room_id` NULL: of all rooms
    "subscription",
    _META,
    _id(),
    _of("room", nullable=True),
    _needed("name", Text),
    _needed("url", Text),
    _needed("events", Text),
    _needed("rotation", Integer),
    _needed("enabled", Boolean),
    _maybe("off_reason", Text),
    _maybe("failing_since_us", BigInteger),
    _needed("created_us", BigInteger),
    _needed("updated_us", BigInteger),
    _maybe("created_by", _ID),
)

Table(  # an event to be told; no foreign keys, for that a subscription goes must not fail the commit of a run
    "notice",
    _META,
    Column("id", String(64), primary_key=True),
    _needed("subscription_id", _ID),
    _needed("run_id", _ID),
    _needed("seq", Integer),
    _needed("type", String(32)),
    _needed("status", String(16)),
    _needed("attempts", Integer),
    # When it is sent, or when whoever sends it has lost it.
    _needed("next_us", BigInteger),
    _maybe("owner", _ID),
    _maybe("response_status", Integer),
    _maybe("error", Text),
    _needed("created_us", BigInteger, index=True),
    _maybe("done_us", BigInteger),
    _only("notice_due", "next_us", where="status = 'PENDING'"),
    _only("notice_due_of", "subscription_id", "next_us", where="status = 'PENDING'"),
    _only("notice_sent", "owner", where="status = 'PENDING' AND owner IS NOT NULL"),
    Index("notice_order", "subscription_id", "run_id", "seq"),
)
