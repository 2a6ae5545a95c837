"""The house's signed messages: what they cover, answers bound to requests, stored evidence."""

import pytest
from msgspec.structs import replace
from tests.protocols.messages import (
    ANSWER,
    CREATED,
    EC_KEY,
    ED_KEY,
    NONCE,
    QUERY,
    REQUEST,
    answered,
    right_parameters,
    signed,
    verify,
    verify_answer,
    with_header,
)

from creditbridge.foundation.errors import CreditbridgeError, Untrusted
from creditbridge.foundation.keys import FileKey
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Request,
    SignatureAmbiguous,
    SignatureBodyMismatch,
    SignatureIncomplete,
    SignatureKeyUnknown,
    SignatureMalformed,
    SignatureMissing,
    SignatureRejected,
    SignatureStale,
    make_request_signature,
    make_response_signature,
    sign_request,
    verify_base,
)
from creditbridge.protocols.signature_base import MessageView
from creditbridge.protocols.signature_input import build_base, cover


@pytest.mark.parametrize("key", [EC_KEY, ED_KEY])
def test_a_bank_request_covers_the_table_in_its_order(key: FileKey) -> None:
    """Always, if present, with a body; `traceparent`, `host` and `accept` never."""
    verified = verify(signed(key=key))

    lines = verified.base.decode().split("\n")
    assert [line.split(":")[0] for line in lines] == [
        '"@method"',
        '"@target-uri"',
        '"authorization"',
        '"idempotency-key"',
        '"x-fapi-interaction-id"',
        '"content-digest"',
        '"content-type"',
        '"@signature-params"',
    ]
    assert lines[1] == '"@target-uri": https://gateway.example/v1/reports?view=full&lang=zh'
    assert lines[-1].endswith(
        f';created={CREATED};nonce="{NONCE}";keyid="{key.key.key_id}";tag="fapi-2-request"'
    )
    assert (verified.key_id, verified.algorithm) == (key.key.key_id, key.key.algorithm)
    assert (verified.created, verified.nonce, verified.label) == (CREATED, NONCE, "sig1")


def test_a_request_without_a_body_covers_no_digest() -> None:
    """A GET adds two headers, and covers what is there."""
    get = Request(
        method="GET",
        target_uri="https://gateway.example/v1/consents",
        headers=(("authorization", "Bearer cbt_token"), ("dpop", "proof")),
    )

    verified = verify(signed(get))

    assert [name for name, _ in signed(get).headers[2:]] == ["signature-input", "signature"]
    assert b'("@method" "@target-uri" "authorization" "dpop")' in verified.base


def test_an_answer_covers_its_request_and_the_requests_signature() -> None:
    """What was asked, by whose signature, and the digest of both bodies."""
    request = signed()

    verified = verify_answer(answered(request), request)

    signature = dict(request.headers)["signature"].removeprefix("sig1=")
    assert [line.split(": ")[0] for line in verified.base.decode().split("\n")] == [
        '"@status"',
        '"creditbridge-receipt"',
        '"x-fapi-interaction-id"',
        '"content-digest"',
        '"content-type"',
        '"@method";req',
        '"@target-uri";req',
        '"content-digest";req',
        '"signature";req;key="sig1"',
        '"signature-input";req;key="sig1"',
        '"@signature-params"',
    ]
    assert f'"signature";req;key="sig1": {signature}\n'.encode() in verified.base
    assert verified.nonce == ""


def test_an_answer_to_an_unsigned_request_covers_what_there_is() -> None:
    """Without a signature and a digest the request's method and target remain."""
    verified = verify_answer(answered(REQUEST), REQUEST)

    assert verified.base.endswith(
        b'"@method";req "@target-uri";req);created=1700000000;keyid="ed";tag="fapi-2-response"'
    )


def test_a_badly_signed_request_gets_a_signed_refusal() -> None:
    """Errors after the caller is known are signed, whatever is wrong with the request (H10)."""
    request = with_header(signed(), "signature-input", "sig1=(((")

    assert b"signature-input" not in verify_answer(answered(request), request).base


def test_an_answer_covers_our_signature_among_several() -> None:
    """A proxy's signature beside the bank's, and other blanks, change nothing."""
    request = signed()
    proxied = replace(
        request,
        headers=(
            ("signature-input", 'p=("@path");tag="proxy"'),
            ("signature", "p=:AAAA:"),
            *request.headers,
        ),
    )

    assert verify_answer(answered(proxied), request).base.startswith(b'"@status": 200\n')


def test_a_platform_query_and_its_answer_cover_the_table() -> None:
    """The query id, the grant and the token; the answer always covers the query's signature."""
    query = signed(QUERY, PLATFORM_QUERY)
    asked = verify(query, PLATFORM_QUERY)
    told = verify_answer(answered(query, PLATFORM_ANSWER), query, PLATFORM_ANSWER)

    assert (
        b'("@method" "@target-uri" "creditbridge-query-id" "creditbridge-consent" "authorization"'
        b' "content-digest" "content-type");created=1700000000;nonce="nonce-0123456789abcdef"'
        b';keyid="ec";tag="creditbridge-query"'
    ) in asked.base
    assert (
        b'("@status" "content-digest" "content-type" "@method";req "@target-uri";req'
        b' "content-digest";req "signature";req;key="sig1" "signature-input";req;key="sig1");'
    ) in told.base


