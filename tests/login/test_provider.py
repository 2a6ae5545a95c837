"""The provider, as its client sees it: what we send, and what we make of its answers."""

from typing import Protocol
from urllib.parse import parse_qsl

import msgspec
import pytest

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import (
    AddressRefused,
    HttpAnswerUnfit,
    HttpRequest,
    HttpResponse,
    HttpTooLarge,
    HttpUnavailable,
)
from creditbridge.foundation.keys import FileKey
from creditbridge.login.model import (
    IdentityRejected,
    IdentityUnavailable,
    SignInRefused,
    SignInTry,
)
from creditbridge.login.provider import Assertion, Provider
from creditbridge.protocols.jws import verify_compact

TRY = SignInTry(nonce="n", code_verifier="v" * 43, return_to="/")
DISCOVERY = "/.well-known/openid-configuration"


class FakeClock(Protocol):
    """The clock of `conftest`."""

    seconds: float


class FakeProvider(Protocol):
    """The provider of `conftest`."""

    description: dict[str, object]
    answers: dict[str, HttpResponse | CreditbridgeError]
    requests: list[HttpRequest]

    @property
    def paths(self) -> list[str]:
        """The paths asked so far."""
        ...


async def test_the_code_is_redeemed_with_its_verifier(
    idp: FakeProvider, provider: Provider
) -> None:
    """One POST, the secrets in its body, none in the address."""
    await provider.redeem("code", code_verifier="v" * 43)

    request = idp.requests[-1]
    form = dict(parse_qsl(request.body.decode(), strict_parsing=True))
    assert (request.method, request.url) == ("POST", "https://id.example:9443/token")
    assert form.pop("client_assertion").count(".") == 2
    assert form == {
        "grant_type": "authorization_code",
        "code": "code",
        "redirect_uri": "https://credit.example/portal/sign-in/return",
        "code_verifier": "v" * 43,
        "client_id": "creditbridge",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }


async def test_we_prove_ourselves_by_a_fresh_signed_assertion(
    idp: FakeProvider, provider: Provider, signer: FileKey
) -> None:
    """private_key_jwt: our key, the issuer as the one audience, 60 s, an id that is used once."""
    await provider.redeem("code", code_verifier="v" * 43)
    await provider.redeem("code", code_verifier="v" * 43)

    first, second = (read_assertion(request, signer) for request in idp.requests[-2:])
    assert (first.iss, first.sub, first.aud) == (
        "creditbridge",
        "creditbridge",
        "https://id.example:9443",
    )
    assert first.exp - first.iat == 60
    assert len(first.jti) == 43
    assert first.jti != second.jti


def read_assertion(request: HttpRequest, signer: FileKey) -> Assertion:
    """The claims of a request's assertion, once our own key has verified it."""
    form = dict(parse_qsl(request.body.decode(), strict_parsing=True))
    payload = verify_compact(
        form["client_assertion"], lambda _: signer.key, typ="JWT", algorithms=["ES256"]
    )
    return msgspec.json.decode(payload, type=Assertion)


async def test_the_description_is_read_once_an_hour(
    idp: FakeProvider, provider: Provider, clock: FakeClock
) -> None:
    """And again when the hour is over."""
    for advance, reads in ((0, 1), (3_599, 1), (1, 2)):
        clock.seconds += advance
        await provider.describe()
        assert idp.paths.count(DISCOVERY) == reads


async def test_the_description_of_another_issuer_is_refused(
    idp: FakeProvider, provider: Provider
) -> None:
    """Byte for byte: a slash more is another."""
    idp.description["issuer"] = "https://id.example:9443/"

    with pytest.raises(IdentityRejected):
        await provider.describe()


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (HttpResponse(status=400, headers=(), body=b'{"error":"invalid_grant"}'), SignInRefused),
        (HttpResponse(status=401, headers=(), body=b""), IdentityRejected),
        (HttpResponse(status=302, headers=(("location", "/x"),), body=b""), IdentityRejected),
        (HttpResponse(status=429, headers=(), body=b""), IdentityUnavailable),
        (HttpResponse(status=500, headers=(), body=b""), IdentityUnavailable),
        (HttpResponse(status=200, headers=(), body=b"<html>"), IdentityRejected),
        (HttpResponse(status=200, headers=(), body=b"{}"), IdentityRejected),
        (HttpResponse(status=200, headers=(), body=b'{"id_token":1}'), IdentityRejected),
        (HttpResponse(status=200, headers=(), body=b"[" * 100_000), IdentityRejected),
        (HttpUnavailable(sent=True, detail=""), IdentityUnavailable),
        (HttpTooLarge(), IdentityRejected),
        (HttpAnswerUnfit(), IdentityRejected),
        (AddressRefused(), IdentityRejected),
    ],
)
async def test_an_answer_that_is_none_is_told_apart(
    idp: FakeProvider,
    provider: Provider,
    answer: HttpResponse | CreditbridgeError,
    refusal: type[CreditbridgeError],
) -> None:
    """Refused, to be tried again, or not to be believed; never an error of ours."""
    idp.answers["/token"] = answer

    with pytest.raises(refusal):
        await provider.redeem("code", code_verifier="v" * 43)


@pytest.mark.parametrize(
    ("endpoint", "begins"),
    [
        ("https://id.example:9443/authorize", "https://id.example:9443/authorize?response_type="),
        ("https://id.example:9443/a?tenant=1", "https://id.example:9443/a?tenant=1&response_type="),
    ],
)
async def test_the_endpoint_keeps_its_own_query(
    idp: FakeProvider, provider: Provider, endpoint: str, begins: str
) -> None:
    """RFC 6749, section 3.1: a query of the endpoint's own is retained."""
    idp.description["authorization_endpoint"] = endpoint

    url = await provider.address_sign_in(TRY, state="s", language="zh-CN")

    assert url.startswith(begins)
    assert dict(parse_qsl(url.partition("?")[2]))["code_challenge_method"] == "S256"
