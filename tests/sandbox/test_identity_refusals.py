"""What the identity provider refuses."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from creditbridge.foundation.keys import FileKey, PublicKey, name_key
from creditsandbox.identity.clients import Client
from creditsandbox.identity.codes import CODES_MAX, Codes, SignedIn
from creditsandbox.identity.people import list_people
from creditsandbox.identity.provider import IdentityProvider, SigningKeyUnfit
from creditsandbox.identity.requests import require_request
from creditsandbox.province.population import Province

ISSUER = "https://identity.example"
REDIRECT_URI = "https://people.example/login/callback"
NOW = datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC)


class StillClock(Protocol):
    """The clock of both sides."""

    def pass_seconds(self, seconds: float) -> None:
        """Move on."""
        ...


class House(Protocol):
    """The client's key, and the clock."""

    login_key: FileKey
    clock: StillClock


def basic(pair: bytes = b"creditbridge:not-so-secret%2B") -> dict[str, str]:
    """Return the header of client_secret_basic."""
    return {"authorization": f"Basic {b64encode(pair).decode()}"}


async def get_code(browser: httpx.AsyncClient, authorization: dict[str, str]) -> str:
    """Sign in and return the code."""
    form = authorization | {"login_name": "found", "password": "found-pass"}
    answer = await browser.post("/authorize", data=form)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def token_form(code: str, verifier: str) -> dict[str, str]:
    """Return the form that exchanges a code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody"},
        {"redirect_uri": "https://people.example/login/callback/"},
        {"redirect_uri": "https://people.example.evil.example/login/callback"},
        {"redirect_uri": "http://people.example/login/callback"},
        {"redirect_uri": ""},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nobody_is_sent_to_an_unknown_address(
    browser: httpx.AsyncClient, authorization: dict[str, str], changes: dict[str, str], method: str
) -> None:
    """Another client, or an address that differs in one byte: a page, no redirect."""
    wrong = authorization | changes
    if method == "GET":
        answer = await browser.get("/authorize", params=wrong)
    else:
        answer = await browser.post("/authorize", data=wrong)

    assert answer.status_code == 400
    assert 'id="error-reason"' in answer.text
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request_uri": "urn:x"}, "request_not_supported"),
    ],
)
async def test_the_client_is_told_what_is_wrong(
    browser: httpx.AsyncClient,
    authorization: dict[str, str],
    changes: dict[str, str | None],
    error: str,
) -> None:
    """PKCE with S256, nonce, state, openid: without them an error goes back, with the issuer."""
    whole = {name: value for name, value in (authorization | changes).items() if value is not None}

    answer = await browser.get("/authorize", params=whole)

    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 303
    assert (told["error"], told["iss"]) == ([error], [ISSUER])
    assert told.get("state") == ([whole["state"]] if "state" in whole else None)


@pytest.mark.parametrize("extra", ["&state=twice", "&a=%FF", f"&a={'x' * 1025}", "&a=1" * 40, "&%"])
async def test_a_request_that_reads_two_ways_is_no_request(
    browser: httpx.AsyncClient, authorization: dict[str, str], extra: str
) -> None:
    """A parameter twice, no UTF-8, too long, too many, no pair: a page, no redirect."""
    answer = await browser.get(f"/authorize?{urlencode(authorization)}{extra}")

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("login_name", "password"),
    [("found", "wrong"), ("nobody", "nobody-pass"), ("", "-pass"), ("x" * 65, "x"), ("found", "")],
)
async def test_a_wrong_password_shows_the_page_again(
    browser: httpx.AsyncClient, authorization: dict[str, str], login_name: str, password: str
) -> None:
    """401 with the page; what was typed is not repeated, and which part was wrong is not said."""
    form = authorization | {"login_name": login_name, "password": password}

    answer = await browser.post("/authorize", data=form)

    assert answer.status_code == 401
    assert 'id="login-error"' in answer.text
    assert 'id="login-name"' in answer.text
    assert f'value="{password}"' not in answer.text or not password


async def test_a_code_is_for_one_use(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str
) -> None:
    """The second exchange of a code is invalid_grant."""
    form = token_form(await get_code(browser, authorization), verifier)

    first = await browser.post("/token", data=form, headers=basic())
    second = await browser.post("/token", data=form, headers=basic())

    assert first.status_code == 200
    assert (second.status_code, second.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another-verifier-of-more-than-forty-three-characters"},
        {"code_verifier": ""},
        {"code_verifier": "short"},
        {"redirect_uri": f"{REDIRECT_URI}?door=2"},
        {"redirect_uri": ""},
        {"code": "guessed"},
        {"code": ""},
        {"grant_type": "client_credentials"},
    ],
)
async def test_code_address_and_verifier_belong_together(
    browser: httpx.AsyncClient,
    authorization: dict[str, str],
    verifier: str,
    changes: dict[str, str],
) -> None:
    """Another verifier, address, code or grant type is invalid_grant."""
    code = await get_code(browser, authorization)

    answer = await browser.post(
        "/token", data=token_form(code, verifier) | changes, headers=basic()
    )

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


async def test_a_failed_attempt_spends_the_code(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str
) -> None:
    """After a wrong verifier the right one comes too late."""
    code = await get_code(browser, authorization)
    await browser.post("/token", data=token_form(code, "x" * 43), headers=basic())

    answer = await browser.post("/token", data=token_form(code, verifier), headers=basic())

    assert answer.status_code == 400


async def test_a_code_lives_for_a_minute(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str, house: House
) -> None:
    """At 60 s it is dead."""
    code = await get_code(browser, authorization)
    house.clock.pass_seconds(60)

    answer = await browser.post("/token", data=token_form(code, verifier), headers=basic())

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(b"creditbridge:wrong"),
        basic(b"creditbridge:not-so-secret+"),
        basic(b"somebody:not-so-secret%2B"),
        basic(b"creditbridge"),
        {"authorization": "Basic ???"},
        {"authorization": "Bearer token"},
    ],
)
async def test_another_client_gets_nothing_and_spends_nothing(
    browser: httpx.AsyncClient,
    authorization: dict[str, str],
    verifier: str,
    headers: dict[str, str],
) -> None:
    """Without the client's secret: invalid_client; the code is still the client's to use."""
    form = token_form(await get_code(browser, authorization), verifier)

    refused = await browser.post("/token", data=form, headers=headers)
    taken = await browser.post("/token", data=form, headers=basic())

    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
    assert refused.headers["www-authenticate"] == 'Basic realm="token"'
    assert taken.status_code == 200


async def test_a_token_request_that_reads_two_ways_is_none(browser: httpx.AsyncClient) -> None:
    """A field twice is an invalid request."""
    answer = await browser.post("/token", content=b"code=1&code=2", headers=basic())

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_id_tokens_are_signed_with_es256_or_not_at_all(house: House) -> None:
    """A provider with an Ed25519 key does not start."""
    private = Ed25519PrivateKey.generate()
    signer = FileKey(key=name_key(private.public_key()), private=private)

    with pytest.raises(SigningKeyUnfit):
        IdentityProvider(
            issuer=ISSUER,
            province=Province(size=0),
            client=make_client(house),
            redirect_uris=(),
            signer=signer,
        )


def test_open_codes_are_bounded(authorization: dict[str, str]) -> None:
    """Where ten thousand codes are open, the oldest makes room."""
    codes = Codes()
    request = require_request(
        authorization, client_id="creditbridge", redirect_uris=(REDIRECT_URI,)
    )
    signed_in = SignedIn(person=list_people()[0], request=request, signed_in_at=NOW)
    first = codes.issue(signed_in)

    for _ in range(CODES_MAX):
        codes.issue(signed_in)

    with pytest.raises(Exception, match="cannot be used") as refusal:
        codes.redeem(first, redirect_uri=REDIRECT_URI, code_verifier="x" * 43, now=NOW)
    assert "unknown or used" in repr(vars(refusal.value))


def make_client(house: House) -> Client:
    """Return the provider's client, with a secret and a key."""
    keys: dict[str, PublicKey] = {house.login_key.key.key_id: house.login_key.key}
    return Client(client_id="creditbridge", secret="not-so-secret+", keys=keys, issuer=ISSUER)
