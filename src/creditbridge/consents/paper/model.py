"""One operator's word on a scan, and what came of it."""

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.errors import Refused

# Why a consent ended that was never given, as the enterprise says: the ledger's word.
DISOWNED = "letter-disowned"


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """An operator saw the scan, and it says what was lodged: `artefact_digest` names that."""

    consent_id: str
    version: int
    artefact_digest: bytes  # SHA-256 of the consent's artefact, 32 bytes.
    operator_id: str
    person_key: str  # Two accounts of one person have the same.
    key_id: str


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the consent is ACTIVE, or waits for a second operator.

    `given` operators have confirmed by now, and `needed` must.
    """

    consent: Consent
    given: int
    needed: int


class Disowning(msgspec.Struct, frozen=True, kw_only=True):
    """A representative says that a letter is not the enterprise's."""

    consent_id: str
    uscc: str
    person_id: str


class WaitingLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as operators find it, with the number of those who confirmed it."""

    consent: Consent
    given: int
    needed: int


class Count(msgspec.Struct, frozen=True):
    """How many operators confirmed a letter."""

    consent_id: str
    given: int


class DocumentUnknown(Refused):
    """No letter is lodged under this id; a consent that was signed here has none either."""

    code = "document-unknown"
    message = "There is no such letter on paper."


class DocumentAltered(Refused):
    """What the operator signed is not what is lodged."""

    code = "document-altered"
    message = "The signature is for another version or another text of this letter; read it again."


class ConfirmedAlready(Refused):
    """The same person, account or key confirmed this letter before: two, and not one twice."""

    code = "document-confirmed-already"
    message = "You have confirmed this letter already; another operator has to confirm it, too."


class PaperNotEnough(Refused):
    """The enterprise set that several people approve: a letter cannot show that they did."""

    code = "consent-paper-not-enough"
    message = "This enterprise takes several approvals; ask for a consent that is signed here."
