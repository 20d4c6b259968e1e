"""What columns are made of, the same for all tables."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Text

ID_CHARS = 36


def id_column(**kwargs: object) -> Column:  # type: ignore[type-arg]
    return Column(String(ID_CHARS), primary_key=True, **kwargs)  # type: ignore[arg-type]


def ref_column(target: str, *, nullable: bool = False, ondelete: str = "CASCADE") -> Column:  # type: ignore[type-arg]
    return Column(String(ID_CHARS), ForeignKey(target, ondelete=ondelete), nullable=nullable, index=True)


def us_column(*, nullable: bool = False, index: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(BigInteger, nullable=nullable, index=index)


def text_column(*, nullable: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(Text, nullable=nullable)
