"""Letters on paper that tests lodge."""

import hashlib
import itertools
from datetime import date

from msgspec.structs import replace

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.letter import Letter, LetterScope, MediaType, TickedBusiness
from creditbridge.consents.model import DocumentDigest
from creditbridge.parties.model import Role
from creditbridge.profile.codes import ConsentForm

LETTER = Letter(
    scan_bytes=480_112,
    scan_media_type=MediaType.PDF,
    signed_on=date(2026, 3, 1),
    ticked=(TickedBusiness.APPLICATION, TickedBusiness.POST_LOAN),
    scopes=(LetterScope.KEEP, LetterScope.QUERY),
    signed_by=Role.LEGAL_REP,
    sealed=True,
)
NUMBERS = itertools.count(1)


def scan_of(name: str) -> DocumentDigest:
    """Return the digest of a scan of some name."""
    return DocumentDigest(sha256=hashlib.sha256(name.encode()).hexdigest())


def on_paper(request: ConsentRequest, **letter: object) -> ConsentRequest:
    """Return a request as one under a letter with a scan of its own, with changes of the letter."""
    return replace(
        request,
        form=ConsentForm.PAPER_SCAN,
        document=scan_of(f"scan {next(NUMBERS)}"),
        letter=replace(LETTER, **letter),
    )
