"""The tables of agents; as all tables, the same on SQLite and PostgreSQL."""

from sqlalchemy import Column, ForeignKey, Integer, String
from sqlmodel import Field, SQLModel

from engine.store.tables import _ID, _id, _text, _us


class AgentRow(SQLModel, table=True):
    """A named preset for AGENT_TASK nodes."""

    __tablename__ = "agent"

    id: str = Field(sa_column=_id())
    name: str = Field(sa_column=Column(String(100), unique=True, nullable=False))
    latest_version: int = Field(default=1)
    created_us: int = Field(sa_column=_us())
    updated_us: int = Field(sa_column=_us())
    created_by: str | None = Field(default=None, max_length=_ID)


class AgentVersionRow(SQLModel, table=True):
    """Immutable: written once, never updated."""

    __tablename__ = "agent_version"

    agent_id: str = Field(
        sa_column=Column(String(_ID), ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    spec: str = Field(sa_column=_text())
    note: str = Field(default="", sa_column=_text())
    created_us: int = Field(sa_column=_us())
    created_by: str | None = Field(default=None, max_length=_ID)
