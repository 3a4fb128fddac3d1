"""What all tables of the chart share. Times are µs UTC; constraints carry the promises."""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, Column, MetaData, Text

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s",
    }
)


def site() -> Column[str]:
    return Column("site", Text, nullable=False, server_default="home")


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", column)
