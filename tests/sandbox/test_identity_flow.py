"""A person signs in: from the authorization request to the ID token."""

import json
import re
from base64 import b64encode
from datetime import UTC, date, datetime
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from creditbridge.foundation.keys import FileKey
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.jws import sign_compact, verify_compact
from creditsandbox.identity.people import list_people, password_of
from creditsandbox.province.fixed import build_fixed, list_acting, list_fixed
from creditsandbox.province.population import Province

ISSUER = "https://identity.example"
REDIRECT_URI = "https://people.example/login/callback"
BASIC = {"authorization": f"Basic {b64encode(b'creditbridge:not-so-secret%2B').decode()}"}


class House(Protocol):
    """The keys of both sides, and the instant."""

    login_key: FileKey
    provider_key: FileKey


async def sign_in(browser: httpx.AsyncClient, form: dict[str, str]) -> dict[str, str]:
    """Post the log-in form; return what the client is told."""
    answer = await browser.post("/authorize", data=form)
    assert answer.status_code == 303
    address = urlsplit(answer.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == REDIRECT_URI
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def form_of(authorization: dict[str, str], login_name: str) -> dict[str, str]:
    """Return the log-in form with the right password."""
    credentials = {"login_name": login_name, "password": password_of(login_name)}
    return authorization | credentials


def token_form(code: str, verifier: str) -> dict[str, str]:
    """Return the form that exchanges a code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
    }


def read_id_token(token: str, house: House) -> dict[str, object]:
    """Return the claims of an ID token that the provider's key signed."""
    keys = {house.provider_key.key.key_id: house.provider_key.key}
    payload = verify_compact(token, keys.get, typ="JWT", algorithms=("ES256",))
    claims: dict[str, object] = json.loads(payload)
    return claims


async def test_the_legal_representative_signs_in(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str, house: House
) -> None:
    """Code with state and issuer; then an ID token that names person, enterprise and role."""
    told = await sign_in(browser, form_of(authorization, "found"))
    answer = await browser.post("/token", data=token_form(told["code"], verifier), headers=BASIC)

    body = answer.json()
    instant = int(datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC).timestamp())
    assert (told["state"], told["iss"]) == ("a-state-of-the-client", ISSUER)
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
    assert answer.headers["cache-control"] == "no-store"
    assert read_id_token(body["id_token"], house) == {
        "iss": ISSUER,
        "sub": "sbx-98964e521a493a898060d68cdf",
        "aud": "creditbridge",
        "exp": instant + 300,
        "iat": instant,
        "auth_time": instant,
        "nonce": "a-nonce-of-the-client",
        "amr": ["pwd"],
        "name": "沈沙澄",
        "person": "sbx-person-dcc88e6a4ae268ead397880b8b",
        "enterprise": {
            "uscc": "91330100YY0000A13Y",
            "name": list_fixed()[0].name,
            "role": "LEGAL_REP",
        },
    }


async def test_an_agent_is_told_from_a_representative(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str, house: House
) -> None:
    """The agent speaks for the same enterprise, as another person in another role."""
    told = await sign_in(browser, form_of(authorization, "found-agent"))
    answer = await browser.post("/token", data=token_form(told["code"], verifier), headers=BASIC)

    claims = read_id_token(answer.json()["id_token"], house)
    assert claims["name"] == "钱沙安"
    assert '"role": "AGENT"' in json.dumps(claims["enterprise"])


async def test_a_former_representative_is_named_with_a_date(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str, house: House
) -> None:
    """Since a day before the registration that names the one who came after them."""
    told = await sign_in(browser, form_of(authorization, "clean-former"))
    answer = await browser.post("/token", data=token_form(told["code"], verifier), headers=BASIC)

    claims = read_id_token(answer.json()["id_token"], house)
    clean = next(one for one in list_fixed() if one.login_name == "clean")
    held = build_fixed(date(2026, 11, 1))[clean.uscc].registration
    assert '"since": "2015-09-09"' in json.dumps(claims["enterprise"])
    assert held.legal_representative == clean.legal_representative != claims["name"]
    assert date(2015, 9, 9) < held.approved_on


async def test_any_enterprise_signs_in_with_its_code(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str, house: House
) -> None:
    """The USCC is the log-in name of the legal representative of whoever lives here."""
    uscc = next(iter(Province(size=1).list_codes()))
    told = await sign_in(browser, form_of(authorization, uscc))
    answer = await browser.post("/token", data=token_form(told["code"], verifier), headers=BASIC)

    claims = read_id_token(answer.json()["id_token"], house)
    assert f'"uscc": "{uscc}"' in json.dumps(claims["enterprise"])


