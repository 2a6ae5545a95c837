"""The journeys of people who speak for enterprises, joined to the rooms that they lead through."""

import creditbridge.access.service as access
import creditbridge.consents.confirmations.service as confirmations
import creditbridge.consents.moves.service as moves
from creditbridge.access.settings import AccessSettings
from creditbridge.app.rooms import Rooms
from creditbridge.endpoints.house import PeopleJourneys
from creditbridge.journeys.answer_for_oneself import AnswerForOneself
from creditbridge.journeys.approver_signature import HousePolicy
from creditbridge.journeys.change_approvals import ChangeApprovals
from creditbridge.journeys.confirm_consent import ConfirmConsent
from creditbridge.journeys.decide_authorization import DecideAuthorization
from creditbridge.journeys.decide_waiting import DecideWaiting
from creditbridge.journeys.disown_document import DisownDocument
from creditbridge.journeys.end_passkey import EndPasskey
from creditbridge.journeys.enrol_passkey import EnrolPasskey
from creditbridge.journeys.file_dispute import FileDispute
from creditbridge.journeys.follow_representative import FollowRepresentative
from creditbridge.journeys.give_consent import GiveConsent
from creditbridge.journeys.keep_agents import KeepAgents
from creditbridge.journeys.open_authorization import OpenAuthorization
from creditbridge.journeys.pause_consent import PauseConsent
from creditbridge.journeys.prove_passkey import ProvePasskey
from creditbridge.journeys.sign_consents import SignConsents
from creditbridge.journeys.sign_in import SignIn
from creditbridge.journeys.withdraw_consent import WithdrawConsent


def people_of(rooms: Rooms, addresses: AccessSettings) -> PeopleJourneys:
    """Return what the people of enterprises walk through."""
    database, ledger = rooms.database, rooms.ledger
    prove_passkey = _prove_passkey(rooms)
    sign_consents = _sign_consents(rooms)
    return PeopleJourneys(
        open_authorization=OpenAuthorization(database=database, modes=addresses.response_modes),
        decide_authorization=_decide_authorization(rooms, sign_consents, addresses),
        decide_waiting=DecideWaiting(
            database=database,
            consents=rooms.consents,
            sign_consents=sign_consents,
            access=access,
            ledger=ledger,
            notices=rooms.notices,
        ),
        sign_in=_sign_in(rooms),
        prove_passkey=prove_passkey,
        enrol_passkey=_enrol_passkey(rooms, prove_passkey),
        end_passkey=EndPasskey(
            database=database, passkeys=rooms.passkeys, ledger=ledger, notices=rooms.notices
        ),
        keep_agents=KeepAgents(database=database, ledger=ledger, notices=rooms.notices),
        change_approvals=ChangeApprovals(database=database, ledger=ledger, notices=rooms.notices),
        file_dispute=FileDispute(
            database=database,
            platforms=rooms.platforms,
            disputes=rooms.disputes,
            ledger=ledger,
        ),
        give_consent=GiveConsent(
            database=database,
            consents=rooms.consents,
            sign_consents=sign_consents,
            ledger=ledger,
            notices=rooms.notices,
        ),
        withdraw_consent=WithdrawConsent(
            database=database,
            consents=rooms.consents,
            access=access,
            ledger=ledger,
            notices=rooms.notices,
        ),
        answer_for_oneself=AnswerForOneself(
            database=database, ledger=ledger, signers=rooms.keys.consent
        ),
        disown_document=DisownDocument(
            database=database,
            letters=rooms.letters,
            access=access,
            ledger=ledger,
            notices=rooms.notices,
        ),
        pause_consent=PauseConsent(
            database=database, moves=moves, ledger=ledger, notices=rooms.notices
        ),
        confirm_consent=_confirm_consent(rooms, sign_consents),
    )


def _decide_authorization(
    rooms: Rooms, sign_consents: SignConsents, addresses: AccessSettings
) -> DecideAuthorization:
    return DecideAuthorization(
        database=rooms.database,
        modes=addresses.response_modes,
        consents=rooms.consents,
        sign_consents=sign_consents,
        access=access,
        ledger=rooms.ledger,
        notices=rooms.notices,
    )


def follow_of(rooms: Rooms) -> FollowRepresentative:
    """Return who follows a change of the legal representative, whoever tells of it."""
    return FollowRepresentative(
        database=rooms.database,
        confirmations=confirmations,
        passkeys=rooms.passkeys,
        ledger=rooms.ledger,
        notices=rooms.notices,
        confirm_days=rooms.settings.consents.confirm_days,
    )


def _sign_in(rooms: Rooms) -> SignIn:
    return SignIn(
        database=rooms.database,
        login=rooms.login,
        ledger=rooms.ledger,
        notices=rooms.notices,
        follow=follow_of(rooms),
        secret=rooms.people_secret,
    )


def _confirm_consent(rooms: Rooms, sign_consents: SignConsents) -> ConfirmConsent:
    return ConfirmConsent(
        database=rooms.database,
        confirmations=confirmations,
        sign_consents=sign_consents,
        ledger=rooms.ledger,
        notices=rooms.notices,
    )


def _enrol_passkey(rooms: Rooms, prove_passkey: ProvePasskey) -> EnrolPasskey:
    return EnrolPasskey(
        database=rooms.database,
        passkeys=rooms.passkeys,
        prove_passkey=prove_passkey,
        ledger=rooms.ledger,
        notices=rooms.notices,
    )


def _prove_passkey(rooms: Rooms) -> ProvePasskey:
    return ProvePasskey(
        database=rooms.database,
        passkeys=rooms.passkeys,
        ledger=rooms.ledger,
        notices=rooms.notices,
    )


def _sign_consents(rooms: Rooms) -> SignConsents:
    return SignConsents(
        passkeys=rooms.passkeys,
        policy=HousePolicy(policies=rooms.consents.policies, least=rooms.settings.passkeys.demand),
        ledger=rooms.ledger,
    )
