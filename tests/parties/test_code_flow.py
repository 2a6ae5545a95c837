"""What a client registers to ask people: its grants, and where answers go."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.parties.code_flow import (
    REDIRECT_CHARACTERS_MAX,
    GrantsUnfit,
    RedirectsUnfit,
    grant_types_of,
    require_redirects,
    response_modes_of,
)
from creditbridge.parties.model import CIBA, BankOnboarding, ClientOnboarding, ResponseMode
from creditbridge.parties.onboarding import require_client

CALLBACK = "https://bank.example/callback"
SUITE = "https://suite.example:8443/test/a/house/callback?dummy1=lorem&dummy2=ipsum"


@pytest.fixture
def client(onboarding: BankOnboarding) -> ClientOnboarding:
    """A client of the code flow, with a key."""
    return replace(
        onboarding.clients[0],
        grant_types=("authorization_code", "refresh_token"),
        redirect_uris=(CALLBACK, SUITE),
    )


def test_a_client_of_the_code_flow_is_accepted(client: ClientOnboarding) -> None:
    """With both ways of answering, narrowed to one, and with signed requests."""
    require_client(client)
    require_client(replace(client, response_modes=(ResponseMode.JWT,)))
    require_client(replace(client, require_signed_request_object=True))
    require_client(replace(client, require_signed_request_object=False))


def test_a_client_that_names_nothing_asks_nobody(onboarding: BankOnboarding) -> None:
    """What was registered before stays what it was: client credentials alone."""
    client = onboarding.clients[0]

    assert grant_types_of(client) == {"client_credentials"}
    assert response_modes_of(client) == {ResponseMode.QUERY, ResponseMode.JWT}


def test_a_client_gets_what_it_names(client: ClientOnboarding) -> None:
    """Client credentials are not among its grants unless it says so."""
    assert grant_types_of(client) == {"authorization_code", "refresh_token"}
    assert response_modes_of(replace(client, response_modes=(ResponseMode.JWT,))) == {"jwt"}


@pytest.mark.parametrize(
    "change",
    [
        {"grant_types": ("authorization_code", "authorization_code")},
        {"grant_types": ("refresh_token",), "redirect_uris": ()},
        {"grant_types": ("Authorization Code",)},
        {"grant_types": ("https://grant.example",)},
        {"grant_types": tuple(f"grant_{letter}" for letter in "abcdefghi")},
        {"response_modes": (ResponseMode.JWT, ResponseMode.JWT)},
        {"require_signed_request_object": True, "keys": (), "requires_signature": False},
        {"grant_types": (), "redirect_uris": (), "response_modes": (ResponseMode.JWT,)},
        {"grant_types": (), "redirect_uris": (), "require_signed_request_object": True},
    ],
)
def test_grants_that_do_not_fit_are_refused(
    client: ClientOnboarding, change: dict[str, object]
) -> None:
    """One twice, a refresh without a code, no name of a grant, members that no grant uses."""
    with pytest.raises(GrantsUnfit):
        require_client(replace(client, **change))


def test_redirect_uris_belong_to_the_code_flow(client: ClientOnboarding) -> None:
    """Neither a code flow without an address, nor an address without a code flow."""
    for unfit in (replace(client, redirect_uris=()), replace(client, grant_types=())):
        with pytest.raises(RedirectsUnfit):
            require_client(unfit)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://bank.example/callback",
        "HTTPS://bank.example/callback",
        "https://bank.example",
        "https://bank.example/callback#part",
        "https://bank.example/callback#",
        "https://user@bank.example/callback",
        "https://bank.example:0/callback",
        "https://bank.example:65536/callback",
        "https://bank.example/call back",
        "https://bank.example/\u9280\u884c",
        "https://bank.example/%zz",
        "https://bank.example\\@evil.example/",
        "https://*.bank.example/callback\n",
        "bank-app:/callback",
        "/callback",
        "",
        "https://bank.example/" + "x" * REDIRECT_CHARACTERS_MAX,
    ],
)
def test_P3_an_address_that_could_be_read_in_two_ways_is_refused(redirect_uri: str) -> None:
    """No https, user, fragment, other port, blank, broken escape, nor what browsers rewrite."""
    with pytest.raises(RedirectsUnfit):
        require_redirects([redirect_uri])


@pytest.mark.parametrize(
    "redirect_uris", [[], [CALLBACK] * 2, [f"{CALLBACK}{n}" for n in range(17)]]
)
def test_addresses_are_some_and_each_once(redirect_uris: list[str]) -> None:
    """None, one twice, and seventeen."""
    with pytest.raises(RedirectsUnfit):
        require_redirects(redirect_uris)


def test_J2_an_rsa_key_may_sign_what_a_client_asks_people(client: ClientOnboarding) -> None:
    """PS256 request objects of a client that proves itself by certificate; else it has no use."""
    private = rsa.generate_private_key(65_537, 2_048)
    key = RsaKey(key_id="requests", material=private.public_key())
    signing = replace(client, keys=(key.to_jwk(),), requires_signature=False)

    require_client(signing)
    require_client(replace(signing, grant_types=(CIBA,), redirect_uris=()))
    with pytest.raises(Malformed):
        require_client(replace(signing, grant_types=(), redirect_uris=()))


def test_members_of_the_code_flow_stay_canonical(client: ClientOnboarding) -> None:
    """Said or left out, a body is encoded again as it was written."""
    said = replace(client, require_signed_request_object=False)

    assert b"require_signed_request_object" in msgspec.json.encode(said)
    assert b"require_signed_request_object" not in msgspec.json.encode(client)


def test_C1_a_client_that_asks_without_a_browser_has_a_key(client: ClientOnboarding) -> None:
    """Its requests are all signed; it has no redirect URI, and may have a refresh token."""
    asks = replace(client, grant_types=("refresh_token", CIBA), redirect_uris=())

    require_client(asks)
    with pytest.raises(Malformed):
        require_client(replace(asks, keys=()))
    with pytest.raises(GrantsUnfit):
        require_client(replace(asks, grant_types=("refresh_token",)))
