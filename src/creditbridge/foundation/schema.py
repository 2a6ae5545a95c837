"""What a database must be before the house trusts it: safe settings, and the schema we know."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Protocol

import msgspec

from creditbridge.foundation.errors import CreditbridgeError

# What makes "acknowledged" mean "durable", and lets text hold every name.
SETTINGS_REQUIRED: Mapping[str, frozenset[str]] = {
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "remote_apply"}),
    "server_encoding": frozenset({"UTF8"}),
}

MIGRATION_LOCK = 0x63726564_62726964  # "credbrid": one migrator at a time, on any number of nodes.

READ_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)"

TAKE_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock($1)"

CREATE_MIGRATIONS = """
    CREATE TABLE IF NOT EXISTS house_migrations (name text PRIMARY KEY, body text NOT NULL)
"""

READ_MIGRATIONS = "SELECT name, body FROM house_migrations"

INSERT_MIGRATION = "INSERT INTO house_migrations VALUES ($1, $2)"


class DatabaseUnsafe(CreditbridgeError):
    """The database would acknowledge what it may lose, or keeps text in another encoding."""

    code = "database-unsafe"
    message = "The database's settings would lose acknowledged records; start is refused."


class SchemaUnknown(CreditbridgeError):
    """The database holds a migration that this version does not know, or another text of one."""

    code = "schema-unknown"
    message = "The database was made by another version; start is refused."


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the schema, forward only; applied once, in the order of the names."""

    name: str
    body: str


class Row(Protocol):
    """One row, by the names of its columns."""

    def __getitem__(self, name: str, /) -> object:
        """Return the value of a column."""
        ...


class Session(Protocol):
    """What is needed of a connection here; the driver's own, seen through two calls."""

    async def fetch(self, query: str, /, *args: object) -> Sequence[Row]:
        """Return the rows of a statement."""
        ...

    async def execute(self, query: str, /, *args: object) -> str:
        """Run a statement, or several without arguments, for as long as it takes."""
        ...


async def require_safe(session: Session) -> None:
    """Accept a database that keeps what it acknowledges.

    Raises:
        DatabaseUnsafe: with every wrong setting as detail.
    """
    rows = await session.fetch(READ_SETTINGS, list(SETTINGS_REQUIRED))
    require_promises({str(row["name"]): str(row["setting"]) for row in rows})


async def migrate(session: Session) -> None:
    """Bring the schema up to date, inside the transaction that the caller opened.

    Raises:
        SchemaUnknown: another version's schema.
    """
    # Whoever comes second waits here, then finds nothing left to do.
    await session.execute(TAKE_MIGRATION_LOCK, MIGRATION_LOCK)
    await session.execute(CREATE_MIGRATIONS)
    rows = await session.fetch(READ_MIGRATIONS)
    applied = {str(row["name"]): str(row["body"]) for row in rows}
    for migration in require_known(applied, read_migrations()):
        await session.execute(migration.body)
        await session.execute(INSERT_MIGRATION, migration.name, migration.body)


def require_promises(found: Mapping[str, str]) -> None:
    """Accept a database's settings, as `pg_settings` names them.

    Raises:
        DatabaseUnsafe: with every wrong setting as detail.
    """
    wrong = [
        f"{name}={found.get(name)}"
        for name, allowed in SETTINGS_REQUIRED.items()
        if found.get(name) not in allowed
    ]
    if wrong:
        raise DatabaseUnsafe(detail=", ".join(wrong))


def require_known(applied: Mapping[str, str], known: Sequence[Migration]) -> list[Migration]:
    """Return the migrations still to apply, in order; `applied` maps names to bodies.

    Raises:
        SchemaUnknown: one applied is unknown here, or had another body.
    """
    bodies = {migration.name: migration.body for migration in known}
    # By text and not by name alone: an edited migration is a schema that nobody tested.
    if changed := sorted(name for name, body in applied.items() if bodies.get(name) != body):
        raise SchemaUnknown(detail=f"migrations unknown here: {', '.join(changed)}")
    return [migration for migration in known if migration.name not in applied]


@cache
def read_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this version, in order; a process reads them once."""
    folder = resources.files("creditbridge") / "migrations"
    files = (file for file in folder.iterdir() if file.name.endswith(".sql"))
    return tuple(
        Migration(name=file.name, body=file.read_text(encoding="utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    )
