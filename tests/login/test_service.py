"""Signing in and out, on a real database."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Protocol

import pytest

from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import HttpResponse, HttpUnavailable
from creditbridge.login import service
from creditbridge.login.model import (
    BegunSignIn,
    Callback,
    IdentityRejected,
    IdentityUnavailable,
    ReturnInvalid,
    SessionMissing,
    SignInExpired,
    SignInRefused,
)
from creditbridge.login.service import Login
from creditbridge.protocols.pkce import challenge_of

ISSUER = "https://id.example:9443"


class FakeProvider(Protocol):
    """The provider of `conftest`."""

    nonce: str
    claims: dict[str, object]
    description: dict[str, object]
    answers: dict[str, HttpResponse | CreditbridgeError]

    @property
    def paths(self) -> list[str]:
        """The paths asked so far."""
        ...

    def redirect(self, url: str) -> Mapping[str, str]:
        """Take the browser's visit; return the request's parameters."""
        ...


async def begin(login: Login, idp: FakeProvider) -> tuple[BegunSignIn, Callback]:
    """Begin, let the person sign in at the provider, and return what the browser brings back."""
    begun = await login.begin(return_to="/portal/consents", language="zh-CN")
    state = idp.redirect(begun.redirect_url)["state"]
    return begun, Callback(state=state, code="code", iss=ISSUER)


async def test_a_person_signs_in(login: Login, idp: FakeProvider) -> None:
    """Name, enterprise and role come from the ID token; its digest is kept as proof."""
    begun, callback = await begin(login, idp)

    signed_in = await login.complete(callback, binding=begun.binding)

    assert signed_in.identity.subject == "sbx-1"
    assert signed_in.identity.name == "沈若溪"
    assert signed_in.identity.uscc == "91330106589876549K"
    assert signed_in.return_to == "/portal/consents"
    assert len(signed_in.id_token_digest) == 32


async def test_the_request_at_the_provider_is_bound_to_this_try(
    login: Login, idp: FakeProvider, database: Database
) -> None:
    """State, nonce and challenge are fresh; nothing of state and binding lies in the clear."""
    first, _ = await begin(login, idp)
    parameters = idp.redirect(first.redirect_url)
    second, _ = await begin(login, idp)
    others = idp.redirect(second.redirect_url)

    assert parameters["ui_locales"] == "zh-CN"
    assert parameters["scope"] == "openid profile enterprise"
    fresh = ("state", "nonce", "code_challenge")
    assert not {parameters[name] for name in fresh} & {others[name] for name in fresh}
    async with database.transaction() as tx:
        rows = await tx.fetch_value(str, "SELECT string_agg(t::text, ' ') FROM login_tries AS t")
        verifier = await tx.fetch_value(
            str,
            "SELECT code_verifier FROM login_tries WHERE state_digest = $1",
            hashlib.sha256(parameters["state"].encode()).digest(),
        )
    assert rows is not None
    assert parameters["state"] not in rows
    assert first.binding not in rows
    assert challenge_of(verifier or "") == parameters["code_challenge"]


async def test_a_try_is_good_for_one_way_back(login: Login, idp: FakeProvider) -> None:
    """Of two at once one signs in; a third finds nothing."""
    begun, callback = await begin(login, idp)

    async def attempt() -> str:
        try:
            return (await login.complete(callback, binding=begun.binding)).identity.subject
        except SignInExpired:
            return "expired"

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempt()) for _ in range(4)]

    assert sorted(task.result() for task in tasks) == ["expired"] * 3 + ["sbx-1"]
    assert await attempt() == "expired"


@pytest.mark.parametrize("binding", [None, "", "b" * 43, "杭" * 43, "x" * 10_000])
async def test_another_browser_cannot_come_back_for_this_one(
    login: Login, idp: FakeProvider, binding: str | None
) -> None:
    """It gets nothing and spends nothing (log-in forgery: somebody else's code in my browser)."""
    begun, callback = await begin(login, idp)

    with pytest.raises(SignInExpired):
        await login.complete(callback, binding=binding)

    assert "/token" not in idp.paths
    assert (await login.complete(callback, binding=begun.binding)).identity.subject == "sbx-1"


@pytest.mark.parametrize("state", [None, "", "s" * 43, "../etc"])
async def test_an_unknown_state_leads_nowhere(
    login: Login, idp: FakeProvider, state: str | None
) -> None:
    """A way back that nobody began."""
    begun, _ = await begin(login, idp)

    with pytest.raises(SignInExpired):
        await login.complete(Callback(state=state, code="code"), binding=begun.binding)


async def test_a_try_ends_after_ten_minutes(
    login: Login, idp: FakeProvider, database: Database
) -> None:
    """However slowly the person signs in, the page says to begin anew."""
    begun, callback = await begin(login, idp)
    async with database.transaction() as tx:
        seconds = await tx.fetch_value(
            float, "SELECT extract(epoch FROM expires_at - $1)::float8 FROM login_tries", tx.now
        )
        await tx.execute("UPDATE login_tries SET expires_at = $1", tx.now)

    assert 595 < (seconds or 0) <= 600
    with pytest.raises(SignInExpired):
        await login.complete(callback, binding=begun.binding)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"error": "access_denied", "code": None}, SignInRefused),
        ({"error": "access_denied"}, SignInRefused),
        ({"code": None}, SignInRefused),
        ({"code": ""}, SignInRefused),
        ({"code": "杭"}, SignInRefused),
        ({"code": "x" * 5_000}, SignInRefused),
        ({"iss": None}, IdentityRejected),
        ({"iss": "https://evil.example"}, IdentityRejected),
    ],
)
async def test_an_answer_that_is_no_code_of_this_provider_spends_the_try(
    login: Login,
    idp: FakeProvider,
    change: dict[str, str | None],
    refusal: type[CreditbridgeError],
) -> None:
    """The provider's refusal, no code, or another provider's answer (RFC 9207)."""
    begun, callback = await begin(login, idp)
    changed = {"state": callback.state, "code": "code", "iss": ISSUER} | change
    spoiled = Callback(
        state=changed["state"],
        code=changed["code"],
        iss=changed["iss"],
        error=changed.get("error"),
    )

    with pytest.raises(refusal):
        await login.complete(spoiled, binding=begun.binding)

    assert "/token" not in idp.paths
    with pytest.raises(SignInExpired):
        await login.complete(callback, binding=begun.binding)


