"""What an authorization request may say; each fault in the standard's word."""

import pytest
from msgspec.structs import replace

from creditbridge.access.model import InvalidScope, OAuthError
from creditbridge.access.pushed.model import (
    PushFault,
    PushInvalid,
    ResponseTypeUnsupported,
)
from creditbridge.access.pushed.rules import (
    TEXT_BYTES_MAX,
    read_request,
    require_by_value,
)
from creditbridge.parties.model import Client, ResponseMode, SenderConstraint, Standing

CALLBACK = "https://bank.example/callback"
WITH_QUERY = "https://bank.example/callback?dummy1=lorem&dummy2=ipsum"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
MODES = frozenset(ResponseMode)
SCOPES = frozenset({"reports", "consents", "openid"})
CLIENT = Client(
    client_id="north-web",
    bank_id="bnk_1",
    authentication="tls_client_auth",
    matcher=None,
    scopes=frozenset({"reports", "consents"}),
    requires_signature=False,
    state=Standing.ACTIVE,
    grant_types=frozenset({"authorization_code"}),
    redirect_uris=frozenset({CALLBACK, WITH_QUERY}),
    sender_constraint=SenderConstraint.DPOP,
)
GOOD = {
    "client_id": "north-web",
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "reports",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def fault_of(parameters: dict[str, str], client: Client = CLIENT) -> OAuthError:
    """Return the refusal of a request."""
    with pytest.raises(OAuthError) as caught:
        read_request(parameters, client, modes=MODES, scopes=SCOPES)
    return caught.value


def without(name: str) -> dict[str, str]:
    """Return a good request without one parameter."""
    return {known: value for known, value in GOOD.items() if known != name}


def test_P3_a_good_request_is_read() -> None:
    """As it was sent; what nobody here knows is passed over (RFC 6749, section 3.1)."""
    request = read_request(
        {**GOOD, "state": "s", "nonce": "n", "dpop_jkt": CHALLENGE, "login_hint": "x"},
        CLIENT,
        modes=MODES,
        scopes=SCOPES,
    )

    assert (request.client_id, request.bank_id) == ("north-web", "bnk_1")
    assert request.redirect_uri == CALLBACK
    assert request.scopes == {"reports"}
    assert request.code_challenge == CHALLENGE
    assert request.response_mode is ResponseMode.QUERY
    assert (request.state, request.nonce, request.proof_key) == ("s", "n", CHALLENGE)
    assert request.details == ()


def test_Z3_what_was_not_sent_stays_absent() -> None:
    """`ensure-authorization-request-without-state-success`; without a scope all registered ones."""
    request = read_request(without("scope"), CLIENT, modes=MODES, scopes=SCOPES)

    assert (request.state, request.nonce, request.proof_key) == (None, None, None)
    assert request.scopes == {"reports", "consents"}


def test_Z9_openid_goes_with_the_client_and_the_house() -> None:
    """A scope that either of them has not is refused, and is in no default."""
    registered = replace(CLIENT, scopes=frozenset({"openid", "reports"}))
    asked = {**GOOD, "scope": "openid reports"}

    granted = read_request(asked, registered, modes=MODES, scopes=SCOPES)
    default = read_request(without("scope"), registered, modes=MODES, scopes=frozenset({"reports"}))

    assert granted.scopes == {"openid", "reports"}
    assert default.scopes == {"reports"}
    assert fault_of(asked).oauth_code == "invalid_scope"
    with pytest.raises(InvalidScope):
        read_request(asked, registered, modes=MODES, scopes=frozenset({"reports"}))


@pytest.mark.parametrize("prompt", ["none", "none login", "login none"])
def test_Z9_an_answer_without_a_page_is_refused(prompt: str) -> None:
    """OpenID Connect Core 1.0, section 3.1.2.1; without the scope the parameter means nothing."""
    registered = replace(CLIENT, scopes=frozenset({"openid", "reports"}))

    fault = fault_of({**GOOD, "scope": "openid", "prompt": prompt}, registered)

    assert fault.oauth_code == "login_required"
    read_request({**GOOD, "prompt": prompt}, registered, modes=MODES, scopes=SCOPES)


@pytest.mark.parametrize("name", ["state", "nonce"])
def test_Z3_a_long_state_and_nonce_are_kept_whole(name: str) -> None:
    """`ensure-authorization-request-with-long-state`: 1024 bytes, no more.

    And `ensure-authorization-request-with-long-nonce`.
    """
    request = read_request({**GOOD, name: "x" * TEXT_BYTES_MAX}, CLIENT, modes=MODES, scopes=SCOPES)

    assert getattr(request, name) == "x" * TEXT_BYTES_MAX
    for long in ("x" * (TEXT_BYTES_MAX + 1), "银" * 342):
        assert fault_of({**GOOD, name: long}).prose == PushFault.LONG


def test_P3_a_registered_query_is_part_of_the_address() -> None:
    """The second client's redirect URI of the conformance suite."""
    request = read_request({**GOOD, "redirect_uri": WITH_QUERY}, CLIENT, modes=MODES, scopes=SCOPES)

    assert request.redirect_uri == WITH_QUERY


@pytest.mark.parametrize(
    "redirect_uri",
    [
        CALLBACK + "/",
        CALLBACK + "?",
        CALLBACK + "?x=1",
        CALLBACK + "/../callback",
        CALLBACK.upper(),
        "https://BANK.example/callback",
        "https://bank.example:443/callback",
        WITH_QUERY.replace("lorem", "lor%65m"),
        "https://evil.example/callback",
    ],
)
def test_P3_an_address_that_is_not_registered_as_sent_is_refused(redirect_uri: str) -> None:
    """`plain-fapi-tolerate-unregistered-redirect-uri`: byte for byte, the query included."""
    fault = fault_of({**GOOD, "redirect_uri": redirect_uri})

    assert (fault.oauth_code, fault.prose) == ("invalid_request", PushFault.REDIRECT_URI)


def test_P3_a_request_without_an_address_is_refused() -> None:
    """`ensure-redirect-uri-in-authorization-request`, also where only one is registered."""
    only = replace(CLIENT, redirect_uris=frozenset({CALLBACK}))

    assert fault_of(without("redirect_uri"), only).oauth_code == "invalid_request"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": CHALLENGE + "="},
        {"code_challenge": CHALLENGE[:-1]},
        {"code_challenge": CHALLENGE.replace("-", "+")},
    ],
)
def test_P4_plain_pkce_is_refused(changed: dict[str, str]) -> None:
    """`par-plain-pkce-rejected`, and what is no SHA-256 in base64url."""
    assert fault_of({**GOOD, **changed}).oauth_code == "invalid_request"


