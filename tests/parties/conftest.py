"""Keys, and a bank that two operators may bring in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.parties.model import (
    BankOnboarding,
    ClientOnboarding,
)
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.certificate_binding import SubjectKind, SubjectMatcher

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

MakeKey: TypeAlias = Callable[[], FileKey]


def make_key() -> FileKey:
    """Return a fresh ES256 key, named by its thumbprint."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


@pytest.fixture
def noon() -> datetime:
    """The instant at which the rules decide."""
    return NOON


@pytest.fixture
def new_key() -> MakeKey:
    """Makes fresh ES256 keys."""
    return make_key


@pytest.fixture
def onboarding() -> BankOnboarding:
    """A bank with one client that signs and one that does not."""
    signing = ClientOnboarding(
        client_id="example-bank-loans",
        matcher=SubjectMatcher(kind=SubjectKind.SAN_DNS, value="loans.bank.example"),
        scopes=("reports", "consents"),
        requires_signature=True,
        keys=(make_key().key.to_jwk(),),
    )
    plain = ClientOnboarding(
        client_id="example-bank-branch",
        matcher=SubjectMatcher(kind=SubjectKind.SUBJECT_DN, value="CN=branch,O=Example Bank"),
        scopes=("reports",),
        requires_signature=False,
        keys=(),
    )
    return BankOnboarding(
        uscc="91330104YY0000A13Q", legal_name="Example Bank", clients=(signing, plain)
    )


@pytest.fixture
def body(onboarding: BankOnboarding) -> bytes:
    """The canonical bytes of that bank's onboarding."""
    return canonicalize(msgspec.to_builtins(onboarding))
