"""What the database's driver raises, told in our words."""

from types import TracebackType

import asyncpg

from creditbridge.foundation.errors import Unavailable

UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)


class DatabaseUnavailable(Unavailable):
    """The database refused, lost or never answered a statement."""

    code = "database-unavailable"
    message = "The gateway cannot reach its database; try again shortly."


class _DatabaseErrors:
    """Tells what the driver raises in our words. One for all: entered for every statement."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # An address that is none is a mistake, not an absence.
        if isinstance(error, UNAVAILABLE) and not isinstance(error, ValueError):
            raise DatabaseUnavailable(detail=f"{type(error).__name__}: {error}") from error


DATABASE_ERRORS = _DatabaseErrors()