@pytest.mark.parametrize("name", ["code_challenge", "code_challenge_method"])
def test_P4_a_request_without_pkce_is_refused(name: str) -> None:
    """`par-ensure-pkce-required`; a challenge without its method would be a plain one."""
    assert fault_of(without(name)).oauth_code == "invalid_request"


@pytest.mark.parametrize("response_type", ["token", "code id_token", "code token", "none", "CODE"])
def test_P5_any_other_response_than_a_code_is_refused(response_type: str) -> None:
    """`ensure-response-type-token-fails`, `ensure-response-type-code-idtoken-fails`."""
    fault = fault_of({**GOOD, "response_type": response_type})

    assert isinstance(fault, ResponseTypeUnsupported)
    assert fault.oauth_code == "unsupported_response_type"


def test_P5_a_request_without_a_response_type_is_refused() -> None:
    """It is missing, and not unsupported."""
    assert fault_of(without("response_type")).oauth_code == "invalid_request"


def test_P6_a_pointer_is_never_accepted() -> None:
    """`par-authorization-request-containing-request_uri-form-param`; beside an object neither."""
    for form in (GOOD, {"request": "a.b.c"}):
        with pytest.raises(PushInvalid) as caught:
            require_by_value({**form, "request_uri": "urn:x"}, CLIENT)
        assert caught.value.prose == PushFault.REQUEST_URI
    require_by_value(GOOD, CLIENT)


