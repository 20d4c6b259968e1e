"""The tables, the same on SQLite and PostgreSQL. Times are microseconds since 1970 UTC; JSON is canonical text."""

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

import engine.store.trigger_tables  # noqa: F401 - fills the metadata

_ID = 36


def _id(**kwargs: object) -> Column:  # type: ignore[type-arg]
    return Column(String(_ID), primary_key=True, **kwargs)  # type: ignore[arg-type]


def _ref(target: str, *, nullable: bool = False, ondelete: str = "CASCADE") -> Column:  # type: ignore[type-arg]
    return Column(String(_ID), ForeignKey(target, ondelete=ondelete), nullable=nullable, index=True)


def _us(*, nullable: bool = False, index: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(BigInteger, nullable=nullable, index=index)


def _text(*, nullable: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(Text, nullable=nullable)


class WorkflowRow(SQLModel, table=True):
    __tablename__ = "workflow"

    id: str = Field(sa_column=_id())
    name: str = Field(sa_column=_text())
    status: str = Field(max_length=16)
    draft: str = Field(sa_column=_text())
    revision: int = Field(default=1)
    error_count: int = Field(default=0)
    latest_version: int | None = Field(default=None)
    created_us: int = Field(sa_column=_us())
    updated_us: int = Field(sa_column=_us(index=True))
    created_by: str | None = Field(default=None, max_length=_ID)


class VersionRow(SQLModel, table=True):
    """Immutable: written once at publication, never updated."""

    __tablename__ = "workflow_version"

    workflow_id: str = Field(
        sa_column=Column(String(_ID), ForeignKey("workflow.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    document: str = Field(sa_column=_text())
    sha256: str = Field(max_length=64)
    meaning_sha256: str = Field(max_length=64)
    note: str = Field(default="", sa_column=_text())
    created_us: int = Field(sa_column=_us())
    created_by: str | None = Field(default=None, max_length=_ID)


class RoomRow(SQLModel, table=True):
    __tablename__ = "room"

    id: str = Field(sa_column=_id())
    name: str = Field(sa_column=_text())
    workflow_id: str = Field(sa_column=_ref("workflow.id", ondelete="RESTRICT"))
    version: int | None = Field(default=None)
    config: str = Field(default="{}", sa_column=_text())
    meta: str = Field(default="{}", sa_column=_text())
    queue_runs: bool = Field(default=False)
    status: str = Field(default="IDLE", max_length=16)
    last_run_number: int = Field(default=0)
    created_us: int = Field(sa_column=_us())
    updated_us: int = Field(sa_column=_us(index=True))
    created_by: str | None = Field(default=None, max_length=_ID)


class RunRow(SQLModel, table=True):
    """One passage of a version. Only the owner of `fence` moves `seq`, `state` and `status`."""

    __tablename__ = "run"
    __table_args__ = (
        Index(
            "one_live_run_per_room",
            "room_id",
            unique=True,
            sqlite_where=text("live"),
            postgresql_where=text("live"),
        ),
        Index("run_ready", "ready", sqlite_where=text("ready"), postgresql_where=text("ready")),
        Index("run_request", "room_id", "request_id", unique=True),
        Index("run_number", "room_id", "number", unique=True),
    )

    id: str = Field(sa_column=_id())
    room_id: str = Field(sa_column=_ref("room.id"))
    workflow_id: str = Field(sa_column=Column(String(_ID), nullable=False, index=True))
    version: int
    number: int
    request_id: str | None = Field(default=None, max_length=200)
    status: str = Field(max_length=16, index=True)
    live: bool | None = Field(default=None, nullable=True)
    """True while it holds its room, NULL when in line or over."""
    ready: bool = Field(default=False)
    """Something is to be done that nobody does yet."""
    fence: int = Field(default=0)
    owner: str | None = Field(default=None, max_length=_ID, index=True)
    seq: int = Field(default=0)
    inbox_high: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    inbox_done: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    state: str | None = Field(default=None, sa_column=_text(nullable=True))
    state_seq: int = Field(default=0)
    """The event up to which `state` is the fold of the log; what follows is folded by whoever reads it."""
    head_hash: str = Field(default="", max_length=64)
    fingerprint: str | None = Field(default=None, max_length=64)
    kick_us: int = Field(default=0, sa_column=_us())
    input: str = Field(default="null", sa_column=_text())
    options: str = Field(default="{}", sa_column=_text())
    output: str | None = Field(default=None, sa_column=_text(nullable=True))
    error: str | None = Field(default=None, sa_column=_text(nullable=True))
    steps: int = Field(default=0)
    tokens: int = Field(default=0)
    cost_usd: float = Field(default=0.0)
    retry_of: str | None = Field(default=None, max_length=_ID)
    created_us: int = Field(sa_column=_us(index=True))
    started_us: int | None = Field(default=None, sa_column=_us(nullable=True))
    ended_us: int | None = Field(default=None, sa_column=_us(nullable=True))
    created_by: str | None = Field(default=None, max_length=_ID)


class EventRow(SQLModel, table=True):
    """Some recorded inputs with the facts that follow from them; `seq` is the number of the last fact."""

    __tablename__ = "event"

    run_id: str = Field(
        sa_column=Column(String(_ID), ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    )
    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    facts: int
    body: str | None = Field(default=None, sa_column=_text(nullable=True))
    blob: str | None = Field(default=None, max_length=64)
    hash: str = Field(max_length=64)
    at_us: int = Field(sa_column=_us())
    fence: int
    worker: str = Field(max_length=_ID)


class InboxRow(SQLModel, table=True):
    """What others want of a run; applied by its driver in order of id."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("inbox_request", "run_id", "request_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    run_id: str = Field(sa_column=_ref("run.id"))
    kind: str = Field(max_length=24)
    request_id: str | None = Field(default=None, max_length=200)
    body: str = Field(default="{}", sa_column=_text())
    at_us: int = Field(sa_column=_us())


class TimerRow(SQLModel, table=True):
    __tablename__ = "timer"

    run_id: str = Field(
        sa_column=Column(String(_ID), ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    )
    activation: str = Field(sa_column=Column(String(200), primary_key=True))
    kind: str = Field(sa_column=Column(String(16), primary_key=True))
    due_us: int = Field(sa_column=_us(index=True))


class MemoryRow(SQLModel, table=True):
    __tablename__ = "memory"
    __table_args__ = (
        Index(
            "memory_expires",
            "expires_us",
            sqlite_where=text("expires_us IS NOT NULL"),
            postgresql_where=text("expires_us IS NOT NULL"),
        ),
    )

    room_id: str = Field(
        sa_column=Column(String(_ID), ForeignKey("room.id", ondelete="CASCADE"), primary_key=True)
    )
    key: str = Field(sa_column=Column(String(64), primary_key=True))
    value: str = Field(sa_column=_text())
    revision: int = Field(default=1)
    run_id: str | None = Field(default=None, max_length=_ID)
    updated_us: int = Field(sa_column=_us())
    kind: str = Field(
        default="LONG_TERM", sa_column=Column(String(16), nullable=False, server_default="LONG_TERM")
    )
    expires_us: int | None = Field(default=None, sa_column=_us(nullable=True))
    meta: str | None = Field(default=None, sa_column=_text(nullable=True))


class MessageRow(SQLModel, table=True):
    """A turn of a room's conversation memory; a summary stands for all turns up to the id `upto`."""

    __tablename__ = "message"
    __table_args__ = (
        Index(
            "message_summary",
            "room_id",
            sqlite_where=text("role = 'summary'"),
            postgresql_where=text("role = 'summary'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    room_id: str = Field(sa_column=_ref("room.id"))
    run_id: str = Field(max_length=_ID)
    role: str = Field(max_length=16)
    content: str = Field(sa_column=_text())
    at_us: int = Field(sa_column=_us())
    upto: int | None = Field(default=None, sa_column=_us(nullable=True))


class BlobRow(SQLModel, table=True):
    """Payloads over 8 KiB by their hash."""

    __tablename__ = "blob"

    hash: str = Field(sa_column=Column(String(64), primary_key=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WorkerRow(SQLModel, table=True):
    """One heartbeat a process; a run whose owner's row has expired may be claimed by anybody."""

    __tablename__ = "worker"

    id: str = Field(sa_column=_id())
    host: str = Field(max_length=255)
    pid: int
    threads: int
    started_us: int = Field(sa_column=_us())
    expires_us: int = Field(sa_column=_us(index=True))


class ClockRow(SQLModel, table=True):
    """How far the installation's clock is ahead of a machine's time since boot, agreed on once per boot."""

    __tablename__ = "clock"

    boot_id: str = Field(sa_column=Column(String(64), primary_key=True))
    ahead_us: int = Field(sa_column=_us())


class UserRow(SQLModel, table=True):
    __tablename__ = "user_account"

    id: str = Field(sa_column=_id())
    name: str = Field(max_length=100)
    name_key: str = Field(sa_column=Column(String(100), unique=True, nullable=False))
    password_hash: str = Field(sa_column=_text())
    role: str = Field(max_length=16)
    active: bool = Field(default=True)
    created_us: int = Field(sa_column=_us())


class SessionRow(SQLModel, table=True):
    __tablename__ = "login_session"

    token_sha256: str = Field(sa_column=Column(String(64), primary_key=True))
    user_id: str = Field(sa_column=_ref("user_account.id"))
    created_us: int = Field(sa_column=_us())
    seen_us: int = Field(sa_column=_us())
    expires_us: int = Field(sa_column=_us(index=True))


class SetupTokenRow(SQLModel, table=True):
    __tablename__ = "setup_token"

    sha256: str = Field(sa_column=Column(String(64), primary_key=True))
    expires_us: int = Field(sa_column=_us())


class AuditRow(SQLModel, table=True):
    """Append-only, each row chained to the one before by hash."""

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    at_us: int = Field(sa_column=_us())
    user_id: str | None = Field(default=None, max_length=_ID)
    action: str = Field(max_length=64)
    target: str = Field(default="", max_length=200)
    detail: str = Field(default="{}", sa_column=_text())
    hash: str = Field(max_length=64)


class SecretRow(SQLModel, table=True):
    """A value that only a master key outside the database opens; see engine/sealing.py."""

    __tablename__ = "secret"

    name: str = Field(sa_column=Column(String(64), primary_key=True))
    sealed: str = Field(sa_column=_text())
    created_us: int = Field(sa_column=_us())
    updated_us: int = Field(sa_column=_us())
    created_by: str | None = Field(default=None, max_length=_ID)


class MemoryChunkRow(SQLModel, table=True):
    """A part of a SEMANTIC entry: its characters `begin` to `end`, its words, and what they mean to `model`.

    What it is found by lies beside it and is no table of the code: see engine.store.recall.
    """

    __tablename__ = "memory_chunk"
    __table_args__ = (
        ForeignKeyConstraint(["room_id", "key"], ["memory.room_id", "memory.key"], ondelete="CASCADE"),
        Index("memory_chunk_entry", "room_id", "key"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    room_id: str = Field(sa_column=Column(String(_ID), nullable=False))
    key: str = Field(sa_column=Column(String(64), nullable=False))
    begin: int = Field(sa_column=Column("begin_at", Integer, nullable=False))
    end: int = Field(sa_column=Column("end_at", Integer, nullable=False))
    words: str = Field(sa_column=_text())
    model: str | None = Field(default=None, max_length=255)
    vector: bytes | None = Field(
        default=None,
        sa_column=Column(LargeBinary().with_variant(ARRAY(REAL), "postgresql"), nullable=True),
    )


class RequestKeyRow(SQLModel, table=True):
    """The `Idempotency-Key` of something that was made, and its id."""

    __tablename__ = "request_key"

    user_id: str = Field(sa_column=Column(String(_ID), primary_key=True))
    request_id: str = Field(sa_column=Column(String(200), primary_key=True))
    made: str = Field(max_length=_ID)
    at_us: int = Field(sa_column=_us(index=True))


class ApiKeyRow(SQLModel, table=True):
    """A program's key by the hash of its whole text; one that was revoked stays, for the list."""

    __tablename__ = "api_key"

    id: str = Field(sa_column=Column(String(8), primary_key=True))
    sha256: str = Field(max_length=64)
    user_id: str = Field(sa_column=_ref("user_account.id"))
    name: str = Field(max_length=100)
    scopes: str = Field(max_length=40)
    created_us: int = Field(sa_column=_us())
    expires_us: int | None = Field(default=None, sa_column=_us(nullable=True))
    used_us: int | None = Field(default=None, sa_column=_us(nullable=True))
    revoked_us: int | None = Field(default=None, sa_column=_us(nullable=True))
