"""Who may approve, as a test says: everybody, and as many as it names."""

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.errors import Refused


class FakeCircle(msgspec.Struct, frozen=True, kw_only=True):
    """`needed` people must approve; whoever is in `barred` may not."""

    needed: int = 1
    barred: frozenset[str] = frozenset()

    def count_needed(self, consent: Consent) -> int:
        return self.needed

    def may_approve(self, person_id: str, consent: Consent) -> bool:
        return person_id not in self.barred

    def require_approver(self, person_id: str, consent: Consent) -> None:
        if person_id in self.barred:
            raise Refused


LONE = FakeCircle()