def test_J1_an_unsigned_request_is_refused_where_the_client_must_sign() -> None:
    """`ensure-unsigned-request-at-par-endpoint-fails`."""
    signing = replace(CLIENT, requires_request_object=True)

    require_by_value({"request": "a.b.c"}, signing)
    with pytest.raises(PushInvalid) as caught:
        require_by_value(GOOD, signing)
    assert (caught.value.oauth_code, caught.value.prose) == ("invalid_request", PushFault.UNSIGNED)


@pytest.mark.parametrize("scope", ["payments", "reports payments", "reports  consents", "\u9280"])
def test_P7_an_unknown_scope_is_refused(scope: str) -> None:
    """One that is not registered for this client, or no scope at all."""
    assert isinstance(fault_of({**GOOD, "scope": scope}), InvalidScope)


@pytest.mark.parametrize("thumbprint", ["x", CHALLENGE + "A", CHALLENGE[:-1] + "="])
def test_P8_a_thumbprint_of_no_key_is_refused(thumbprint: str) -> None:
    """`dpop_jkt` is a SHA-256 in base64url (RFC 9449, section 10)."""
    assert fault_of({**GOOD, "dpop_jkt": thumbprint}).prose == PushFault.PROOF_KEY


def test_P8_a_key_is_of_no_use_to_a_client_of_certificates() -> None:
    """Its tokens could never be bound to it."""
    client = replace(CLIENT, sender_constraint=SenderConstraint.MTLS)

    fault = fault_of({**GOOD, "dpop_jkt": CHALLENGE}, client)

    assert (fault.oauth_code, fault.prose) == ("invalid_request", PushFault.PROOF_KEY_UNUSED)


def test_J3_an_answer_that_nobody_here_can_sign_is_refused() -> None:
    """A house without a key for tokens serves bare answers alone."""
    with pytest.raises(PushInvalid):
        read_request(
            {**GOOD, "response_mode": "jwt"},
            CLIENT,
            modes=frozenset({ResponseMode.QUERY}),
            scopes=SCOPES,
        )


@pytest.mark.parametrize(
    ("asked", "registered", "decided"),
    [
        ("jwt", {"query", "jwt"}, ResponseMode.JWT),
        ("query", {"query", "jwt"}, ResponseMode.QUERY),
        (None, {"query", "jwt"}, ResponseMode.QUERY),
        (None, {"query"}, ResponseMode.QUERY),
        (None, {"jwt"}, ResponseMode.JWT),
        ("query", {"jwt"}, None),
        ("jwt", {"query"}, None),
        ("fragment", {"query", "jwt"}, None),
        ("form_post", {"query", "jwt"}, None),
    ],
)
def test_J3_an_answer_comes_as_registered(
    asked: str | None, registered: set[str], decided: ResponseMode | None
) -> None:
    """Who is registered for signed answers alone never gets a bare one."""
    client = replace(CLIENT, response_modes=frozenset(map(ResponseMode, registered)))
    parameters = GOOD if asked is None else {**GOOD, "response_mode": asked}

    if decided is None:
        assert fault_of(parameters, client).prose == PushFault.RESPONSE_MODE
    else:
        assert read_request(parameters, client, modes=MODES, scopes=SCOPES).response_mode is decided


@pytest.mark.parametrize(
    "changed",
    [
        {"grant_id": "g"},
        {"grant_id": "g", "grant_management_action": "merge"},
        {"grant_management_action": "replace"},
    ],
)
def test_N1_every_authorization_makes_a_grant_of_its_own(changed: dict[str, str]) -> None:
    """`create` is the same as none; `merge`, `replace` and a `grant_id` are refused."""
    assert fault_of({**GOOD, **changed}).oauth_code == "invalid_request"
    named = read_request(
        {**GOOD, "grant_management_action": "create"}, CLIENT, modes=MODES, scopes=SCOPES
    )
    assert named == read_request(GOOD, CLIENT, modes=MODES, scopes=SCOPES)


def test_R1_details_with_a_fault_have_their_own_word() -> None:
    """`invalid_authorization_details` (RFC 9396, section 5)."""
    fault = fault_of({**GOOD, "authorization_details": "{}"})

    assert fault.oauth_code == "invalid_authorization_details"
