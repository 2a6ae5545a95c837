"""The journeys of banks' machines, joined to the rooms that they lead through."""

from functools import partial

import creditbridge.access.service as access
import creditbridge.consents.moves.service as moves
import creditbridge.parties.service as parties
from creditbridge.access.model import OAuthError
from creditbridge.access.settings import AccessSettings
from creditbridge.app.opening import open_key_http
from creditbridge.app.people import follow_of
from creditbridge.app.rooms import Rooms
from creditbridge.endpoints.answers import ReportAnswers
from creditbridge.endpoints.house import MachineJourneys
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.admit_caller import AdmitCaller
from creditbridge.journeys.ask_key_person import AskKeyPerson
from creditbridge.journeys.ask_person import AskPerson
from creditbridge.journeys.cancel_request import CancelRequest
from creditbridge.journeys.close_business import CloseBusiness
from creditbridge.journeys.deliver_report import DeliverReport
from creditbridge.journeys.fetch_keys import FetchKeys
from creditbridge.journeys.introspect_token import IntrospectToken
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.manage_grant import ManageGrant
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.prove_record import ProveRecord
from creditbridge.journeys.push_request import PushRequest
from creditbridge.journeys.refuse_caller import RefuseCaller
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.revoke_token import RevokeToken


def machines_of(rooms: Rooms, addresses: AccessSettings) -> MachineJourneys:
    """Return what the machines of banks walk through."""
    database, ledger = rooms.database, rooms.ledger
    fetch_keys = _fetch_keys(rooms)
    prove_client = _prove_client(rooms, fetch_keys)
    return MachineJourneys(
        issue_token=IssueToken(
            prove_client=prove_client,
            access=access,
            consents=rooms.consents,
            admission=rooms.admission,
            ledger=ledger,
            together=SharedTransactions(database, commit_on=OAuthError),
            id_tokens=rooms.id_tokens,
        ),
        push_request=PushRequest(
            prove_client=prove_client,
            access=access,
            admission=rooms.admission,
            consents=rooms.consents,
            modes=addresses.response_modes,
            scopes=addresses.scopes,
        ),
        ask_person=AskPerson(
            prove_client=prove_client,
            admission=rooms.admission,
            consents=rooms.consents,
            notices=rooms.notices,
            scopes=addresses.scopes,
        ),
        revoke_token=RevokeToken(prove_client=prove_client, access=access, ledger=ledger),
        introspect_token=IntrospectToken(prove_client=prove_client, access=access),
        admit_caller=_admit_caller(rooms, fetch_keys),
        refuse_caller=RefuseCaller(database=database, ledger=ledger),
        request_consent=RequestConsent(
            database=database, consents=rooms.consents, ledger=ledger, notices=rooms.notices
        ),
        ask_key_person=AskKeyPerson(database=database, ledger=ledger, notices=rooms.notices),
        cancel_request=CancelRequest(
            database=database, moves=moves, ledger=ledger, notices=rooms.notices
        ),
        close_business=CloseBusiness(
            database=database,
            moves=moves,
            access=access,
            ledger=ledger,
            notices=rooms.notices,
        ),
        manage_grant=ManageGrant(
            database=database, access=access, consents=rooms.consents, ledger=ledger
        ),
        deliver_report=_deliver_report(rooms),
        prove_record=ProveRecord(database=database, ledger=ledger),
    )


def _admit_caller(rooms: Rooms, fetch_keys: FetchKeys) -> AdmitCaller:
    return AdmitCaller(
        fetch_keys=fetch_keys,
        database=rooms.database,
        access=access,
        parties=parties,
        admission=rooms.admission,
        ledger=rooms.ledger,
        strangers=rooms.strangers,
        revocations=rooms.revocations,
        limit_client=_limit_client(rooms),
        nonces=rooms.nonces,
    )


def _fetch_keys(rooms: Rooms) -> FetchKeys:
    return FetchKeys(
        database=rooms.database,
        ledger=rooms.ledger,
        open_http=partial(open_key_http, rooms.settings.key_fetch),
    )


def _prove_client(rooms: Rooms, fetch_keys: FetchKeys) -> ProveClient:
    return ProveClient(
        fetch_keys=fetch_keys,
        certificates=rooms.certificates,
        database=rooms.database,
        access=access,
        admission=rooms.admission,
        ledger=rooms.ledger,
        strangers=rooms.strangers,
        revocations=rooms.revocations,
        limit_client=_limit_client(rooms),
    )


def _limit_client(rooms: Rooms) -> LimitClient:
    return LimitClient(limits=rooms.limits, overruns=rooms.overruns)


def _deliver_report(rooms: Rooms) -> DeliverReport:
    return DeliverReport(
        database=rooms.database,
        admission=rooms.admission,
        consents=rooms.consents,
        platforms=rooms.platforms,
        ledger=rooms.ledger,
        answers=ReportAnswers(),
        signer=rooms.keys.seal,
        clock=rooms.clock,
        deadline_seconds=rooms.settings.reports.deadline_seconds,
        under_way=rooms.under_way,
        register=follow_of(rooms),
    )
