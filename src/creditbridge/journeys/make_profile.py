"""The answers of the platforms become one profile: step 5 of a bank's report.

    merge -> suppress -> flag -> seal

1. The platforms' sections are merged; a failed source never looks like an empty one.
2. What the law withholds falls away, and is not counted.
3. Flags state facts with their evidence.
4. The gateway seals the whole.
"""

import hashlib
from datetime import datetime

from creditbridge.consents.model import Asked, Coverage
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.keys import Signer
from creditbridge.journeys.report_query import sections_of
from creditbridge.platforms.model import PlatformAnswer
from creditbridge.profile.build import ProfileHeading, build_profile
from creditbridge.profile.codes import MatchBy
from creditbridge.profile.flags import Naming, flag
from creditbridge.profile.merge import merge
from creditbridge.profile.model import Extent, Subject
from creditbridge.profile.policy import DEFAULT_POLICY
from creditbridge.profile.record import match_by
from creditbridge.profile.seal import SealedProfile, seal_profile
from creditbridge.profile.suppression import suppress


def make_profile(
    answer: PlatformAnswer,
    coverage: Coverage,
    asked: Asked,
    signer: Signer,
    *,
    request: bytes,
    now: datetime,
) -> SealedProfile:
    """Walk the steps above; `request` are the bytes that the bank's request is known by."""
    merged = merge(answer.answers)  # 1
    extent = Extent(
        asked=asked.sections,
        covered=sections_of(coverage, asked),
        category=answer.subject.category,
        classes=coverage.classes,
        persons=coverage.persons,
    )
    served = suppress(merged, extent=extent, now=now)  # 2
    subject = Subject(
        uscc=answer.subject.uscc,
        name=answer.subject.name,
        entity_category=answer.subject.category,
        match=match_by(MatchBy.USCC),
    )
    naming = Naming(
        consented=coverage.consent.name,
        answered=answer.subject.name,
        former=answer.subject.former_names,
    )
    flags = flag(served, naming=naming, now=now, policy=DEFAULT_POLICY)  # 3
    heading = ProfileHeading(
        profile_id=new_id(Kind.PROFILE, now=now),
        generated_at=now,
        subject=subject,
        consent_id=coverage.consent.consent_id,
        authorization_no=coverage.consent.authorization_no,
        purpose=asked.purpose,
        bank_id=asked.bank_id,
        request_digest=hashlib.sha256(request).hexdigest(),
        persons=coverage.persons,
    )
    return seal_profile(build_profile(served, flags, heading=heading), signer)  # 4