async def test_a_provider_that_does_not_name_itself_need_not(
    login: Login, idp: FakeProvider
) -> None:
    """Where its metadata does not promise `iss`, an answer without one is complete."""
    idp.description["authorization_response_iss_parameter_supported"] = False
    begun, callback = await begin(login, idp)

    signed_in = await login.complete(
        Callback(state=callback.state, code="code"), binding=begun.binding
    )

    assert signed_in.identity.subject == "sbx-1"


async def test_an_id_token_of_another_try_is_rejected(login: Login, idp: FakeProvider) -> None:
    """The nonce ties the token to this browser's try."""
    begun, callback = await begin(login, idp)
    idp.nonce = "of-another-try"

    with pytest.raises(IdentityRejected):
        await login.complete(callback, binding=begun.binding)


async def test_a_provider_that_is_away_is_told_so(login: Login, idp: FakeProvider) -> None:
    """Before the redirect, and after the way back."""
    begun, callback = await begin(login, idp)
    idp.answers["/token"] = HttpUnavailable(sent=True, detail="")

    with pytest.raises(IdentityUnavailable):
        await login.complete(callback, binding=begun.binding)


async def test_sign_in_begins_only_for_a_page_of_ours(login: Login) -> None:
    """Nothing is kept, and the provider is not asked."""
    with pytest.raises(ReturnInvalid):
        await login.begin(return_to="//evil.example", language="en")


async def test_a_session_lasts_until_sign_out(database: Database) -> None:
    """The cookie finds it; signing out ends it, twice is no fault."""
    async with database.transaction() as tx:
        cookie = await service.open_session(tx, person_id="prs_1", uscc="u")
    async with database.transaction() as tx:
        session = await service.get_session(tx, cookie)
        stored = await tx.fetch_value(bytes, "SELECT cookie_digest FROM login_sessions")
    assert (session.person_id, session.uscc) == ("prs_1", "u")
    assert stored == hashlib.sha256(cookie.encode()).digest()
    assert (session.ends_at - session.signed_in_at).total_seconds() == 8 * 3_600

    async with database.transaction() as tx:
        await service.close_session(tx, cookie)
        await service.close_session(tx, cookie)
        assert await service.find_session(tx, cookie) is None


