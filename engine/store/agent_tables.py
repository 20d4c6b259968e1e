"""The tables of agents; as all tables, the same on SQLite and PostgreSQL."""

from sqlalchemy import Column, ForeignKey, Integer, String
from sqlmodel import Field, SQLModel

from engine.store.columns import ID_CHARS, id_column, text_column, us_column


class AgentRow(SQLModel, table=True):
    """A named preset for AGENT_TASK nodes."""

    __tablename__ = "agent"

    id: str = Field(sa_column=id_column())
    name: str = Field(sa_column=Column(String(100), unique=True, nullable=False))
    latest_version: int = Field(default=1)
    created_us: int = Field(sa_column=us_column())
    updated_us: int = Field(sa_column=us_column())
    created_by: str | None = Field(default=None, max_length=ID_CHARS)


class AgentVersionRow(SQLModel, table=True):
    """Immutable: written once, never updated."""

    __tablename__ = "agent_version"

    agent_id: str = Field(
        sa_column=Column(String(ID_CHARS), ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    spec: str = Field(sa_column=text_column())
    note: str = Field(default="", sa_column=text_column())
    created_us: int = Field(sa_column=us_column())
    created_by: str | None = Field(default=None, max_length=ID_CHARS)
