"""What the token endpoint answers."""

import re
from datetime import UTC, datetime, timedelta

from tests.error_tree import list_errors

from creditbridge.access.form import FormFault
from creditbridge.access.granted.model import IssuedToken
from creditbridge.access.model import OAuthError, Token

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")


def test_error_descriptions_are_of_the_characters_that_the_standard_allows() -> None:
    """RFC 6749, section 5.2: printable ASCII without quotation mark and backslash."""
    prose = [kind.message for kind in list_errors(OAuthError)]
    prose += [fault.value for fault in FormFault]

    assert [text for text in prose if DESCRIPTION.fullmatch(text) is None] == []


def test_every_oauth_error_has_a_word_of_the_standard() -> None:
    """RFC 6749, sections 4.1.2.1 and 5.2, and RFC 9449, sections 5 and 8, name them."""
    assert {kind.oauth_code for kind in list_errors(OAuthError)} == {
        "invalid_request",
        "invalid_client",
        "invalid_dpop_proof",
        "invalid_grant",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "use_dpop_nonce",
    }


def test_G1_the_answer_has_a_bound_token_and_no_refresh_token() -> None:
    """Exactly the members of RFC 6749, section 5.1, that client_credentials gives."""
    token = Token(
        client_id="c",
        bank_id="b",
        scopes=frozenset({"reports", "consents"}),
        thumbprint="t" * 43,
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=300),
    )

    assert IssuedToken(secret="cbt_x", token=token).to_answer() == {
        "access_token": "cbt_x",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "consents reports",
    }