@pytest.mark.parametrize("cookie", [None, "", "c" * 43, "c" * 44, "杭" * 43, "\x00"])
async def test_no_cookie_and_a_foreign_cookie_find_no_session(
    database: Database, cookie: str | None
) -> None:
    """Whatever stands in the cookie."""
    async with database.transaction() as tx:
        with pytest.raises(SessionMissing):
            await service.get_session(tx, cookie)
        await service.close_session(tx, cookie)


async def test_Z8_the_session_is_renewed_at_log_in(database: Database) -> None:
    """A cookie from before the log-in is worth nothing after it."""
    async with database.transaction() as tx:
        before = await service.open_session(tx, person_id="prs_1", uscc="u")
        after = await service.open_session(tx, person_id="prs_2", uscc="u", replaces=before)
        planted = await service.open_session(tx, person_id="prs_3", uscc="u", replaces="p" * 43)

    assert len({before, after, planted, "p" * 43}) == 4
    async with database.transaction() as tx:
        assert await service.find_session(tx, before) is None
        assert (await service.get_session(tx, after)).person_id == "prs_2"
        assert await service.find_session(tx, "p" * 43) is None


@pytest.mark.parametrize(
    ("seen_ago", "ends_in", "is_live"),
    [
        ("29 min 59 s", "1 h", True),
        ("30 min", "1 h", False),
        ("1 min", "1 s", True),
        ("1 min", "0 s", False),
    ],
)
async def test_a_session_ends_when_idle_and_at_its_end(
    database: Database, seen_ago: str, ends_in: str, *, is_live: bool
) -> None:
    """After 30 minutes without a page, and 8 hours after the log-in at the latest."""
    async with database.transaction() as tx:
        cookie = await service.open_session(tx, person_id="prs_1", uscc="u")
        await tx.execute(
            "UPDATE login_sessions SET seen_at = $1::timestamptz - $2::text::interval, "
            "ends_at = $1 + $3::text::interval, signed_in_at = $1 - interval '7 h'",
            tx.now,
            seen_ago,
            ends_in,
        )

        assert (await service.find_session(tx, cookie) is not None) is is_live


async def test_using_a_session_puts_off_its_idle_end(database: Database) -> None:
    """Each page counts from anew; the absolute end stays."""
    async with database.transaction() as tx:
        cookie = await service.open_session(tx, person_id="prs_1", uscc="u")
        await tx.execute(
            "UPDATE login_sessions SET seen_at = $1::timestamptz - interval '20 min'", tx.now
        )
        before = await service.get_session(tx, cookie)
        seen = await tx.fetch_value(bool, "SELECT seen_at = $1 FROM login_sessions", tx.now)
        after = await service.get_session(tx, cookie)

    assert seen is True
    assert before.ends_at == after.ends_at


async def test_sessions_end_with_the_authority_they_rest_on(database: Database) -> None:
    """Those of one person for one enterprise, or all of that person."""
    async with database.transaction() as tx:
        for person_id, uscc in (("p", "u1"), ("p", "u2"), ("q", "u1"), ("p", "u1")):
            await service.open_session(tx, person_id=person_id, uscc=uscc)

        assert await service.close_sessions_of(tx, person_id="p", uscc="u1") == 2
        assert await service.close_sessions_of(tx, person_id="p") == 1
        assert await service.close_sessions_of(tx, person_id="p") == 0


async def test_ended_tries_and_sessions_are_purged(
    login: Login, idp: FakeProvider, database: Database
) -> None:
    """Neither table grows with time; what is live stays."""
    await begin(login, idp)
    async with database.transaction() as tx:
        await service.open_session(tx, person_id="p", uscc="u")
        assert await service.purge(tx) == 0
        await tx.execute("UPDATE login_tries SET expires_at = $1", tx.now)
        await tx.execute(
            "UPDATE login_sessions SET ends_at = $1, "
            "signed_in_at = $1::timestamptz - interval '8 h'",
            tx.now,
        )
        assert await service.purge(tx) == 2
