"""The journeys of operators, joined to the rooms that they lead through."""

from functools import partial

import creditbridge.access.service as access
from creditbridge.app.keys import trust_files
from creditbridge.app.rooms import Rooms
from creditbridge.endpoints.house import OperatorJourneys
from creditbridge.journeys.check_ledger import CheckLedger
from creditbridge.journeys.confirm_document import ConfirmDocument
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.open_house import OpenHouse
from creditbridge.journeys.suspend_bank import SuspendBank


def operators_of(rooms: Rooms) -> OperatorJourneys:
    """Return what operators walk through."""
    database, ledger, keys = rooms.database, rooms.ledger, rooms.keys
    return OperatorJourneys(
        open_house=OpenHouse(database=database, ledger=ledger),
        decide_change=DecideChange(
            database=database,
            access=access,
            policies=rooms.consents.policies,
            passkeys=rooms.passkeys,
            ledger=ledger,
            notices=rooms.notices,
        ),
        suspend_bank=SuspendBank(database=database, access=access, ledger=ledger),
        confirm_document=ConfirmDocument(
            database=database, letters=rooms.letters, ledger=ledger, notices=rooms.notices
        ),
        check_ledger=CheckLedger(
            database=database, trust=partial(trust_files, rooms.settings, keys)
        ),
    )
