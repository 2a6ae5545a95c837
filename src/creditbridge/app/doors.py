"""The three doors of a house: where each listens, and what stands behind it."""

from functools import partial

from creditbridge.app.opening import client_authority, open_proxies
from creditbridge.endpoints.applications import (
    bank_application,
    operations_application,
    people_application,
)
from creditbridge.endpoints.house import House
from creditbridge.server.admission_limit import AdmissionLimit
from creditbridge.server.doors import Door
from creditbridge.server.tls import bank_context, people_context, require_place
from creditbridge.settings import Settings


def list_doors(settings: Settings, house: House) -> tuple[Door, ...]:
    """Return the doors of banks, people and operators, each with the application behind it.

    Raises:
        DoorMisconfigured: a certificate, a key or an address that a door cannot have.
    """
    doors, bank, strangers = settings.doors, settings.doors.bank, house.strangers
    for door in (bank, doors.people):
        require_place(door.certificate, host=door.host)
    bank_tls = bank_context(
        certificate_file=bank.certificate,
        key_file=bank.key,
        client_ca_file=client_authority(bank),
    )
    proxies = open_proxies(bank, house.clock)
    return (
        Door(
            name="bank",
            app=bank_application(
                house, limit=partial(AdmissionLimit, in_flight_max=settings.reports.in_flight_max)
            ),
            host=bank.host,
            port=bank.port,
            tls=proxies.open_to(bank_tls),
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
