"""When a code or a refresh token is worth anything, and what a token of a grant opens."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.access.authorization import DetailEnterprise
from creditbridge.access.granted.model import (
    Code,
    ConsentOutsideGrant,
    Grant,
    GrantedDetail,
    InvalidGrant,
    OwnTokenNeeded,
    RefreshToken,
    UnauthorizedClient,
)
from creditbridge.access.granted.rules import (
    Redemption,
    narrow_details,
    require_grant_type,
    require_live_grant,
    require_own_token,
    require_reach,
    require_redeemable,
    require_refreshable,
)
from creditbridge.access.model import InvalidDpopProof
from creditbridge.access.pushed.model import DetailsInvalid
from creditbridge.parties.model import Client, Standing
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.pkce import challenge_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)
VERIFIER = "v" * 43
END = NOW + timedelta(seconds=30)
LAST = END - timedelta(microseconds=1)
CODE = Code(
    grant_id="grt_1",
    client_id="north-core",
    redirect_uri="https://bank.example/callback",
    code_challenge=challenge_of(VERIFIER),
    expires_at=END,
)
FITTING = Redemption(
    client_id="north-core",
    redirect_uri="https://bank.example/callback",
    code_verifier=VERIFIER,
    proof_key=None,
)
REFRESH = RefreshToken(
    grant_id="grt_1",
    client_id="north-core",
    scopes=frozenset({"reports"}),
    issued_at=NOW,
    expires_at=END,
)
DETAIL = GrantedDetail(
    type="credit_report",
    consent_id="cns_1",
    enterprise=DetailEnterprise(uscc="91330100YY0000A13Y", name="示例晴川机械有限公司"),
    purposes=(Purpose.PRE_LOAN_REVIEW,),
    sections=(SectionCode.PEN, SectionCode.REG),
    valid_to=END,
    max_queries=3,
)
OTHER = replace(DETAIL, consent_id="cns_2")
GRANT = Grant(
    grant_id="grt_1",
    client_id="north-core",
    bank_id="bnk_1",
    scopes=frozenset({"reports"}),
    details=(DETAIL, OTHER),
    person_id="prs_1",
    uscc="91330100YY0000A13Y",
    made_at=NOW,
    expires_at=END,
)
CLIENT = Client(
    client_id="north-core",
    bank_id="bnk_1",
    authentication="tls_client_auth",
    matcher=None,
    scopes=frozenset({"reports"}),
    requires_signature=True,
    state=Standing.ACTIVE,
    grant_types=frozenset({"authorization_code"}),
)


def test_G4_a_code_is_worth_something_until_its_end_and_not_at_it() -> None:
    """`ensure-token-endpoint-fails-with-expired-auth-code`: good while now < end."""
    assert require_redeemable(CODE, FITTING, now=LAST) is CODE

    with pytest.raises(InvalidGrant):
        require_redeemable(CODE, FITTING, now=END)


def test_G5_a_spent_code_comes_back_to_its_caller_whatever_its_age() -> None:
    """Who holds it must end its grant: an old code that comes again was given away too."""
    spent = replace(CODE, spent_at=NOW)

    assert require_redeemable(spent, FITTING, now=END + timedelta(days=30)) is spent


@pytest.mark.parametrize(
    ("redemption", "reason"),
    [
        (replace(FITTING, client_id="north-branch"), "another client's code"),
        (replace(FITTING, redirect_uri="https://bank.example/callback/"), "redirect_uri"),
        (replace(FITTING, code_verifier=None), "verifier-mismatch"),
        (replace(FITTING, code_verifier="w" * 43), "verifier-mismatch"),
        (replace(FITTING, code_verifier=challenge_of(VERIFIER)), "verifier-mismatch"),
    ],
)
@pytest.mark.parametrize("spent_at", [None, NOW])
def test_G3_a_code_is_bound_to_client_address_and_verifier(
    redemption: Redemption, reason: str, spent_at: datetime | None
) -> None:
    """`ensure-authorization-code-is-bound-to-client`, `incorrect-pkce-code-verifier-rejected`.

    Spent or not: who does not fit learns nothing, and ends nothing.
    """
    with pytest.raises(InvalidGrant) as refusal:
        require_redeemable(replace(CODE, spent_at=spent_at), redemption, now=NOW)

    assert (refusal.value.detail, refusal.value.grant_id) == (reason, "grt_1")
    assert refusal.value.to_answer() == InvalidGrant().to_answer()


def test_G3_an_unknown_code_gets_the_answer_of_any_other() -> None:
    """No row, no grant to name."""
    with pytest.raises(InvalidGrant) as refusal:
        require_redeemable(None, FITTING, now=NOW)

    assert refusal.value.grant_id is None
    assert refusal.value.to_answer() == InvalidGrant().to_answer()


@pytest.mark.parametrize("shown", [None, "other" * 8 + "key"])
def test_G6_a_code_that_is_bound_to_a_key_wants_that_key(shown: str | None) -> None:
    """`ensure-token-endpoint-fails-with-mismatched-dpop-jkt`, and no key at all."""
    bound = replace(CODE, proof_key="k" * 43)

    assert require_redeemable(bound, replace(FITTING, proof_key="k" * 43), now=NOW) is bound
    with pytest.raises(InvalidDpopProof):
        require_redeemable(bound, replace(FITTING, proof_key=shown), now=NOW)


def test_G6_a_code_that_is_bound_to_no_key_takes_any() -> None:
    """The client chose its key after it pushed the request; its token is bound to that one."""
    assert require_redeemable(CODE, replace(FITTING, proof_key="k" * 43), now=NOW) is CODE


def test_G7_a_refresh_token_is_its_clients_until_its_end() -> None:
    """Unknown, expired and another client's look alike."""
    assert require_refreshable(REFRESH, client_id="north-core", now=LAST) is REFRESH

    for found, client_id, now in (
        (None, "north-core", NOW),
        (REFRESH, "north-branch", NOW),
        (REFRESH, "north-core", END),
    ):
        with pytest.raises(InvalidGrant) as refusal:
            require_refreshable(found, client_id=client_id, now=now)
        assert refusal.value.to_answer() == InvalidGrant().to_answer()


