"""Letters on paper, for operators and for the enterprise; each in the caller's transaction.

Who writes waits for the row, reads the instant anew, and lets a pure rule decide.
"""

from creditbridge.consents import store as consents
from creditbridge.consents.artefact import sign_consent
from creditbridge.consents.model import Consent, ConsentEvent
from creditbridge.consents.paper import rules, store
from creditbridge.consents.paper.model import (
    Confirmation,
    Confirmed,
    ConfirmedAlready,
    Disowning,
    DocumentUnknown,
    WaitingLetter,
)
from creditbridge.consents.policies import Policies
from creditbridge.consents.policy import require_within
from creditbridge.consents.service import ConsentBusy
from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.foundation.keys import Signers

LETTERS_MAX = 200


class Letters:
    """The letters under the house's policies, with artefacts signed by the house's key."""

    def __init__(self, policies: Policies, signers: Signers) -> None:
        self._policies = policies
        self._signers = signers

    async def confirm(self, tx: Transaction, confirmation: Confirmation) -> Confirmed:
        """Keep one operator's word; with the last that is needed, make the consent live.

        Of two last ones at once, one makes it live.

        Raises:
            Refused: no letter, decided, another text, lapsed, over, beyond the policy of now; or
                the same operator again.
        """
        known = is_id(Kind.CONSENT, confirmation.consent_id)
        before = await store.lock_letter(tx, confirmation.consent_id) if known else None
        after = rules.confirm(before, confirmation, now=await tx.renew_now())
        # The policy of this instant, not of the lodging: it may have been tightened since.
        ceilings = await self._policies.get_ceilings(tx, after.purposes)
        require_within(after, ceilings)
        if not await store.add_confirmation(tx, confirmation):
            raise ConfirmedAlready
        given = (await store.count_confirmations(tx, [after.consent_id]))[after.consent_id]
        needed = rules.count_needed(confirmation.artefact_digest, ceilings)
        if given < needed:
            waiting = await self.get_letter(tx, after.consent_id)
            return Confirmed(consent=waiting, given=given, needed=needed)
        signed = sign_consent(after, self._signers.current())
        return Confirmed(consent=await _move(tx, signed), given=given, needed=needed)

    async def disown(self, tx: Transaction, disowning: Disowning) -> tuple[ConsentEvent, Consent]:
        """End the consent of a letter that is not the enterprise's: at once, whatever its state.

        Return what happened to it, and the consent after it.

        Raises:
            Refused: no letter of this enterprise, or its consent has ended.
        """
        found = None
        if is_id(Kind.CONSENT, disowning.consent_id):
            found = await consents.lock_of_enterprise(
                tx, consent_id=disowning.consent_id, uscc=disowning.uscc
            )
        event, after = rules.disown(found, person_id=disowning.person_id, now=await tx.renew_now())
        return event, await _move(tx, after)

    async def get_letter(self, tx: Transaction, consent_id: str) -> Consent:
        """Return the consent of a letter, whoever's, for an operator.

        Raises:
            DocumentUnknown: there is none under this id.
        """
        known = is_id(Kind.CONSENT, consent_id)
        found = await store.find_letter(tx, consent_id) if known else None
        if found is None:
            raise DocumentUnknown
        return found

    async def read_letter(self, tx: Transaction, consent_id: str) -> WaitingLetter:
        """Return a letter with how many operators confirmed it, and how many must.

        Raises:
            DocumentUnknown: there is none under this id.
        """
        return (await self._count(tx, [await self.get_letter(tx, consent_id)]))[0]

    async def list_letters(self, tx: Transaction) -> list[WaitingLetter]:
        """Return what waits for an operator, the soonest to lapse first, then what was disowned."""
        return await self._count(tx, await store.list_letters(tx, rows_max=LETTERS_MAX))

    async def _count(self, tx: Transaction, letters: list[Consent]) -> list[WaitingLetter]:
        given = await store.count_confirmations(tx, [one.consent_id for one in letters])
        counted = list[WaitingLetter]()
        for one in letters:
            ceilings = await self._policies.get_ceilings(tx, one.purposes)
            needed = rules.count_needed(rules.digest_lodged(one), ceilings)
            waiting = WaitingLetter(consent=one, given=given.get(one.consent_id, 0), needed=needed)
            counted.append(waiting)
        return counted


async def _move(tx: Transaction, after: Consent) -> Consent:
    if not await consents.move_consent(tx, after, from_version=after.version - 1):
        raise ConsentBusy
    return after
