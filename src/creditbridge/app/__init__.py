"""The only place that constructs things: from settings to doors and background tasks.

What is opened here is closed here, last opened first.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

import msgspec

from creditbridge.app.doors import list_doors
from creditbridge.app.journeys import house_of
from creditbridge.app.keeping import keep_house
from creditbridge.app.keys import list_rings
from creditbridge.app.opening import open_limits, open_own_certificates, open_proxies
from creditbridge.app.rooms import Rooms
from creditbridge.endpoints.house import House
from creditbridge.endpoints.readiness import Readiness
from creditbridge.foundation.clock import Clock, SystemClock
from creditbridge.foundation.database import open_database
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.server.doors import Door
from creditbridge.server.embedded import embedded_database
from creditbridge.server.run import Lifecycle
from creditbridge.settings import Settings

Task: TypeAlias = Callable[[], Coroutine[object, object, None]]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A house that can be served: doors, and what runs behind them."""

    house: House
    doors: tuple[Door, ...]
    tasks: Mapping[str, Task]


@asynccontextmanager
async def build(
    settings: Settings, lifecycle: Lifecycle, *, clock: Clock | None = None
) -> AsyncGenerator[Built]:
    """Construct everything, and close it again when the block ends.

    Raises:
        CreditbridgeError: whatever refuses the start, with its cause.
    """
    async with AsyncExitStack() as stack:
        tasks = dict[str, Task]()
        url = settings.database.url
        if url is None:
            embedded = await stack.enter_async_context(embedded_database(settings.database.folder))
            tasks["database"] = embedded.supervise
            url = embedded.url
        database = await open_database(url)
        stack.push_async_callback(database.close)
        limits = await open_limits(url, settings, stack)
        rooms = await Rooms.open(settings, database, limits, clock or SystemClock(), stack)
        keeping = keep_house(rooms)
        # Before a door opens: what an earlier crash left is settled first (law 10).
        await keeping.renew_lease()
        await keeping.keep_keys()
        await rooms.open_policy()()
        stack.push_async_callback(keeping.close)
        sequencer = Sequencer(database, settings.ledger, log_signer=rooms.keys.ledger)
        house = house_of(
            rooms,
            Readiness(
                database=database,
                sequencer=sequencer,
                phase=lifecycle,
                rings=list_rings(rooms.keys),
            ),
        )
        proxies = open_proxies(settings.doors.bank, rooms.clock)
        certificates = open_own_certificates(settings.doors.bank, database, proxies)
        await certificates.look()
        tasks |= {"sequencer": sequencer.run, **keeping.tasks()}
        tasks |= {"revocation": rooms.revocations.watch, "certificates": certificates.watch}
        doors = list_doors(settings, house, bank_tls=certificates.context, proxies=proxies)
        yield Built(house=house, doors=doors, tasks=tasks)
