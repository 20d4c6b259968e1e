"""The tables of who may come in and what they did: users, sessions, keys, secrets, the audit log."""

from sqlalchemy import BigInteger, Column, Integer, String
from sqlmodel import Field, SQLModel

from engine.store.columns import ID_CHARS, id_column, ref_column, text_column, us_column


class UserRow(SQLModel, table=True):
    __tablename__ = "user_account"

    id: str = Field(sa_column=id_column())
    name: str = Field(max_length=100)
    name_key: str = Field(sa_column=Column(String(100), unique=True, nullable=False))
    password_hash: str = Field(sa_column=text_column())
    role: str = Field(max_length=16)
    active: bool = Field(default=True)
    created_us: int = Field(sa_column=us_column())


class SessionRow(SQLModel, table=True):
    __tablename__ = "login_session"

    token_sha256: str = Field(sa_column=Column(String(64), primary_key=True))
    user_id: str = Field(sa_column=ref_column("user_account.id"))
    created_us: int = Field(sa_column=us_column())
    seen_us: int = Field(sa_column=us_column())
    expires_us: int = Field(sa_column=us_column(index=True))


class SetupTokenRow(SQLModel, table=True):
    __tablename__ = "setup_token"

    sha256: str = Field(sa_column=Column(String(64), primary_key=True))
    expires_us: int = Field(sa_column=us_column())


class AuditRow(SQLModel, table=True):
    """Append-only, each row chained to the one before by hash."""

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    at_us: int = Field(sa_column=us_column())
    user_id: str | None = Field(default=None, max_length=ID_CHARS)
    action: str = Field(max_length=64)
    target: str = Field(default="", max_length=200)
    detail: str = Field(default="{}", sa_column=text_column())
    hash: str = Field(max_length=64)


class SecretRow(SQLModel, table=True):
    """A value that only a master key outside the database opens; see engine/sealing.py."""

    __tablename__ = "secret"

    name: str = Field(sa_column=Column(String(64), primary_key=True))
    sealed: str = Field(sa_column=text_column())
    created_us: int = Field(sa_column=us_column())
    updated_us: int = Field(sa_column=us_column())
    created_by: str | None = Field(default=None, max_length=ID_CHARS)


class RequestKeyRow(SQLModel, table=True):
    """The `Idempotency-Key` of something that was made, and its id."""

    __tablename__ = "request_key"

    user_id: str = Field(sa_column=Column(String(ID_CHARS), primary_key=True))
    request_id: str = Field(sa_column=Column(String(200), primary_key=True))
    made: str = Field(max_length=ID_CHARS)
    at_us: int = Field(sa_column=us_column(index=True))


class ApiKeyRow(SQLModel, table=True):
    """A program's key by the hash of its whole text; one that was revoked stays, for the list."""

    __tablename__ = "api_key"

    id: str = Field(sa_column=Column(String(8), primary_key=True))
    sha256: str = Field(max_length=64)
    user_id: str = Field(sa_column=ref_column("user_account.id"))
    name: str = Field(max_length=100)
    scopes: str = Field(max_length=40)
    created_us: int = Field(sa_column=us_column())
    expires_us: int | None = Field(default=None, sa_column=us_column(nullable=True))
    used_us: int | None = Field(default=None, sa_column=us_column(nullable=True))
    revoked_us: int | None = Field(default=None, sa_column=us_column(nullable=True))
