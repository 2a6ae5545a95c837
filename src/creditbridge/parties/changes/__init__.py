"""What two operators may decide together, under the words that they sign.

Adding one is a file here and a line in the registry.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.changes import (
    bank_licence,
    bank_onboarding,
    bank_resumption,
    client_certificate,
    client_constraint,
    client_ending,
    client_keys,
    client_redirects,
    client_registration,
    client_self_signed,
    consent_policy,
    passkey_recovery,
)
from creditbridge.parties.model import Applied, Change, ChangeKind


class Kind(msgspec.Struct, frozen=True):
    """One kind of change.

    `read` returns what a body says or raises Malformed: it runs before anybody is asked to
    approve. `apply` puts an approved change in force, in the caller's transaction and one change at
    a time, or raises Refused and has written nothing.
    """

    read: Callable[[bytes], object]
    apply: Callable[[Transaction, Change], Awaitable[Applied]]


KINDS: Mapping[ChangeKind, Kind] = MappingProxyType(
    {
        ChangeKind.BANK_ONBOARDING: Kind(bank_onboarding.read, bank_onboarding.apply),
        ChangeKind.BANK_LICENCE: Kind(bank_licence.read, bank_licence.apply),
        ChangeKind.BANK_RESUMPTION: Kind(bank_resumption.read, bank_resumption.apply),
        ChangeKind.CLIENT_REGISTRATION: Kind(client_registration.read, client_registration.apply),
        ChangeKind.CLIENT_KEYS: Kind(client_keys.read, client_keys.apply),
        ChangeKind.CLIENT_CERTIFICATE: Kind(client_certificate.read, client_certificate.apply),
        ChangeKind.CLIENT_SELF_SIGNED: Kind(client_self_signed.read, client_self_signed.apply),
        ChangeKind.CLIENT_CONSTRAINT: Kind(client_constraint.read, client_constraint.apply),
        ChangeKind.CLIENT_REDIRECTS: Kind(client_redirects.read, client_redirects.apply),
        ChangeKind.CLIENT_ENDING: Kind(client_ending.read, client_ending.apply),
        ChangeKind.CONSENT_POLICY: Kind(consent_policy.read, consent_policy.apply),
        ChangeKind.PASSKEY_RECOVERY: Kind(passkey_recovery.read, passkey_recovery.apply),
    }
)
