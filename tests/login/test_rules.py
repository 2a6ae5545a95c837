"""What of an ID token and of a form is believed."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from creditbridge.login.model import (
    FormTokenInvalid,
    Identity,
    IdentityRejected,
    ReturnInvalid,
    Session,
    SignInTry,
)
from creditbridge.login.rules import (
    EnterpriseClaim,
    IdTokenClaims,
    derive_form_token,
    require_form_token,
    require_identity,
    require_return,
)
from creditbridge.login.settings import LoginSettings
from creditbridge.parties.model import Role

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
INSTANT = int(NOW.timestamp())
SETTINGS = LoginSettings(
    issuer="https://id.example", client_id="creditbridge", redirect_uri="https://c.example/r"
)
CLAIMS = IdTokenClaims(
    iss="https://id.example",
    sub="sbx-1",
    person="person-1",
    aud="creditbridge",
    exp=INSTANT + 300,
    iat=INSTANT,
    name="沈若溪",
    nonce="n",
    enterprise=EnterpriseClaim(
        uscc="91330106589876549K", name="浙江青禾机械制造有限公司", role=Role.AGENT
    ),
)


TRY = SignInTry(nonce="n", code_verifier="v", return_to="/")
ANEW = SignInTry(nonce="n", code_verifier="v", return_to="/", authenticated_after=NOW)


def judge(claims: IdTokenClaims, attempt: SignInTry = TRY) -> Identity:
    """Judge at NOW, for the nonce `n`."""
    return require_identity(claims, SETTINGS, attempt, now=NOW)


@pytest.mark.parametrize("auth_time", [INSTANT, INSTANT + 5, INSTANT - 30, INSTANT + 40])
def test_Z8_who_proved_it_anew_is_believed(auth_time: int) -> None:
    """Since the sign-in was begun, give or take what clocks differ."""
    claims = msgspec.structs.replace(CLAIMS, auth_time=auth_time)

    assert judge(claims, ANEW).subject == "sbx-1"


@pytest.mark.parametrize("auth_time", [None, 0, INSTANT - 31, INSTANT - 3_600])
def test_Z8_who_proved_it_before_is_not_believed(auth_time: int | None) -> None:
    """A provider that passes `prompt=login` over, or says nothing of the time."""
    claims = msgspec.structs.replace(CLAIMS, auth_time=auth_time)

    assert judge(claims).subject == "sbx-1"
    with pytest.raises(IdentityRejected):
        judge(claims, ANEW)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"azp": "creditbridge"},
        {"aud": ["creditbridge"]},
        {"iat": INSTANT + 30, "exp": INSTANT + 330},
        {"iat": INSTANT - 329, "exp": INSTANT - 29},
    ],
)
def test_an_id_token_of_this_moment_names_a_person_and_an_enterprise(
    change: dict[str, object],
) -> None:
    """With 30 s for clocks that differ."""
    assert judge(msgspec.structs.replace(CLAIMS, **change)) == Identity(
        issuer="https://id.example",
        subject="sbx-1",
        person="person-1",
        name="沈若溪",
        uscc="91330106589876549K",
        enterprise_name="浙江青禾机械制造有限公司",
        role=Role.AGENT,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://id.example/"},
        {"iss": "https://id.example.evil"},
        {"iss": "HTTPS://id.example"},
        {"aud": "another"},
        {"aud": []},
        {"aud": ["creditbridge", "another"]},
        {"azp": "another"},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": "other"},
        {"exp": INSTANT - 30, "iat": INSTANT - 330},
        {"iat": INSTANT + 31, "exp": INSTANT + 331},
        {"exp": INSTANT + 3_601},
    ],
)
def test_an_id_token_of_another_purpose_or_moment_is_rejected(change: dict[str, object]) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7, claim by claim."""
    with pytest.raises(IdentityRejected):
        judge(msgspec.structs.replace(CLAIMS, **change))


@pytest.mark.parametrize("uscc", ["", "91330106589876549X", "11010119900307001X"])
def test_a_person_speaks_for_an_enterprise_that_can_exist(uscc: str) -> None:
    """A wrong check character, or a person's number, is nobody's code."""
    enterprise = msgspec.structs.replace(CLAIMS.enterprise, uscc=uscc)

    with pytest.raises(IdentityRejected):
        judge(msgspec.structs.replace(CLAIMS, enterprise=enterprise))


@pytest.mark.parametrize(
    "path", ["/", "/portal/consents", "/portal/consents/cns_1?language=en", "/a-b_c.d~e%20f&g"]
)
def test_people_return_to_a_page_of_this_site(path: str) -> None:
    """A path, and a query if it has one."""
    assert require_return(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "portal",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=y",
        "/a\n",
        "/a#b",
        "/\u3002evil",
        "/" + "a" * 1_024,
    ],
)
def test_people_return_nowhere_else(path: str) -> None:
    """An open redirect would lend our name to anybody."""
    with pytest.raises(ReturnInvalid):
        require_return(path)


def test_Z8_a_form_needs_the_token_of_its_session() -> None:
    """None, another session's, one that is cut or not ASCII: refused."""
    session = Session(
        person_id="p",
        uscc="u",
        signed_in_at=NOW,
        ends_at=NOW + timedelta(hours=8),
        form_token=derive_form_token("a" * 43),
    )

    require_form_token(session, session.form_token)
    others = [None, "", session.form_token[:-1], derive_form_token("b" * 43), "杭" * 43]
    for sent in others:
        with pytest.raises(FormTokenInvalid):
            require_form_token(session, sent)


def test_a_form_token_does_not_give_its_cookie_away() -> None:
    """It is 43 characters of another value, the same at each time."""
    assert derive_form_token("a" * 43) == "Ac5EBfrJ-UKHaDv_UcdOk6rNhjLwUyOSKa-w5x4HuUY"
