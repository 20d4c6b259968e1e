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
    false,
    text,
)
from sqlmodel import Field, SQLModel

import engine.store.access_tables
import engine.store.agent_tables
import engine.store.trigger_tables  # noqa: F401 - all fill the metadata
from engine.store.columns import ID_CHARS, id_column, ref_column, text_column, us_column


class WorkflowRow(SQLModel, table=True):
    __tablename__ = "workflow"

    id: str = Field(sa_column=id_column())
    name: str = Field(sa_column=text_column())
    status: str = Field(max_length=16)
    draft: str = Field(sa_column=text_column())
    revision: int = Field(default=1)
    error_count: int = Field(default=0)
    latest_version: int | None = Field(default=None)
    created_us: int = Field(sa_column=us_column())
    updated_us: int = Field(sa_column=us_column(index=True))
    created_by: str | None = Field(default=None, max_length=ID_CHARS)
    saved_by: str | None = Field(default=None, max_length=ID_CHARS)


class VersionRow(SQLModel, table=True):
    """Immutable: written once at publication, never updated."""

    __tablename__ = "workflow_version"

    workflow_id: str = Field(
        sa_column=Column(String(ID_CHARS), ForeignKey("workflow.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    document: str = Field(sa_column=text_column())
    sha256: str = Field(max_length=64)
    meaning_sha256: str = Field(max_length=64)
    note: str = Field(default="", sa_column=text_column())
    created_us: int = Field(sa_column=us_column())
    created_by: str | None = Field(default=None, max_length=ID_CHARS)


class RoomRow(SQLModel, table=True):
    __tablename__ = "room"
    __table_args__ = (
        Index(
            "room_passing",
            "created_us",
            sqlite_where=text("is_passing"),
            postgresql_where=text("is_passing"),
        ),
    )

    id: str = Field(sa_column=id_column())
    name: str = Field(sa_column=text_column())
    workflow_id: str = Field(sa_column=ref_column("workflow.id", ondelete="RESTRICT"))
    version: int | None = Field(default=None)
    config: str = Field(default="{}", sa_column=text_column())
    meta: str = Field(default="{}", sa_column=text_column())
    queue_runs: bool = Field(default=False)
    status: str = Field(default="IDLE", max_length=16)
    last_run_number: int = Field(default=0)
    created_us: int = Field(sa_column=us_column())
    updated_us: int = Field(sa_column=us_column(index=True))
    created_by: str | None = Field(default=None, max_length=ID_CHARS)
    is_passing: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


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
        # Lists of runs are read from these alone: what engine.store.run_list asks for is in each.
        Index("run_began", "created_us", "id", "room_id", "number"),
        Index("run_began_by_status", "status", "created_us", "id", "room_id", "number"),
        Index("run_began_in_room", "room_id", "created_us", "id", "number"),
        Index("run_of_workflow", "workflow_id", "id"),
    )

    id: str = Field(sa_column=id_column())
    room_id: str = Field(
        sa_column=Column(String(ID_CHARS), ForeignKey("room.id", ondelete="CASCADE"), nullable=False)
    )
    workflow_id: str = Field(max_length=ID_CHARS)
    version: int
    number: int
    request_id: str | None = Field(default=None, max_length=200)
    status: str = Field(max_length=16)
    live: bool | None = Field(default=None, nullable=True)
    """True while it holds its room, NULL when in line or over."""
    ready: bool = Field(default=False)
    """Something is to be done that nobody does yet."""
    fence: int = Field(default=0)
    owner: str | None = Field(default=None, max_length=ID_CHARS, index=True)
    seq: int = Field(default=0)
    inbox_high: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    inbox_done: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    state: str | None = Field(default=None, sa_column=text_column(nullable=True))
    state_seq: int = Field(default=0)
    """The event up to which `state` is the fold of the log; what follows is folded by whoever reads it."""
    head_hash: str = Field(default="", max_length=64)
    fingerprint: str | None = Field(default=None, max_length=64)
    kick_us: int = Field(default=0, sa_column=us_column())
    input: str = Field(default="null", sa_column=text_column())
    options: str = Field(default="{}", sa_column=text_column())
    output: str | None = Field(default=None, sa_column=text_column(nullable=True))
    error: str | None = Field(default=None, sa_column=text_column(nullable=True))
    steps: int = Field(default=0)
    tokens: int = Field(default=0)
    cost_usd: float = Field(default=0.0)
    retry_of: str | None = Field(default=None, max_length=ID_CHARS)
    created_us: int = Field(sa_column=us_column())
    started_us: int | None = Field(default=None, sa_column=us_column(nullable=True))
    ended_us: int | None = Field(default=None, sa_column=us_column(nullable=True))
    created_by: str | None = Field(default=None, max_length=ID_CHARS)


class EventRow(SQLModel, table=True):
    """Some recorded inputs with the facts that follow from them; `seq` is the number of the last fact."""

    __tablename__ = "event"

    run_id: str = Field(
        sa_column=Column(String(ID_CHARS), ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    )
    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    facts: int
    body: str | None = Field(default=None, sa_column=text_column(nullable=True))
    blob: str | None = Field(default=None, max_length=64)
    hash: str = Field(max_length=64)
    at_us: int = Field(sa_column=us_column())
    fence: int
    worker: str = Field(max_length=ID_CHARS)


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
    run_id: str = Field(sa_column=ref_column("run.id"))
    kind: str = Field(max_length=24)
    request_id: str | None = Field(default=None, max_length=200)
    body: str = Field(default="{}", sa_column=text_column())
    at_us: int = Field(sa_column=us_column())


class TimerRow(SQLModel, table=True):
    __tablename__ = "timer"

    run_id: str = Field(
        sa_column=Column(String(ID_CHARS), ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    )
    activation: str = Field(sa_column=Column(String(200), primary_key=True))
    kind: str = Field(sa_column=Column(String(16), primary_key=True))
    due_us: int = Field(sa_column=us_column(index=True))


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
        sa_column=Column(String(ID_CHARS), ForeignKey("room.id", ondelete="CASCADE"), primary_key=True)
    )
    key: str = Field(sa_column=Column(String(64), primary_key=True))
    value: str = Field(sa_column=text_column())
    revision: int = Field(default=1)
    run_id: str | None = Field(default=None, max_length=ID_CHARS)
    updated_us: int = Field(sa_column=us_column())
    kind: str = Field(
        default="LONG_TERM", sa_column=Column(String(16), nullable=False, server_default="LONG_TERM")
    )
    expires_us: int | None = Field(default=None, sa_column=us_column(nullable=True))
    meta: str | None = Field(default=None, sa_column=text_column(nullable=True))


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
    room_id: str = Field(sa_column=ref_column("room.id"))
    run_id: str = Field(max_length=ID_CHARS)
    role: str = Field(max_length=16)
    content: str = Field(sa_column=text_column())
    at_us: int = Field(sa_column=us_column())
    upto: int | None = Field(default=None, sa_column=us_column(nullable=True))


class BlobRow(SQLModel, table=True):
    """Payloads over 8 KiB by their hash."""

    __tablename__ = "blob"

    hash: str = Field(sa_column=Column(String(64), primary_key=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WorkerRow(SQLModel, table=True):
    """One heartbeat a process; a run whose owner's row has expired may be claimed by anybody."""

    __tablename__ = "worker"

    id: str = Field(sa_column=id_column())
    host: str = Field(max_length=255)
    pid: int
    threads: int
    started_us: int = Field(sa_column=us_column())
    expires_us: int = Field(sa_column=us_column(index=True))


class ClockRow(SQLModel, table=True):
    """How far the installation's clock is ahead of a machine's time since boot, agreed on once per boot."""

    __tablename__ = "clock"

    boot_id: str = Field(sa_column=Column(String(64), primary_key=True))
    ahead_us: int = Field(sa_column=us_column())


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
    room_id: str = Field(sa_column=Column(String(ID_CHARS), nullable=False))
    key: str = Field(sa_column=Column(String(64), nullable=False))
    begin: int = Field(sa_column=Column("begin_at", Integer, nullable=False))
    end: int = Field(sa_column=Column("end_at", Integer, nullable=False))
    words: str = Field(sa_column=text_column())
    model: str | None = Field(default=None, max_length=255)
    vector: bytes | None = Field(
        default=None,
        sa_column=Column(LargeBinary().with_variant(ARRAY(REAL), "postgresql"), nullable=True),
    )
