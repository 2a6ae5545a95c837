"""What a request without a browser may say, and what a poll for it is answered."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.access.backchannel.model import (
    AuthorizationPending,
    BackchannelInvalid,
    BindingMessageInvalid,
    HintUnknown,
    Outcome,
    Polled,
    RequestExpired,
    RequestIdInvalid,
    RequestRefused,
    SlowDown,
)
from creditbridge.access.backchannel.rules import (
    read_binding_message,
    read_expiry,
    read_hint,
    read_request,
    require_approved,
)
from creditbridge.access.model import InvalidScope, OAuthError
from creditbridge.parties.model import CIBA, Client, Standing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
USCC = "91330100YY0000A13Y"
SCOPES = frozenset({"openid", "reports", "consents"})
CLIENT = Client(
    client_id="north-web",
    bank_id="bnk_1",
    authentication="private_key_jwt",
    matcher=None,
    scopes=frozenset({"openid", "reports"}),
    requires_signature=False,
    state=Standing.ACTIVE,
    grant_types=frozenset({CIBA}),
)
GOOD = {"scope": "openid", "login_hint": USCC, "binding_message": "1234"}
POLLED = Polled(
    request_id="req_1",
    expires_at=NOW + timedelta(seconds=1),
    is_early=False,
    outcome=Outcome.APPROVED,
    grant_id="grt_1",
)


def test_C2_a_good_request_is_read() -> None:
    """Without a scope all registered ones; what nobody here knows is passed over."""
    request = read_request({**GOOD, "user_code": "x", "acr_values": "y"}, CLIENT, scopes=SCOPES)
    default = read_request({"login_hint": USCC, "binding_message": "1"}, CLIENT, scopes=SCOPES)

    assert (request.client_id, request.bank_id) == ("north-web", "bnk_1")
    assert (request.uscc, request.binding_message) == (USCC, "1234")
    assert request.scopes == {"openid"}
    assert default.scopes == {"openid", "reports"}


def test_C2_a_scope_of_neither_is_refused() -> None:
    """As at the push: of the client and of the house, and `openid` among them."""
    with pytest.raises(InvalidScope):
        read_request({**GOOD, "scope": "openid consents"}, CLIENT, scopes=SCOPES)
    with pytest.raises(InvalidScope):
        read_request(GOOD, CLIENT, scopes=SCOPES - {"openid"})
    with pytest.raises(BackchannelInvalid):
        read_request({**GOOD, "scope": "reports"}, CLIENT, scopes=SCOPES)


def test_C2_the_hint_is_read_in_its_normal_form() -> None:
    """As everywhere: small letters are the same code."""
    assert read_hint({"login_hint": USCC.lower()}) == USCC
    with pytest.raises(HintUnknown):
        read_hint({"login_hint": USCC[:-1] + "0"})


@pytest.mark.parametrize(
    "hints",
    [
        {},
        {"id_token_hint": "a.b.c"},
        {"login_hint_token": "x"},
        {"login_hint": USCC, "id_token_hint": "a.b.c"},
    ],
    ids=["none", "id token", "token", "two"],
)
def test_C2_any_other_hint_is_refused(hints: dict[str, str]) -> None:
    """`ensure-authorization-request-with-multiple-hints-fails`."""
    with pytest.raises(BackchannelInvalid):
        read_hint(hints)


@pytest.mark.parametrize("text", ["", "x" * 65, "a ", "a\tb", "a\u200bb", "a\u0378"])
def test_C3_a_text_that_is_not_seen_as_it_is_is_refused(text: str) -> None:
    """Length, blanks at the ends, control, formatting and unassigned characters."""
    with pytest.raises(BindingMessageInvalid):
        read_binding_message(text)


def test_C3_a_text_stays_as_it_is() -> None:
    """In every script; none is none."""
    assert read_binding_message("合同 7 号 👍") == "合同 7 号 👍"
    assert read_binding_message(None) is None


@pytest.mark.parametrize(
    ("asked", "life"),
    [(None, 900), ("5", 5), ("30", 30), ("0300", 300), ("604800", 604_800), ("604801", 604_800)],
)
def test_C4_the_expiry_is_honoured_up_to_a_week(asked: str | None, life: int) -> None:
    """`ensure-requested-expiry-as-string-succeeds`."""
    parameters = {} if asked is None else {"requested_expiry": asked}

    assert read_expiry(parameters) == timedelta(seconds=life)


@pytest.mark.parametrize("asked", ["4", "-5", "5.0", "5 ", "\u0665\u0665", "1000000000"])
def test_C4_what_is_no_expiry_is_refused(asked: str) -> None:
    """Under five seconds, no whole number, other digits than ASCII's, or beyond all sense."""
    with pytest.raises(BackchannelInvalid):
        read_expiry({"requested_expiry": asked})


@pytest.mark.parametrize(
    ("polled", "refusal"),
    [
        (None, RequestIdInvalid),
        (replace(POLLED, expires_at=NOW), RequestExpired),
        (replace(POLLED, expires_at=NOW, is_early=True), RequestExpired),
        (replace(POLLED, is_early=True), SlowDown),
        (replace(POLLED, outcome=None), AuthorizationPending),
        (replace(POLLED, outcome=Outcome.REFUSED), RequestRefused),
    ],
    ids=["unknown", "expired", "expired and early", "early", "pending", "refused"],
)
def test_C4_a_poll_is_answered_in_the_standards_word(
    polled: Polled | None, refusal: type[OAuthError]
) -> None:
    """The end is told before the haste: a client that waits for it need not wait again."""
    with pytest.raises(OAuthError) as caught:
        require_approved(polled, now=NOW)

    assert type(caught.value) is refusal


def test_C4_a_yes_is_returned() -> None:
    """Until its end."""
    assert require_approved(POLLED, now=NOW) == POLLED
