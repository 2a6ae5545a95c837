"""An operator confirms the scan of a letter that a bank lodged.

    parties -> consents -> parties -> ledger -> notices

1. The operator's signed act is fresh, and names the very text that was lodged.
2. The letter still waits, and its consent keeps the ceilings for paper of this instant. One
   operator is enough, or two different ones are needed: a digest decides which.
3. The bank may come in, and its licence has letters on paper; the enterprise asks for no more than
   one approval.
4. The ledger holds the operator's word as the next link of the consent's chain.
5. With the last that is needed the consent is live, and everybody who speaks for the enterprise is
   told.
"""

from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.paper.model import Confirmation, Confirmed, PaperNotEnough
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.approving_circle import reach_of
from creditbridge.journeys.records.news import consent_news
from creditbridge.journeys.records.papers import confirmed_record
from creditbridge.ledger.encoding import from_base64url
from creditbridge.ledger.port import Recorder
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.acts import SignedConfirmation
from creditbridge.parties.licence import PaperNotLicensed, list_forms, require_form
from creditbridge.parties.model import Operator, Standing
from creditbridge.parties.rules import identify_person
from creditbridge.parties.service import find_approval_rules, get_bank, require_confirmation
from creditbridge.parties.voices.quorum import count_needed


class Letters(Protocol):
    """What this journey needs of the letters."""

    async def confirm(self, tx: Transaction, confirmation: Confirmation) -> Confirmed:
        """Keep one operator's word; the last that is needed makes the consent live."""
        ...


class ConfirmDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    letters: Letters
    ledger: Recorder
    notices: Herald

    async def __call__(self, confirmation: SignedConfirmation) -> Confirmed:
        """Walk the steps above, in order.

        Raises:
            Refused: no such operator or letter, a stale act, the same operator again; the letter
                was decided, or altered, or its bank or the policy allows it no more.
            SignatureInvalid: not this operator's signature.
        """
        async with self.database.transaction() as tx:
            operator = await require_confirmation(tx, confirmation)  # 1
            confirmed = await self.letters.confirm(tx, _said(confirmation, operator))  # 1, 2
            await require_paper(tx, confirmed.consent)  # 3
            await self.ledger.record(tx, confirmed_record(confirmed, operator, confirmation))  # 4
            if confirmed.consent.state is ConsentState.ACTIVE:
                news = consent_news(NoticeKind.DOCUMENT_CONFIRMED, confirmed.consent)
                await self.notices.tell(tx, news)  # 5
        return confirmed


async def require_paper(tx: Transaction, consent: Consent) -> None:
    """Accept a letter that its bank may lodge, for an enterprise that one signature binds.

    Raises:
        PaperNotLicensed: its bank is shut out, or has no letters in its licence.
        PaperNotEnough: the enterprise set that several people approve.
    """
    bank = await get_bank(tx, consent.bank_id)
    if bank.state is not Standing.ACTIVE:
        raise PaperNotLicensed
    require_form(consent.form, list_forms(bank))
    rules = await find_approval_rules(tx, consent.uscc)
    # What several people must say together, a letter with one signature on it does not say.
    if count_needed(rules, reach_of(consent)) > 1:
        raise PaperNotEnough


def _said(confirmation: SignedConfirmation, operator: Operator) -> Confirmation:
    act = confirmation.act
    return Confirmation(
        consent_id=act.consent_id,
        version=act.version,
        artefact_digest=from_base64url(act.artefact_digest),
        operator_id=operator.operator_id,
        person_key=identify_person(operator.person_name),
        key_id=operator.key_id,
    )
