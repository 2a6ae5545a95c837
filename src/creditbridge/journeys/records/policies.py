"""What a policy leaves in the ledger: itself, whole, for the replay runs by it."""

from creditbridge.consents.policy import SignedPolicy
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import EventKind, Record
from creditbridge.ledger.terms.consents import PolicyChanged

FIRST_RULE = "house-policy"
RULE_VERSION = "1"


def policy_record(signed: SignedPolicy, *, rule: str) -> Record:
    """Return the record that a policy binds from its instant on."""
    return Record(
        kind=EventKind.POLICY_CHANGED,
        rule=rule,
        rule_version=RULE_VERSION,
        terms=PolicyChanged(
            version=signed.version,
            use_from=signed.use_from,
            policy=signed.policy.decode(),
            signature=to_base64url(signed.signature),
            change_id=signed.change_id,
        ),
        key_ids={"consent": signed.key_id},
    )
