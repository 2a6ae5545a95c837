"""Another consent policy: how far consents may reach from its instant on."""

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes.body import ChangeMalformed, read_body
from creditbridge.parties.model import Applied, Change
from creditbridge.profile.consent_policy import PolicyWords, is_lawful


def read(body: bytes) -> PolicyWords:
    """Return the policy that a body says.

    Raises:
        Malformed: not the canonical body of this kind, or one that opens natural persons' data.
    """
    words = read_body(body, PolicyWords)
    if not is_lawful(words):
        raise ChangeMalformed(detail="natural persons' data is not opened by a policy")
    return words


async def apply(_tx: Transaction, change: Change) -> Applied:
    """Let the change stand: the room of the consents signs and keeps the policy itself."""
    read(change.body)
    return Applied(subject=None)
