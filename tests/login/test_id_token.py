"""The provider's keys and signature: what is refetched, what is refused."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
import pytest

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import HttpResponse, HttpUnavailable
from creditbridge.foundation.keys import FileKey
from creditbridge.login.id_token import IdTokens
from creditbridge.login.model import IdentityRejected, IdentityUnavailable
from creditbridge.protocols.jws import sign_compact

JWKS = "/jwks.json"


class FakeClock(Protocol):
    """The clock of `conftest`."""

    seconds: float


class FakeProvider(Protocol):
    """The provider of `conftest`."""

    key: FileKey
    published: list[Mapping[str, object]]
    claims: dict[str, object]
    dropped: set[str]
    answers: dict[str, HttpResponse | CreditbridgeError]
    nonce: str

    @property
    def paths(self) -> list[str]:
        """The paths asked so far."""
        ...

    def write_id_token(self) -> str:
        """The ID token, as it stands."""
        ...


@pytest.fixture
def other_key(signer: FileKey) -> FileKey:
    """A key that is not the provider's."""
    return signer


async def test_a_token_of_the_provider_is_read(idp: FakeProvider, id_tokens: IdTokens) -> None:
    """Its keys are fetched once for many tokens; members that we do not know are left alone."""
    idp.nonce = "n"
    idp.claims["amr"] = ["pwd"]

    await id_tokens.verify(idp.write_id_token())
    claims = await id_tokens.verify(idp.write_id_token())

    assert (claims.sub, claims.nonce, claims.enterprise.role) == ("sbx-1", "n", "LEGAL_REP")
    assert idp.paths.count(JWKS) == 1


async def test_a_key_that_is_new_is_fetched_at_once(
    idp: FakeProvider,
    id_tokens: IdTokens,
    clock: FakeClock,
    other_key: FileKey,
    jwks_of: Callable[[FileKey], list[Mapping[str, object]]],
) -> None:
    """A provider that rotates its keys loses nobody, after the floor of 30 s."""
    await id_tokens.verify(idp.write_id_token())
    idp.key, idp.published = other_key, jwks_of(other_key)
    clock.seconds += 30

    assert (await id_tokens.verify(idp.write_id_token())).sub == "sbx-1"


async def test_K2_a_flood_of_unknown_keys_causes_one_fetch_in_30_seconds(
    idp: FakeProvider, id_tokens: IdTokens, clock: FakeClock, other_key: FileKey
) -> None:
    """Each of them is refused; the provider is left in peace."""
    await id_tokens.verify(idp.write_id_token())
    idp.key = other_key
    clock.seconds += 29.9

    for advance, fetches in ((0, 1), (0, 1), (0.2, 2), (0, 2), (29.8, 2)):
        clock.seconds += advance
        with pytest.raises(IdentityRejected):
            await id_tokens.verify(idp.write_id_token())
        assert idp.paths.count(JWKS) == fetches


async def test_K3_the_last_good_keys_serve_while_none_can_be_fetched(
    idp: FakeProvider, id_tokens: IdTokens, clock: FakeClock
) -> None:
    """An hour later the set is asked for again; a failure changes nothing."""
    await id_tokens.verify(idp.write_id_token())
    idp.answers[JWKS] = HttpUnavailable(sent=False, detail="")
    clock.seconds += 3_600

    assert (await id_tokens.verify(idp.write_id_token())).sub == "sbx-1"
    assert idp.paths.count(JWKS) == 2


async def test_without_any_keys_nobody_signs_in(idp: FakeProvider, id_tokens: IdTokens) -> None:
    """The person may try again; the next try fetches at once."""
    idp.answers[JWKS] = HttpUnavailable(sent=False, detail="")
    with pytest.raises(IdentityUnavailable):
        await id_tokens.verify(idp.write_id_token())

    del idp.answers[JWKS]
    assert (await id_tokens.verify(idp.write_id_token())).sub == "sbx-1"


async def test_a_set_may_hold_keys_for_others(
    idp: FakeProvider,
    id_tokens: IdTokens,
    other_key: FileKey,
    jwks_of: Callable[[FileKey], list[Mapping[str, object]]],
) -> None:
    """An RSA key or one for encryption beside ours does no harm."""
    rsa: dict[str, object] = {"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}
    encryption = {**jwks_of(other_key)[0], "use": "enc"}
    idp.published = [rsa, encryption, *idp.published]

    assert (await id_tokens.verify(idp.write_id_token())).sub == "sbx-1"


async def test_a_set_that_names_two_keys_alike_is_refused(
    idp: FakeProvider,
    id_tokens: IdTokens,
    other_key: FileKey,
    jwks_of: Callable[[FileKey], list[Mapping[str, object]]],
) -> None:
    """Nobody could say which of them signed."""
    idp.published = [*idp.published, {**jwks_of(other_key)[0], "kid": "id-1"}]

    with pytest.raises(IdentityRejected):
        await id_tokens.verify(idp.write_id_token())


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "沈"},
        {"name": ""},
        {"name": "a\nb"},
        {"exp": 1.5},
        {"exp": "1"},
        {"exp": True},
        {"exp": -1},
        {"enterprise": None},
        {"enterprise": {"uscc": "91330106589876549K", "name": "x", "role": "OWNER"}},
        {"aud": 1},
    ],
)
async def test_claims_of_another_shape_are_rejected(
    idp: FakeProvider, id_tokens: IdTokens, claims: Mapping[str, object]
) -> None:
    """Nothing is converted, nothing guessed."""
    idp.claims.update(claims)

    with pytest.raises(IdentityRejected):
        await id_tokens.verify(idp.write_id_token())


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "name", "enterprise"])
async def test_a_claim_that_is_absent_is_missed(
    idp: FakeProvider, id_tokens: IdTokens, name: str
) -> None:
    """Each of those that we decide by."""
    idp.dropped.add(name)

    with pytest.raises(IdentityRejected):
        await id_tokens.verify(idp.write_id_token())


async def test_a_token_that_the_provider_did_not_sign_is_rejected(
    idp: FakeProvider, id_tokens: IdTokens, other_key: FileKey
) -> None:
    """Another key under the provider's name; no signature; another algorithm; broken forms."""
    good = idp.write_id_token()
    payload = good.split(".")[1]
    forged = msgspec.structs.replace(
        other_key, key=msgspec.structs.replace(other_key.key, key_id="id-1")
    )
    claims = b'{"sub":"sbx-1"}'
    tokens = [
        sign_compact(claims, forged, typ="JWT"),
        sign_compact(claims, idp.key, typ="at+jwt"),
        f"eyJhbGciOiJub25lIn0.{payload}.",
        f"eyJhbGciOiJIUzI1NiIsImtpZCI6ImlkLTEifQ.{payload}.AAAA",
        good[:-2],
        good + "=",
        "",
        "a.b",
        "x" * 20_000,
    ]

    for token in tokens:
        with pytest.raises(IdentityRejected):
            await id_tokens.verify(token)
