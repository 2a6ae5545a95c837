"""The three doors of a house: where each listens, and what stands behind it."""

import ssl
from functools import partial

from creditbridge.endpoints.applications import (
    bank_application,
    operations_application,
    people_application,
)
from creditbridge.endpoints.house import House
from creditbridge.server.admission_limit import AdmissionLimit
from creditbridge.server.doors import Door
from creditbridge.server.proxies import Proxies
from creditbridge.server.tls import people_context, require_place
from creditbridge.settings import Settings


def list_doors(
    settings: Settings, house: House, *, bank_tls: ssl.SSLContext, proxies: Proxies
) -> tuple[Door, ...]:
    """Return the doors of banks, people and operators, each with the application behind it.

    `proxies` stand before the bank door, whose TLS is given.

    Raises:
        DoorMisconfigured: a certificate, a key or an address that a door cannot have.
    """
    doors, bank, strangers = settings.doors, settings.doors.bank, house.strangers
    for door in (bank, doors.people):
        require_place(door.certificate, host=door.host)
    return (
        Door(
            name="bank",
            app=bank_application(
                house, limit=partial(AdmissionLimit, in_flight_max=settings.reports.in_flight_max)
            ),
            host=bank.host,
            port=bank.port,
            tls=bank_tls,
            identify=proxies.identify,
            refused=lambda code: strangers.count("bank", code, now=house.clock.now()),
        ),
        Door(
            name="people",
            app=people_application(house),
            host=doors.people.host,
            port=doors.people.port,
            tls=people_context(
                certificate_file=doors.people.certificate, key_file=doors.people.key
            ),
            refused=lambda code: strangers.count("people", code, now=house.clock.now()),
        ),
        Door(
            name="operations",
            app=operations_application(house),
            host=doors.operations.host,
            port=doors.operations.port,
            tls=None,
        ),
    )
