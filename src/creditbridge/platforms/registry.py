"""Which dialects there are: one line each. A dialect is a folder beside this file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeAlias

import msgspec

from creditbridge.foundation.clock import Clock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import KeyUnusable, PublicKey, Signers, parse_public_key
from creditbridge.platforms.model import (
    DialectAnswer,
    DisputeCase,
    DisputeName,
    DisputeStanding,
    PlatformQuery,
    QueryState,
)
from creditbridge.platforms.national.keys import open_keys
from creditbridge.platforms.national.query import NationalPlatform
from creditbridge.platforms.provincial.query import ProvincialPlatform
from creditbridge.platforms.settings import PlatformSettings
from creditbridge.platforms.transport import HttpDoor, Transport
from creditbridge.profile.codes import SectionCode

RECORD_KEY_BYTES_MIN = 32


class Platform(Protocol):
    """A platform in any dialect: what a dialect's folder must bring.

    `ask` sends one query under its id and returns only what was verified; its errors say by `sent`
    whether the query may have been counted. `find_query` tells that afterwards.
    """

    @property
    def platform_id(self) -> str:
        """The id under which it is configured, and the audience of grants."""
        ...

    @property
    def sections(self) -> frozenset[SectionCode]:
        """What it supplies."""
        ...

    def find_section(self, record_id: str, number: str) -> SectionCode | None:
        """Return the section in which it keeps a record of this number, if that has our id."""
        ...

    async def ask(self, query: PlatformQuery, *, deadline: float) -> DialectAnswer:
        """Return its verified answer in our words, before the monotonic deadline."""
        ...

    async def find_query(self, query_id: str, *, deadline: float) -> QueryState:
        """Return whether it counted a query."""
        ...

    async def pass_dispute(self, case: DisputeCase, *, deadline: float) -> DisputeStanding:
        """Hand a dispute over, one time whatever the number of calls; return how it stands."""
        ...

    async def find_dispute(self, name: DisputeName, *, deadline: float) -> DisputeStanding | None:
        """Return how a dispute stands; None where it never came."""
        ...


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What every dialect is built with; `record_key` has at least 32 bytes."""

    http: HttpDoor
    signer: Signers
    clock: Clock
    record_key: bytes


class DialectUnknown(CreditbridgeError):
    """A platform is configured in a dialect that nobody here speaks."""

    code = "dialect-unknown"
    message = "A platform's dialect is not known; start is refused."


OpenDialect: TypeAlias = Callable[[PlatformSettings, Transport, Tools], Platform]


def open_provincial(settings: PlatformSettings, transport: Transport, tools: Tools) -> Platform:
    """Return a platform that speaks the provincial dialect."""
    keys = {name: _load_key(path, name) for name, path in settings.answer_keys.items()}
    return ProvincialPlatform(
        settings,
        transport,
        signer=tools.signer,
        find_key=keys.get,
        clock=tools.clock,
        record_key=tools.record_key,
    )


def open_national(settings: PlatformSettings, transport: Transport, tools: Tools) -> Platform:
    """Return a platform that speaks the national dialect, once the SM suite's self-test holds."""
    return NationalPlatform(
        settings,
        transport,
        keys=open_keys(settings),
        clock=tools.clock,
        record_key=tools.record_key,
    )


DIALECTS: Mapping[str, OpenDialect] = MappingProxyType(
    {"provincial": open_provincial, "national": open_national}
)


def open_platform(settings: PlatformSettings, tools: Tools) -> Platform:
    """Return the platform that the settings name, with its own transport.

    Raises:
        DialectUnknown: no folder speaks it.
        KeyUnusable: a pinned key cannot be read, or the record key is too short.
        LibcryptoUnusable: the dialect needs the SM suite, and the system's does not hold.
    """
    if (open_dialect := DIALECTS.get(settings.dialect)) is None:
        raise DialectUnknown(detail=f"known are {', '.join(sorted(DIALECTS))}")
    # With a short key the ids could be tried out, and each would tell which decision it stands for.
    if len(tools.record_key) < RECORD_KEY_BYTES_MIN:
        raise KeyUnusable(detail="the record key has fewer than 32 bytes")
    # One each: the breaker of a sick platform must not shut a healthy one out.
    transport = Transport(settings, tools.http, tools.clock)
    return open_dialect(settings, transport, tools)


def _load_key(path: Path, key_id: str) -> PublicKey:
    try:
        return parse_public_key(path.read_bytes(), key_id=key_id)
    except OSError as error:
        raise KeyUnusable(detail=f"{path}: {error.strerror}") from error