async def test_the_client_may_prove_itself_by_an_assertion(
    browser: httpx.AsyncClient, authorization: dict[str, str], verifier: str, house: House
) -> None:
    """private_key_jwt, with the issuer as its audience, instead of the secret."""
    instant = int(datetime(2026, 11, 21, 2, 0, 30, tzinfo=UTC).timestamp())
    claims = {"iss": "creditbridge", "sub": "creditbridge", "aud": ISSUER, "jti": "1"}
    assertion = json.dumps(claims | {"iat": instant, "exp": instant + 60}).encode()
    told = await sign_in(browser, form_of(authorization, "clean"))

    answer = await browser.post(
        "/token",
        data=token_form(told["code"], verifier)
        | {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sign_compact(assertion, house.login_key, typ="JWT"),
        },
    )

    assert answer.status_code == 200


async def test_every_fixed_enterprise_has_a_person_who_can_sign_in(
    browser: httpx.AsyncClient, authorization: dict[str, str]
) -> None:
    """Each of the short log-in names works, that of the unknown enterprise too."""
    for person in list_people():
        told = await sign_in(browser, form_of(authorization, person.login_name))
        assert "code" in told
    fixed = {one.uscc for one in (*list_fixed(), *list_acting())}
    assert fixed == {person.uscc for person in list_people()}


async def test_there_is_no_session(
    browser: httpx.AsyncClient, authorization: dict[str, str]
) -> None:
    """After a sign-in the next request shows the log-in page again, and no cookie is set."""
    answer = await browser.post("/authorize", data=form_of(authorization, "found"))
    page = await browser.get("/authorize", params=authorization)

    assert "set-cookie" not in answer.headers
    assert (page.status_code, 'id="login-password"' in page.text) == (200, True)


async def test_the_discovery_document_says_what_is_true(browser: httpx.AsyncClient) -> None:
    """Endpoints under the issuer, code with S256 only, ES256, both client methods."""
    described = (await browser.get("/.well-known/openid-configuration")).json()

    assert described["issuer"] == ISSUER
    assert described["authorization_endpoint"] == f"{ISSUER}/authorize"
    assert described["token_endpoint"] == f"{ISSUER}/token"
    assert described["response_types_supported"] == ["code"]
    assert described["code_challenge_methods_supported"] == ["S256"]
    assert described["id_token_signing_alg_values_supported"] == ["ES256"]
    assert described["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "private_key_jwt",
    ]
    assert described["authorization_response_iss_parameter_supported"] is True


async def test_the_key_set_holds_the_public_key_alone(
    browser: httpx.AsyncClient, house: House
) -> None:
    """One key, without private members; it is the one that signs."""
    (published,) = (await browser.get("/jwks.json")).json()["keys"]

    assert set(published) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert parse_jwk(published).key_id == house.provider_key.key.key_id


@pytest.mark.parametrize(
    ("header", "locales", "submit"),
    [
        ("", "", "登录"),
        ("en-GB,en;q=0.9", "", "Sign in"),
        ("en", "zh-CN", "登录"),
        ("fr", "en", "Sign in"),
    ],
)
async def test_the_page_speaks_chinese_and_english(
    browser: httpx.AsyncClient,
    authorization: dict[str, str],
    header: str,
    locales: str,
    submit: str,
) -> None:
    """The client's wish goes before the browser's; without either it is Chinese."""
    page = await browser.get(
        "/authorize",
        params=authorization | {"ui_locales": locales},
        headers={"accept-language": header},
    )

    button = re.search(r'<button id="login-submit" type="submit">([^<]+)<', page.text)
    assert button is not None
    assert button[1] == submit


async def test_the_page_carries_the_request_and_a_strict_policy(
    browser: httpx.AsyncClient, authorization: dict[str, str]
) -> None:
    """Hidden fields repeat the request, escaped; nothing is loaded but the style."""
    page = await browser.get("/authorize", params=authorization | {"state": '"><b>'})

    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert hidden == authorization | {"state": "&#34;&gt;&lt;b&gt;", "ui_locales": ""}
    assert "script" not in page.text
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self' https://people.example"
    )
    assert page.headers["cache-control"] == "no-store"
    assert (await browser.get("/style.css")).headers["content-type"].startswith("text/css")
