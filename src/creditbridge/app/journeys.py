"""What the doors' handlers are given: the journeys, joined to the rooms of one process."""

import msgspec

from creditbridge.access.metadata import protected_resource_metadata
from creditbridge.app.descriptions import Descriptions
from creditbridge.app.keys import ShownKeys, pin_house
from creditbridge.app.machines import machines_of
from creditbridge.app.operators import operators_of
from creditbridge.app.people import people_of
from creditbridge.app.rooms import Rooms
from creditbridge.endpoints.contact_points import ContactPoints
from creditbridge.endpoints.cursors import Cursors
from creditbridge.endpoints.house import House
from creditbridge.endpoints.readiness import Readiness
from creditbridge.evidence.receipt_assembling import ReceiptHouse
from creditbridge.journeys.hand_receipt import HandReceipt


def house_of(rooms: Rooms, readiness: Readiness) -> House:
    """Return what the doors' handlers are given."""
    keys, database, ledger = rooms.keys, rooms.database, rooms.ledger
    described = Descriptions(
        settings=rooms.settings, keys=keys, serves_openid=rooms.id_tokens is not None
    )
    addresses = described.addresses()
    return House(
        issuer=addresses.issuer,
        bank_url=addresses.bank_url,
        database=database,
        clock=rooms.clock,
        message_signer=keys.message,
        token_signers=keys.token,
        described=described,
        resource_metadata=protected_resource_metadata(addresses),
        nonces=rooms.nonces,
        keys=ShownKeys(keys=keys, cache_seconds=rooms.settings.keys.cache_seconds),
        pinned=pin_house(rooms.settings),
        endings=rooms.warn_endings(),
        consents=rooms.consents,
        letters=rooms.letters,
        cursors=Cursors(rooms.people_secret),
        ledger=ledger,
        login=rooms.login,
        notices=rooms.notices,
        disputes=rooms.disputes,
        contact=msgspec.convert(rooms.settings.contact, ContactPoints, from_attributes=True),
        sends_mail=rooms.mailer is not None,
        readiness=readiness,
        strangers=rooms.strangers,
        passkeys=rooms.passkeys,
        hand_receipt=_hand_receipt(rooms),
        machines=machines_of(rooms, addresses),
        people=people_of(rooms, addresses),
        operators=operators_of(rooms),
    )


def _hand_receipt(rooms: Rooms) -> HandReceipt:
    contact = rooms.settings.contact
    return HandReceipt(
        database=rooms.database,
        consents=rooms.consents,
        ledger=rooms.ledger,
        signers=rooms.keys.consent,
        house=ReceiptHouse(
            origin=rooms.settings.ledger.origin,
            people_url=rooms.settings.doors.people.url,
            operator=contact.operator,
            complaints=contact.complaints,
            regulator=contact.regulator,
        ),
    )
