"""What the doors' handlers are given: the journeys, and the few rooms that they only read."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import msgspec
from litestar.di import NamedDependency

from creditbridge.access.metadata import MetadataValue
from creditbridge.consents.paper.service import Letters
from creditbridge.consents.service import Consents
from creditbridge.disputes.service import Disputes
from creditbridge.endpoints.contact_points import ContactPoints
from creditbridge.endpoints.cursors import Cursors
from creditbridge.endpoints.pins import PinnedHouse
from creditbridge.endpoints.readiness import Readiness
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import Signers
from creditbridge.journeys.admit_caller import AdmitCaller
from creditbridge.journeys.answer_for_oneself import AnswerForOneself
from creditbridge.journeys.ask_key_person import AskKeyPerson
from creditbridge.journeys.ask_person import AskPerson
from creditbridge.journeys.cancel_request import CancelRequest
from creditbridge.journeys.change_approvals import ChangeApprovals
from creditbridge.journeys.check_ledger import CheckLedger
from creditbridge.journeys.close_business import CloseBusiness
from creditbridge.journeys.confirm_consent import ConfirmConsent
from creditbridge.journeys.confirm_document import ConfirmDocument
from creditbridge.journeys.decide_authorization import DecideAuthorization
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.decide_waiting import DecideWaiting
from creditbridge.journeys.deliver_report import DeliverReport
from creditbridge.journeys.disown_document import DisownDocument
from creditbridge.journeys.end_passkey import EndPasskey
from creditbridge.journeys.enrol_passkey import EnrolPasskey
from creditbridge.journeys.file_dispute import FileDispute
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.hand_receipt import HandReceipt
from creditbridge.journeys.introspect_token import IntrospectToken
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.keep_agents import KeepAgents
from creditbridge.journeys.manage_grant import ManageGrant
from creditbridge.journeys.open_authorization import OpenAuthorization
from creditbridge.journeys.open_house import OpenHouse
from creditbridge.journeys.pause_consent import PauseConsent
from creditbridge.journeys.prove_passkey import ProvePasskey
from creditbridge.journeys.prove_record import ProveRecord
from creditbridge.journeys.push_request import PushRequest
from creditbridge.journeys.refuse_caller import RefuseCaller
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.revoke_token import RevokeToken
from creditbridge.journeys.sign_in import SignIn
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.suspend_bank import SuspendBank
from creditbridge.journeys.warn_endings import WarnEndings
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.service import Ledger
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.login.service import Login
from creditbridge.notices.service import Notices
from creditbridge.protocols.dpop_nonce import ProofNonces
from creditbridge.protocols.jws import TokenSigners


class PublishedKeys(Protocol):
    """The house's public keys as everybody may see them now."""

    @property
    def cache_seconds(self) -> int:
        """How long others may keep the set: a new key is shown for longer before it signs."""
        ...

    def jwks(self) -> Mapping[str, list[dict[str, str]]]:
        """Return the key set (RFC 7517, section 5)."""
        ...


class DescribedServer(Protocol):
    """What the authorization server serves now: its keys, and so its algorithms, change in time."""

    def server(self) -> Mapping[str, MetadataValue]:
        """Return the metadata (RFC 8414)."""
        ...

    def openid(self) -> Mapping[str, MetadataValue] | None:
        """Return the same for OpenID Connect; None where `openid` is not served."""
        ...


class MachineJourneys(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank's machine sets going."""

    issue_token: IssueToken
    push_request: PushRequest
    ask_person: AskPerson
    revoke_token: RevokeToken
    introspect_token: IntrospectToken
    admit_caller: AdmitCaller
    refuse_caller: RefuseCaller
    request_consent: RequestConsent
    ask_key_person: AskKeyPerson
    cancel_request: CancelRequest
    close_business: CloseBusiness
    manage_grant: ManageGrant
    deliver_report: DeliverReport
    prove_record: ProveRecord


class PeopleJourneys(msgspec.Struct, frozen=True, kw_only=True):
    """What a person who speaks for an enterprise sets going."""

    open_authorization: OpenAuthorization
    decide_authorization: DecideAuthorization
    decide_waiting: DecideWaiting
    sign_in: SignIn
    prove_passkey: ProvePasskey
    enrol_passkey: EnrolPasskey
    end_passkey: EndPasskey
    keep_agents: KeepAgents
    change_approvals: ChangeApprovals
    file_dispute: FileDispute
    give_consent: GiveConsent
    withdraw_consent: WithdrawConsent
    disown_document: DisownDocument
    pause_consent: PauseConsent
    confirm_consent: ConfirmConsent
    answer_for_oneself: AnswerForOneself


class OperatorJourneys(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets going."""

    open_house: OpenHouse
    decide_change: DecideChange
    suspend_bank: SuspendBank
    confirm_document: ConfirmDocument
    check_ledger: CheckLedger


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Built once by `app`, handed to every handler."""

    issuer: str
    bank_url: str
    database: Database
    clock: Clock
    message_signer: Signers
    token_signers: TokenSigners | None
    described: DescribedServer
    resource_metadata: Mapping[str, MetadataValue]
    nonces: ProofNonces | None  # What DPoP proofs must hold; None where none is asked for.
    keys: PublishedKeys
    pinned: PinnedHouse
    endings: WarnEndings
    consents: Consents
    letters: Letters
    cursors: Cursors
    ledger: Ledger
    login: Login
    notices: Notices
    disputes: Disputes
    contact: ContactPoints
    sends_mail: bool  # Whether a relay is configured.
    readiness: Readiness
    strangers: Strangers
    passkeys: Passkeys
    hand_receipt: HandReceipt
    machines: MachineJourneys
    people: PeopleJourneys
    operators: OperatorJourneys


AtHouse: TypeAlias = NamedDependency[House]
