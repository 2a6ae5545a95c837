"""Our signed messages and those of `http-message-signatures`: each reads the other's."""

from datetime import timedelta

import http_message_signatures as library
import pytest
from msgspec.structs import replace
from tests.protocols.messages import (
    ANSWER,
    BODY,
    EC_KEY,
    EC_PRIVATE,
    ED_KEY,
    ED_PRIVATE,
    KEYS,
    NONCE,
    NOW,
    QUERY,
    REQUEST,
    answered,
    signed,
    verify,
)

from creditbridge.foundation.keys import FileKey
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Profile,
    Request,
    Response,
)


class LibraryRequest:
    """A request as `http-message-signatures` reads and writes it."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.url = request.target_uri
        self.headers = dict(request.headers)


class LibraryAnswer:
    """An answer as `http-message-signatures` reads it."""

    def __init__(self, response: Response, request: Request) -> None:
        self.status_code = response.status
        self.headers = dict(response.headers)
        self.request = LibraryRequest(request)


ALGORITHMS = {"ec": library.algorithms.ECDSA_P256_SHA256, "ed": library.algorithms.ED25519}
RESOLVER = library.MappingKeyResolver(
    private_keys={"ec": EC_PRIVATE, "ed": ED_PRIVATE},
    public_keys={name: key.material for name, key in KEYS.items()},
)


@pytest.mark.parametrize("key", [EC_KEY, ED_KEY])
def test_the_library_accepts_our_requests_and_rebuilds_our_base(key: FileKey) -> None:
    """Others verify what we sign, body included."""
    judge = library.HTTPMessageVerifier(
        signature_algorithm=ALGORITHMS[key.key.key_id], key_resolver=RESOLVER
    )

    (result,) = judge.verify(
        LibraryRequest(signed(key=key)), max_age=None, expect_tag="fapi-2-request", body=BODY
    )

    assert result.body == BODY
    assert list(result.covered_components)[:2] == ['"@method"', '"@target-uri"']


@pytest.mark.parametrize(
    ("profile", "request_profile", "asked"),
    [(BANK_RESPONSE, BANK_REQUEST, REQUEST), (PLATFORM_ANSWER, PLATFORM_QUERY, QUERY)],
)
def test_the_library_accepts_our_answers(
    profile: Profile, request_profile: Profile, asked: Request
) -> None:
    """With all the components of the request that an answer covers."""
    request = signed(asked, request_profile)
    judge = library.HTTPMessageVerifier(signature_algorithm=ALGORITHMS["ed"], key_resolver=RESOLVER)

    (result,) = judge.verify(
        LibraryAnswer(answered(request, profile), request),
        max_age=None,
        expect_tag=profile.tag,
        body=ANSWER.body,
    )

    assert '"signature-input";req;key="sig1"' in result.covered_components


@pytest.mark.parametrize("key_id", ["ec", "ed"])
def test_we_accept_what_the_library_signs(key_id: str) -> None:
    """Another signer's order, label and parameters are its own affair."""
    message = LibraryRequest(REQUEST)
    signer = library.HTTPMessageSigner(
        signature_algorithm=ALGORITHMS[key_id], key_resolver=RESOLVER
    )
    signer.sign(
        message,
        key_id=key_id,
        created=NOW,
        expires=NOW + timedelta(seconds=60),
        nonce=NONCE,
        label="theirs",
        tag="fapi-2-request",
        covered_component_ids=(
            "content-type",
            "x-fapi-interaction-id",
            "idempotency-key",
            "authorization",
            "@authority",
            "@target-uri",
            "@method",
        ),
        body=BODY,
    )
    headers = tuple((name.lower(), value) for name, value in message.headers.items())

    verified = verify(replace(REQUEST, headers=headers))

    assert (verified.label, verified.key_id) == ("theirs", key_id)