def test_a_platform_answers_no_unsigned_query() -> None:
    """The answer to a query without a signature can be neither made nor accepted."""
    with pytest.raises(SignatureIncomplete):
        answered(QUERY, PLATFORM_ANSWER)
    signed_query = signed(QUERY, PLATFORM_QUERY)
    with pytest.raises(SignatureIncomplete):
        verify_answer(answered(signed_query, PLATFORM_ANSWER), QUERY, PLATFORM_ANSWER)


def test_a_signer_needs_what_is_always_covered() -> None:
    """A request without a token, or with a body of no type, cannot be signed."""
    for name in ("authorization", "content-type"):
        with pytest.raises(SignatureIncomplete):
            signed(with_header(REQUEST, name, None))


def test_a_digest_that_is_there_is_kept() -> None:
    """The signer adds Content-Digest only where it is absent."""
    once = signed()
    digest = next(header for header in once.headers if header[0] == "content-digest")
    with_digest = replace(REQUEST, headers=(*REQUEST.headers, digest))

    added = sign_request(with_digest, BANK_REQUEST, ED_KEY, created=CREATED, nonce=NONCE)

    assert [name for name, _ in added] == ["signature-input", "signature"]


def test_H9_an_answer_fits_no_other_request() -> None:
    """Two requests that differ in their nonce alone have answers that cannot be swapped."""
    first = signed()
    added = sign_request(REQUEST, BANK_REQUEST, EC_KEY, created=CREATED, nonce="n" * 16)
    second = replace(REQUEST, headers=REQUEST.headers + added)

    verify_answer(answered(first), first)
    with pytest.raises(SignatureRejected):
        verify_answer(answered(first), second)


@pytest.mark.parametrize("status", [201, 404])
def test_an_altered_status_is_noticed(status: int) -> None:
    """The status is covered."""
    request = signed()

    with pytest.raises(SignatureRejected):
        verify_answer(replace(answered(request), status=status), request)


def test_an_answer_whose_request_signature_was_not_covered_is_refused() -> None:
    """Made for the unsigned request, it does not pass for an answer to the signed one."""
    request = signed()
    unsigned = replace(request, headers=request.headers[:-2])

    with pytest.raises(SignatureIncomplete):
        verify_answer(answered(unsigned), request)


def test_a_request_profile_refuses_an_answer_without_its_request() -> None:
    """The bank's response profile cannot be used on a request."""
    with pytest.raises(SignatureIncomplete):
        sign_request(REQUEST, BANK_RESPONSE, EC_KEY, created=CREATED, nonce=NONCE)


def test_every_refusal_is_untrusted_and_says_nothing_of_the_input() -> None:
    """One branch of the error tree, codes of one family, prose without an echo."""
    kinds: list[type[CreditbridgeError]] = [
        SignatureRejected,
        SignatureMissing,
        SignatureAmbiguous,
        SignatureMalformed,
        SignatureIncomplete,
        SignatureKeyUnknown,
        SignatureStale,
        SignatureBodyMismatch,
    ]

    assert all(issubclass(kind, Untrusted) for kind in kinds)
    assert all(kind.code.startswith("signature-") for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_what_was_signed_is_what_is_verified() -> None:
    """Signer and verifier keep the same base and the same signature."""
    made = make_request_signature(REQUEST, BANK_REQUEST, EC_KEY, created=CREATED, nonce=NONCE)
    verified = verify(replace(REQUEST, headers=REQUEST.headers + made.headers))
    told = make_response_signature(ANSWER, REQUEST, BANK_RESPONSE, ED_KEY, created=CREATED)

    assert (made.base, made.signature, made.key_id) == (verified.base, verified.signature, "ec")
    parsed = verify_base(told.base, told.signature, ED_KEY.key, profile=BANK_RESPONSE)
    assert parsed.find_value("@method;req") == "POST"


def test_a_stored_base_is_verified_years_later() -> None:
    """Base, signature and key are enough; time plays no part."""
    verified = verify(signed())

    parsed = verify_base(verified.base, verified.signature, EC_KEY.key, profile=BANK_REQUEST)

    assert parsed.find_value("authorization") == "Bearer cbt_token"
    assert parsed.parameters.created == CREATED


def test_a_stored_base_of_another_kind_key_or_content_is_refused() -> None:
    """The tag, the components, the key's name and the bytes must fit."""
    verified = verify(signed())
    base, signature = verified.base, verified.signature
    renamed = replace(EC_KEY.key, key_id="other")
    thin = build_base(MessageView(REQUEST), cover([], right_parameters()))

    with pytest.raises(SignatureRejected):
        verify_base(base, signature, EC_KEY.key, profile=PLATFORM_QUERY)
    with pytest.raises(SignatureKeyUnknown):
        verify_base(base, signature, renamed, profile=BANK_REQUEST)
    with pytest.raises(SignatureIncomplete):
        verify_base(thin, EC_KEY.sign(thin), EC_KEY.key, profile=BANK_REQUEST)
    with pytest.raises(SignatureRejected):
        verify_base(base.replace(b"POST", b"PUTS"), signature, EC_KEY.key, profile=BANK_REQUEST)
    with pytest.raises(SignatureRejected):
        verify_base(base, signature[::-1], EC_KEY.key, profile=BANK_REQUEST)
