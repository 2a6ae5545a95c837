"""ID tokens: what they say, and pseudonyms that nobody can join."""

import secrets
from datetime import UTC, datetime

import joserfc.jwk
import joserfc.jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.id_token import IdToken, derive_subject, sign_id_token

NOW = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())
SECRET = bytes(range(32))
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = FileKey(key=name_key(PRIVATE.public_key(), key_id="tokens"), private=PRIVATE)
JUDGE = joserfc.jwk.ECKey.import_key(PRIVATE.public_key())
CLAIMS = IdToken(iss="https://i.example", sub="s", aud="north-web", exp=NOW + 300, iat=NOW)


def test_M5_a_subject_is_stable_and_of_one_sector() -> None:
    """OpenID Connect Core 1.0, section 8.1; the first value is fixed, for people keep theirs."""
    first = derive_subject(SECRET, sector="bnk_1", person="prs_1")

    assert first == "vMxEilqF7VkXNsrfUEA7R1EM5fn_7shMgL2gdVPYkX8"
    others = [
        derive_subject(SECRET, sector="bnk_2", person="prs_1"),
        derive_subject(SECRET, sector="bnk_1", person="prs_2"),
        derive_subject(secrets.token_bytes(32), sector="bnk_1", person="prs_1"),
        # Where one name ends and the other begins is part of what is told apart.
        derive_subject(SECRET, sector="bnk_1p", person="rs_1"),
    ]
    assert len({first, *others}) == 5
    assert all(len(subject) == 43 for subject in others)


def test_Z9_another_library_reads_the_token() -> None:
    """By the key as it is published; the key is named, and what was not told is absent."""
    read = joserfc.jwt.decode(sign_id_token(CLAIMS, KEY), JUDGE, algorithms=["ES256"])

    assert read.header == {"alg": "ES256", "kid": "tokens", "typ": "JWT"}
    assert read.claims == {
        "iss": "https://i.example",
        "sub": "s",
        "aud": "north-web",
        "exp": NOW + 300,
        "iat": NOW,
    }


def test_Z9_nonce_and_time_are_told_where_there_are_any() -> None:
    """Section 2: the nonce unmodified, whatever is in it."""
    nonce = 'n"\\銀' * 100
    claims = msgspec.structs.replace(CLAIMS, auth_time=NOW - 5, nonce=nonce)

    read = joserfc.jwt.decode(sign_id_token(claims, KEY), JUDGE, algorithms=["ES256"])

    assert (read.claims["nonce"], read.claims["auth_time"]) == (nonce, NOW - 5)