def test_a_grant_stands_until_its_end() -> None:
    """A revoked one has no row."""
    assert require_live_grant(GRANT, now=LAST) is GRANT

    for grant, now in ((None, NOW), (GRANT, END)):
        with pytest.raises(InvalidGrant):
            require_live_grant(grant, now=now)


def test_a_grant_names_each_of_its_consents_once() -> None:
    """In the order of its details."""
    doubled = replace(GRANT, details=(OTHER, DETAIL, OTHER))

    assert doubled.consent_ids == ("cns_2", "cns_1")
    assert replace(GRANT, details=()).consent_ids == ()


def test_R3_a_token_may_be_asked_for_some_of_the_granted_details() -> None:
    """RFC 9396, section 6: each as the token answer gave it, and in the grant's order."""
    asked = msgspec.json.encode([OTHER]).decode()

    assert narrow_details(None, GRANT.details) == (DETAIL, OTHER)
    assert narrow_details(asked, GRANT.details) == (OTHER,)
    both = msgspec.json.encode([OTHER, DETAIL]).decode()
    assert narrow_details(both, GRANT.details) == (DETAIL, OTHER)


@pytest.mark.parametrize(
    "asked",
    [
        "[]",
        "{}",
        "",
        "[[[",
        msgspec.json.encode([replace(DETAIL, consent_id="cns_3")]).decode(),
        msgspec.json.encode([replace(DETAIL, max_queries=4)]).decode(),
        msgspec.json.encode([replace(DETAIL, sections=(SectionCode.REG,))]).decode(),
        msgspec.json.encode([DETAIL]).decode().replace('"type"', '"x":1,"type"'),
    ],
)
def test_R3_details_that_were_not_granted_are_refused(asked: str) -> None:
    """Another consent, more uses, other sections, another member, no array."""
    with pytest.raises(DetailsInvalid) as refusal:
        narrow_details(asked, GRANT.details)

    assert refusal.value.oauth_code == "invalid_authorization_details"


def test_a_client_asks_by_the_grant_types_of_its_registration() -> None:
    """RFC 6749, section 5.2: `unauthorized_client`."""
    require_grant_type(CLIENT, "authorization_code")

    with pytest.raises(UnauthorizedClient) as refusal:
        require_grant_type(CLIENT, "refresh_token")
    assert refusal.value.oauth_code == "unauthorized_client"


def test_S3_a_token_of_a_grant_reaches_the_consents_of_its_grant() -> None:
    """One of the client's own reaches every consent, and the decision on it comes later."""
    require_reach(None, "cns_1")
    require_reach(frozenset({"cns_1"}), "cns_1")

    for reached in (frozenset({"cns_1"}), frozenset[str]()):
        with pytest.raises(ConsentOutsideGrant) as refusal:
            require_reach(reached, "cns_2")
        assert refusal.value.code == "insufficient-scope"


def test_S3_what_a_client_does_in_its_own_name_takes_a_token_of_its_own() -> None:
    """A token of a grant stands for a person's yes, and not for the bank."""
    require_own_token(None)

    with pytest.raises(OwnTokenNeeded):
        require_own_token("grt_1")
