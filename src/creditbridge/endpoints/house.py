"""What the doors' handlers are given: the journeys, and the few rooms that they only read."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec
from litestar.di import NamedDependency

from creditbridge.access.metadata import MetadataValue
from creditbridge.consents.service import Consents
from creditbridge.endpoints.readiness import Readiness
from creditbridge.evidence.pins import PinsFile
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database
from creditbridge.foundation.keys import Signer
from creditbridge.journeys.admit_caller import AdmitCaller
from creditbridge.journeys.check_ledger import CheckLedger
from creditbridge.journeys.decide_change import DecideChange
from creditbridge.journeys.deliver_report import DeliverReport
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.introspect_token import IntrospectToken
from creditbridge.journeys.issue_token import IssueToken
from creditbridge.journeys.open_house import OpenHouse
from creditbridge.journeys.prove_record import ProveRecord
from creditbridge.journeys.refuse_caller import RefuseCaller
from creditbridge.journeys.request_consent import RequestConsent
from creditbridge.journeys.revoke_token import RevokeToken
from creditbridge.journeys.sign_in import SignIn
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.suspend_bank import SuspendBank
from creditbridge.journeys.withdraw_consent import WithdrawConsent
from creditbridge.ledger.service import Ledger
from creditbridge.login.service import Login
from creditbridge.protocols.dpop_nonce import ProofNonces


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Built once by `app`, handed to every handler."""

    bank_url: str
    database: Database
    clock: Clock
    message_signer: Signer
    metadata: Mapping[str, MetadataValue]
    resource_metadata: Mapping[str, MetadataValue]
    nonces: ProofNonces | None  # What DPoP proofs must hold; None where none is asked for.
    jwks: Mapping[str, list[dict[str, str]]]
    pins: PinsFile
    consents: Consents
    ledger: Ledger
    login: Login
    readiness: Readiness
    strangers: Strangers
    open_house: OpenHouse
    decide_change: DecideChange
    suspend_bank: SuspendBank
    issue_token: IssueToken
    revoke_token: RevokeToken
    introspect_token: IntrospectToken
    admit_caller: AdmitCaller
    refuse_caller: RefuseCaller
    request_consent: RequestConsent
    sign_in: SignIn
    give_consent: GiveConsent
    withdraw_consent: WithdrawConsent
    deliver_report: DeliverReport
    prove_record: ProveRecord
    check_ledger: CheckLedger


AtHouse: TypeAlias = NamedDependency[House]
