"""The rooms of one process, and the journeys that lead through them."""

from contextlib import AsyncExitStack
from functools import partial

import msgspec

import creditbridge.access.service as access
import creditbridge.consents.moves.service as moves
import creditbridge.parties.service as parties
from creditbridge.access.id_tokens import IdTokens
from creditbridge.access.metadata import protected_resource_metadata
from creditbridge.access.model import OAuthError
from creditbridge.admission.limits import Limits
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.app.descriptions import Descriptions
from creditbridge.app.endings import list_file_endings
from creditbridge.app.keys import ShownKeys, pin_house, trust_files
from creditbridge.app.opening import (
    open_id_tokens,
    open_key_http,
    open_login,
    open_nonces,
    open_platforms,
    open_revocations,
)
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.service import Consents
from creditbridge.disputes.sealing import WordSealer
from creditbridge.disputes.service import Disputes
from creditbridge.endpoints.answers import ReportAnswers
from creditbridge.endpoints.contact_points import ContactPoints
from creditbridge.endpoints.cursors import Cursors
from creditbridge.endpoints.house import House
from creditbridge.endpoints.readiness import Readiness
from creditbridge.evidence.receipt_assembling import ReceiptHouse
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.mail import Mailer, open_mailer
from creditbridge.foundation.sharing import SharedTransactions
from creditbridge.journeys.admit_caller import AdmitCaller
from creditbridge.journeys.approver_signature import HousePolicy
from creditbridge.journeys.ask_person import AskPerson
from creditbridge.journeys.cancel_request import CancelRequest
from creditbridge.journeys.change_approvals import ChangeApprovals
from creditbridge.journeys.check_ledger import CheckLedger
from creditbridge.journeys.close_business import CloseBusiness
from creditbridge.journeys.decide_authorization import DecideAuthorization
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.decide_waiting import DecideWaiting
from creditbridge.journeys.deliver_report import DeliverReport
from creditbridge.journeys.end_passkey import EndPasskey
from creditbridge.journeys.enrol_passkey import EnrolPasskey
from creditbridge.journeys.fetch_keys import FetchKeys
from creditbridge.journeys.file_dispute import FileDispute
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.hand_receipt import HandReceipt
from creditbridge.journeys.introspect_token import IntrospectToken
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.keep_agents import KeepAgents
from creditbridge.journeys.limit_client import LimitClient
from creditbridge.journeys.manage_grant import ManageGrant
from creditbridge.journeys.open_authorization import OpenAuthorization
from creditbridge.journeys.open_house import OpenHouse
from creditbridge.journeys.open_policy import OpenPolicy
from creditbridge.journeys.pause_consent import PauseConsent
from creditbridge.journeys.prove_client import ProveClient
from creditbridge.journeys.prove_passkey import ProvePasskey
from creditbridge.journeys.prove_record import ProveRecord
from creditbridge.journeys.push_request import PushRequest
from creditbridge.journeys.refuse_caller import RefuseCaller
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.revoke_token import RevokeToken
from creditbridge.journeys.sign_consents import SignConsents
from creditbridge.journeys.sign_in import SignIn
from creditbridge.journeys.sum_up_overruns import Overruns
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.suspend_bank import SuspendBank
from creditbridge.journeys.under_way import UnderWay
from creditbridge.journeys.warn_endings import SeenCertificates, WarnEndings
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.sealing import OpeningKeys, load_opening_key
from creditbridge.ledger.service import Ledger
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.login.passkeys.settings import relying_party
from creditbridge.login.service import Login
from creditbridge.notices.sealing import AddressSealer
from creditbridge.notices.service import Notices
from creditbridge.platforms.service import Platforms
from creditbridge.protocols.dpop_nonce import ProofNonces
from creditbridge.server.revocation import RevocationLists
from creditbridge.settings import Keys, Settings, load_keys


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms of one process, furnished and joined to journeys."""

    settings: Settings
    database: Database
    clock: Clock
    keys: Keys
    strangers: Strangers
    overruns: Overruns
    admission: Admission
    limits: Limits
    consents: Consents
    platforms: Platforms
    ledger: Ledger
    login: Login
    passkeys: Passkeys
    notices: Notices
    disputes: Disputes
    mailer: Mailer | None
    revocations: RevocationLists
    nonces: ProofNonces | None
    id_tokens: IdTokens | None
    people_secret: bytes
    under_way: UnderWay = msgspec.field(default_factory=UnderWay)
    certificates: SeenCertificates = msgspec.field(default_factory=SeenCertificates)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        database: Database,
        limits: Limits,
        clock: Clock,
        stack: AsyncExitStack,
    ) -> "Rooms":
        """Furnish the rooms; clients that are opened here are closed by the stack."""
        keys = load_keys(settings.keys, clock)
        records = load_opening_key(settings.keys.records).secret
        openings = load_opening_key(settings.keys.openings)
        mail = settings.mail
        return cls(
            settings=settings,
            database=database,
            clock=clock,
            keys=keys,
            strangers=Strangers(),
            overruns=Overruns(),
            limits=limits,
            admission=Admission(
                settings.admission, Sealer(load_opening_key(settings.keys.bodies).secret)
            ),
            consents=Consents(Ceilings(), keys.consent),
            platforms=open_platforms(settings, keys, records, clock, stack),
            ledger=Ledger(
                settings.ledger,
                receipt_signer=keys.receipt,
                opening_keys=OpeningKeys(current=openings),
                node_id=new_id(Kind.NODE, now=clock.now()),
            ),
            login=open_login(settings, keys, database, clock, stack),
            passkeys=Passkeys(
                relying_party(settings.passkeys, settings.doors.people.url),
                cooling_hours=settings.passkeys.recovery_cooling_hours,
            ),
            notices=Notices(AddressSealer(openings.secret)),
            disputes=Disputes(WordSealer(openings.secret)),
            mailer=None if mail is None else open_mailer(mail),
            revocations=open_revocations(settings, clock),
            nonces=open_nonces(settings),
            id_tokens=open_id_tokens(settings, keys),
            people_secret=records,
        )

    def open_policy(self) -> OpenPolicy:
        """Return who signs the house's own policy, where there is none."""
        policies = self.consents.policies
        return OpenPolicy(database=self.database, policies=policies, ledger=self.ledger)

    def house(self, readiness: Readiness) -> House:
        """Return what the doors' handlers are given."""
        keys, database, ledger = self.keys, self.database, self.ledger
        described = Descriptions(
            settings=self.settings, keys=keys, serves_openid=self.id_tokens is not None
        )
        addresses = described.addresses()
        fetch_keys = self._fetch_keys()
        prove_client = self._prove_client(fetch_keys)
        prove_passkey = ProvePasskey(
            database=database, passkeys=self.passkeys, ledger=ledger, notices=self.notices
        )
        sign_consents = SignConsents(
            passkeys=self.passkeys,
            policy=HousePolicy(
                policies=self.consents.policies, least=self.settings.passkeys.demand
            ),
            ledger=ledger,
        )
        return House(
            issuer=addresses.issuer,
            bank_url=addresses.bank_url,
            database=database,
            clock=self.clock,
            message_signer=keys.message,
            token_signers=keys.token,
            described=described,
            resource_metadata=protected_resource_metadata(addresses),
            nonces=self.nonces,
            keys=ShownKeys(keys=keys, cache_seconds=self.settings.keys.cache_seconds),
            pinned=pin_house(self.settings),
            endings=self.warn_endings(),
            consents=self.consents,
            cursors=Cursors(self.people_secret),
            ledger=ledger,
            login=self.login,
            notices=self.notices,
            disputes=self.disputes,
            contact=msgspec.convert(self.settings.contact, ContactPoints, from_attributes=True),
            sends_mail=self.mailer is not None,
            readiness=readiness,
            open_house=OpenHouse(database=database, ledger=ledger),
            decide_change=DecideChange(
                database=database,
                access=access,
                policies=self.consents.policies,
                passkeys=self.passkeys,
                ledger=ledger,
                notices=self.notices,
            ),
            suspend_bank=SuspendBank(database=database, access=access, ledger=ledger),
            issue_token=IssueToken(
                prove_client=prove_client,
                access=access,
                consents=self.consents,
                admission=self.admission,
                ledger=ledger,
                together=SharedTransactions(database, commit_on=OAuthError),
                id_tokens=self.id_tokens,
            ),
            push_request=PushRequest(
                prove_client=prove_client,
                access=access,
                admission=self.admission,
                consents=self.consents,
                modes=addresses.response_modes,
                scopes=addresses.scopes,
            ),
            open_authorization=OpenAuthorization(database=database, modes=addresses.response_modes),
            decide_authorization=DecideAuthorization(
                database=database,
                modes=addresses.response_modes,
                consents=self.consents,
                sign_consents=sign_consents,
                access=access,
                ledger=ledger,
                notices=self.notices,
            ),
            ask_person=AskPerson(
                prove_client=prove_client,
                admission=self.admission,
                consents=self.consents,
                notices=self.notices,
                scopes=addresses.scopes,
            ),
            decide_waiting=DecideWaiting(
                database=database,
                consents=self.consents,
                sign_consents=sign_consents,
                access=access,
                ledger=ledger,
                notices=self.notices,
            ),
            revoke_token=RevokeToken(prove_client=prove_client, access=access, ledger=ledger),
            introspect_token=IntrospectToken(prove_client=prove_client, access=access),
            strangers=self.strangers,
            refuse_caller=RefuseCaller(database=database, ledger=ledger),
            admit_caller=AdmitCaller(
                fetch_keys=fetch_keys,
                database=database,
                access=access,
                parties=parties,
                admission=self.admission,
                ledger=ledger,
                strangers=self.strangers,
                revocations=self.revocations,
                limit_client=self._limit_client(),
                nonces=self.nonces,
            ),
            request_consent=RequestConsent(
                database=database, consents=self.consents, ledger=ledger, notices=self.notices
            ),
            passkeys=self.passkeys,
            prove_passkey=prove_passkey,
            enrol_passkey=EnrolPasskey(
                database=database,
                passkeys=self.passkeys,
                prove_passkey=prove_passkey,
                ledger=ledger,
                notices=self.notices,
            ),
            end_passkey=EndPasskey(
                database=database, passkeys=self.passkeys, ledger=ledger, notices=self.notices
            ),
            sign_in=SignIn(
                database=database,
                login=self.login,
                ledger=ledger,
                notices=self.notices,
                secret=self.people_secret,
            ),
            file_dispute=FileDispute(
                database=database,
                platforms=self.platforms,
                disputes=self.disputes,
                ledger=ledger,
            ),
            keep_agents=KeepAgents(database=database, ledger=ledger, notices=self.notices),
            change_approvals=ChangeApprovals(
                database=database, ledger=ledger, notices=self.notices
            ),
            give_consent=GiveConsent(
                database=database,
                consents=self.consents,
                sign_consents=sign_consents,
                ledger=ledger,
                notices=self.notices,
            ),
            withdraw_consent=WithdrawConsent(
                database=database,
                consents=self.consents,
                access=access,
                ledger=ledger,
                notices=self.notices,
            ),
            close_business=CloseBusiness(
                database=database, moves=moves, access=access, ledger=ledger
            ),
            pause_consent=PauseConsent(
                database=database, moves=moves, ledger=ledger, notices=self.notices
            ),
            cancel_request=CancelRequest(
                database=database, moves=moves, ledger=ledger, notices=self.notices
            ),
            manage_grant=ManageGrant(
                database=database, access=access, consents=self.consents, ledger=ledger
            ),
            deliver_report=self._deliver_report(),
            hand_receipt=self._hand_receipt(),
            prove_record=ProveRecord(database=database, ledger=ledger),
            check_ledger=CheckLedger(
                database=database, trust=partial(trust_files, self.settings, keys)
            ),
        )

    def warn_endings(self) -> WarnEndings:
        """Return who tells what ends soon."""
        return WarnEndings(
            database=self.database,
            admission=self.admission,
            read_files=partial(list_file_endings, self.settings),
            certificates=self.certificates,
        )

    def _hand_receipt(self) -> HandReceipt:
        contact = self.settings.contact
        return HandReceipt(
            database=self.database,
            consents=self.consents,
            ledger=self.ledger,
            signers=self.keys.consent,
            house=ReceiptHouse(
                origin=self.settings.ledger.origin,
                people_url=self.settings.doors.people.url,
                operator=contact.operator,
                complaints=contact.complaints,
                regulator=contact.regulator,
            ),
        )

    def _fetch_keys(self) -> FetchKeys:
        return FetchKeys(
            database=self.database,
            ledger=self.ledger,
            open_http=partial(open_key_http, self.settings.key_fetch),
        )

    def _prove_client(self, fetch_keys: FetchKeys) -> ProveClient:
        return ProveClient(
            fetch_keys=fetch_keys,
            certificates=self.certificates,
            database=self.database,
            access=access,
            admission=self.admission,
            ledger=self.ledger,
            strangers=self.strangers,
            revocations=self.revocations,
            limit_client=self._limit_client(),
        )

    def _limit_client(self) -> LimitClient:
        return LimitClient(limits=self.limits, overruns=self.overruns)

    def _deliver_report(self) -> DeliverReport:
        return DeliverReport(
            database=self.database,
            admission=self.admission,
            consents=self.consents,
            platforms=self.platforms,
            ledger=self.ledger,
            answers=ReportAnswers(),
            signer=self.keys.seal,
            clock=self.clock,
            deadline_seconds=self.settings.reports.deadline_seconds,
            under_way=self.under_way,
        )
