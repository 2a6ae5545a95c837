"""Four eyes, signed acts, and who may come in."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from creditbridge.foundation.errors import CreditbridgeError, SignatureInvalid
from creditbridge.foundation.keys import FileKey, PublicKey
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.parties.acts import ApprovalAct
from creditbridge.parties.key_sets import KeySetDue
from creditbridge.parties.model import (
    AssertionAlgorithm,
    Bank,
    Change,
    ChangeKind,
    Client,
    ClientKey,
    KeySet,
    Operator,
    OperatorEnrolment,
    Registration,
    Standing,
)
from creditbridge.parties.rules import (
    ActStale,
    SameOperator,
    UnknownClient,
    digest_change,
    find_assertion_key,
    find_key,
    identify_person,
    message_of_act,
    require_approved,
    require_key_set,
    require_known,
    require_operator_signature,
    require_second_operator,
    require_two_persons,
    select_live,
)
from creditbridge.protocols.certificate_binding import SubjectKind, SubjectMatcher

DAY = timedelta(hours=24)


def make_operator(number: int, key: FileKey) -> Operator:
    """Return an operator with a name and an id of that number."""
    jwk = msgspec.json.encode(key.key.to_jwk())
    return Operator(
        operator_id=f"opr_{number}", person_name=f"P {number}", key_id=key.key.key_id, jwk=jwk
    )


@pytest.fixture
def two(new_key: Callable[[], FileKey]) -> tuple[Operator, Operator]:
    """Two operators: two persons, two keys."""
    return make_operator(1, new_key()), make_operator(2, new_key())


@pytest.fixture
def change(noon: datetime) -> Change:
    """A change that the first operator proposed at noon."""
    return Change(
        change_id="chg_1",
        kind=ChangeKind.BANK_ONBOARDING,
        body=b"{}",
        proposed_by="opr_1",
        proposed_at=noon,
        expires_at=noon + DAY,
        proposal_act=b"{}",
        proposal_signature=b"",
    )


@pytest.fixture
def registration(noon: datetime, new_key: Callable[[], FileKey]) -> Registration:
    """A live client of a live bank with one key."""
    key = new_key().key
    return Registration(
        client=Client(
            client_id="loans",
            bank_id="bnk_1",
            authentication="tls_client_auth",
            matcher=SubjectMatcher(kind=SubjectKind.SAN_DNS, value="loans.bank.example"),
            scopes=frozenset({"reports"}),
            requires_signature=True,
            state=Standing.ACTIVE,
        ),
        bank=Bank(
            bank_id="bnk_1",
            uscc="91330104YY0000A13Q",
            legal_name="Example Bank",
            state=Standing.ACTIVE,
        ),
        keys=(
            ClientKey(
                key_id=key.key_id,
                client_id="loans",
                jwk=msgspec.json.encode(key.to_jwk()),
                registered_at=noon,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Li Wei", "LI  wei"),
        ("李伟", "李 伟"),
        ("\uff2c\uff49", "li"),
        ("L\u200bi", "li"),
        (" Li\t", "Li"),
    ],
)
def test_one_person_is_one_however_the_name_is_written(one: str, other: str) -> None:
    """Case, width and blanks make no second person."""
    assert identify_person(one) == identify_person(other)


def test_two_persons_with_two_keys_may_open_the_house(new_key: Callable[[], FileKey]) -> None:
    """Distinct names and distinct keys are accepted."""
    require_two_persons(
        OperatorEnrolment(person_name="Li", key=new_key().key),
        OperatorEnrolment(person_name="Wu", key=new_key().key),
    )


@pytest.mark.parametrize(("first", "second"), [("Li", "LI"), ("", "Wu"), ("Li", " ")])
def test_one_person_twice_or_nobody_is_refused(
    new_key: Callable[[], FileKey], first: str, second: str
) -> None:
    """Fault 73: one person under two accounts, or a person without a name."""
    with pytest.raises(SameOperator):
        require_two_persons(
            OperatorEnrolment(person_name=first, key=new_key().key),
            OperatorEnrolment(person_name=second, key=new_key().key),
        )


def test_one_key_under_two_names_is_one_key(new_key: Callable[[], FileKey]) -> None:
    """The thumbprint counts, not the key id that somebody chose."""
    key = new_key().key
    renamed: PublicKey = replace(key, key_id="another")

    with pytest.raises(SameOperator):
        require_two_persons(
            OperatorEnrolment(person_name="Li", key=key),
            OperatorEnrolment(person_name="Wu", key=renamed),
        )


def test_an_act_is_signed_under_its_domain() -> None:
    """The bytes are the domain, a zero byte, and the canonical JSON of the act."""
    act = ApprovalAct(
        operator_id="opr_1",
        change_id="chg_1",
        change_digest="abc",
        acted_at=datetime.fromisoformat("2026-03-02T12:00:00Z"),
    )

    assert message_of_act(act) == (
        b'creditbridge-operator-act-v1\x00{"act":"change.approved",'
        b'"acted_at":"2026-03-02T12:00:00Z","change_digest":"abc","change_id":"chg_1",'
        b'"operator_id":"opr_1","v":1}'
    )


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_fresh_act_of_ones_own_key_counts(
    new_key: Callable[[], FileKey], noon: datetime, minutes: int
) -> None:
    """Five minutes to either side are fresh."""
    key = new_key()
    act = ApprovalAct(operator_id="opr_1", change_id="chg_1", change_digest="abc", acted_at=noon)
    signature = key.sign(message_of_act(act))

    require_operator_signature(
        act, signature, make_operator(1, key), now=noon + timedelta(minutes=minutes)
    )


@pytest.mark.parametrize("offset", [timedelta(minutes=5, microseconds=1), timedelta(hours=-1)])
def test_a_stale_or_future_act_does_not_count(
    new_key: Callable[[], FileKey], noon: datetime, offset: timedelta
) -> None:
    """An act signed long ago, or ahead of time, is refused even with a good signature."""
    key = new_key()
    act = ApprovalAct(operator_id="opr_1", change_id="chg_1", change_digest="abc", acted_at=noon)

    with pytest.raises(ActStale):
        require_operator_signature(
            act, key.sign(message_of_act(act)), make_operator(1, key), now=noon + offset
        )


def test_another_operators_signature_does_not_count(
    new_key: Callable[[], FileKey], noon: datetime
) -> None:
    """An act in one name, signed with another's key, is refused."""
    act = ApprovalAct(operator_id="opr_1", change_id="chg_1", change_digest="abc", acted_at=noon)

    with pytest.raises(SignatureInvalid):
        require_operator_signature(
            act, new_key().sign(message_of_act(act)), make_operator(1, new_key()), now=noon
        )


@pytest.mark.parametrize(
    "edit",
    [
        {"body": b"{} "},
        {"change_id": "chg_2"},
        {"proposed_by": "opr_3"},
        {"expires_at": datetime.fromisoformat("2030-01-01T00:00:00Z")},
        {"proposed_at": datetime.fromisoformat("2030-01-01T00:00:00Z")},
    ],
)
def test_an_edited_change_has_another_digest(change: Change, edit: dict[str, object]) -> None:
    """Whatever a proposer decides is in the digest that the approval signs."""
    assert digest_change(replace(change, **edit)) != digest_change(change)


def test_an_approval_leaves_the_digest_as_it_was(change: Change, noon: datetime) -> None:
    """What the second operator adds is not part of what both decided."""
    approved = replace(change, approved_by="opr_2", approved_at=noon, applied_at=noon)

    assert digest_change(approved) == digest_change(change)


def test_a_second_operator_may_approve(
    change: Change, two: tuple[Operator, Operator], noon: datetime
) -> None:
    """Another person, the last instant before the end of the day."""
    last = noon + DAY - timedelta(microseconds=1)

    assert require_second_operator(change, proposer=two[0], approver=two[1], now=last) is change


@pytest.mark.parametrize(
    ("edit", "offset", "code"),
    [
        ({"approved_by": "opr_2"}, timedelta(0), "change-decided"),
        ({}, DAY, "change-expired"),
    ],
)
def test_a_change_that_is_decided_or_late_is_refused(
    change: Change,
    two: tuple[Operator, Operator],
    noon: datetime,
    edit: dict[str, object],
    offset: timedelta,
    code: str,
) -> None:
    """Nobody approves twice, or after a day."""
    with pytest.raises(CreditbridgeError) as caught:
        require_second_operator(
            replace(change, **edit), proposer=two[0], approver=two[1], now=noon + offset
        )

    assert caught.value.code == code


def test_an_unknown_change_or_proposer_is_refused(
    change: Change, two: tuple[Operator, Operator], noon: datetime
) -> None:
    """Without a change, or without knowing who proposed it, there is nothing to approve."""
    with pytest.raises(CreditbridgeError, match="no such change"):
        require_second_operator(None, proposer=two[0], approver=two[1], now=noon)
    with pytest.raises(CreditbridgeError, match="no such change"):
        require_second_operator(change, proposer=None, approver=two[1], now=noon)


@pytest.mark.parametrize("shared", ["operator_id", "person_name", "key_id"])
def test_two_accounts_of_one_person_are_one(
    change: Change, two: tuple[Operator, Operator], noon: datetime, shared: str
) -> None:
    """Fault 70: the same account, name or key is no second person."""
    twin = replace(two[1], **{shared: getattr(two[0], shared)})

    with pytest.raises(SameOperator):
        require_second_operator(change, proposer=two[0], approver=twin, now=noon)


def test_an_approved_change_takes_effect(change: Change, noon: datetime) -> None:
    """Approved, in time, never applied."""
    approved = replace(change, approved_by="opr_2")

    assert require_approved(approved, now=noon) is approved


@pytest.mark.parametrize(
    ("edit", "offset", "code"),
    [
        ({}, timedelta(0), "change-unapproved"),
        ({"approved_by": "opr_2", "applied_at": None}, DAY, "change-expired"),
        (
            {"approved_by": "opr_2", "applied_at": datetime.fromisoformat("2026-03-02T12Z")},
            timedelta(0),
            "change-decided",
        ),
    ],
)
def test_a_change_takes_effect_once_and_in_time(
    change: Change, noon: datetime, edit: dict[str, object], offset: timedelta, code: str
) -> None:
    """An approval ends after 24 hours too, and nothing is applied twice."""
    with pytest.raises(CreditbridgeError) as caught:
        require_approved(replace(change, **edit), now=noon + offset)

    assert caught.value.code == code


def test_no_change_takes_no_effect(noon: datetime) -> None:
    """A change that does not exist is refused."""
    with pytest.raises(CreditbridgeError, match="no such change"):
        require_approved(None, now=noon)


def test_a_live_client_keeps_its_live_keys(registration: Registration, noon: datetime) -> None:
    """A key ends at its end: it is live one microsecond before, and gone at the instant."""
    (key,) = registration.keys
    ending = replace(registration, keys=(replace(key, ends_at=noon),))

    before = select_live(ending, now=noon - timedelta(microseconds=1))
    after = select_live(ending, now=noon)

    assert before is not None
    assert before.keys == ending.keys
    assert after is not None
    assert after.keys == ()
    assert select_live(registration, now=noon) == registration


def test_whoever_may_not_come_in_is_told_the_same(
    registration: Registration, noon: datetime
) -> None:
    """A8: unknown, suspended, of a suspended bank: one error with one text."""
    suspended = replace(registration, client=replace(registration.client, state=Standing.SUSPENDED))
    of_suspended = replace(registration, bank=replace(registration.bank, state=Standing.SUSPENDED))

    texts: set[tuple[str, str]] = set()
    for one in (None, suspended, of_suspended):
        with pytest.raises(UnknownClient) as caught:
            require_known(select_live(one, now=noon))
        texts.add((caught.value.code, caught.value.prose))

    assert len(texts) == 1


def test_a_client_that_may_come_in_is_returned(registration: Registration, noon: datetime) -> None:
    """The rule returns what it checked."""
    assert require_known(select_live(registration, now=noon)) == registration


def test_a_client_has_its_own_keys_only(registration: Registration) -> None:
    """H2: a key id finds this client's key, and no key of anybody else."""
    key_id = registration.keys[0].key_id

    found = find_key(registration, key_id)

    assert found is not None
    assert found.key_id == key_id
    assert find_key(registration, "another") is None


def test_K3_an_assertion_key_is_live_listed_and_of_its_algorithm(
    registration: Registration,
) -> None:
    """Nobody's, unlisted, unknown, and of another algorithm than the token names: none."""
    key_id = registration.keys[0].key_id
    both = frozenset({AssertionAlgorithm.ES256, AssertionAlgorithm.PS256})
    asserting = replace(
        registration, client=replace(registration.client, assertion_algorithms=both)
    )

    found = find_assertion_key(asserting, key_id, "ES256")

    assert found is not None
    assert found.key_id == key_id
    assert find_assertion_key(None, key_id, "ES256") is None
    assert find_assertion_key(registration, key_id, "ES256") is None
    assert find_assertion_key(asserting, "another", "ES256") is None
    assert find_assertion_key(asserting, key_id, "PS256") is None
    assert find_assertion_key(asserting, key_id, "EdDSA") is None


def test_K3_registered_keys_are_never_due(registration: Registration, noon: datetime) -> None:
    """Nor is an unknown client; published ones are where the name is missing."""
    require_key_set(None, "one", now=noon)
    require_key_set(registration, "unknown", now=noon)
    published = replace(registration, key_set=KeySet())
    with pytest.raises(KeySetDue) as due:
        require_key_set(published, "unknown", now=noon)

    assert due.value.client_id == "loans"
    fetched = replace(registration, key_set=KeySet(fetched_at=noon, ended_at=noon))
    key_id = registration.keys[0].key_id
    require_key_set(fetched, key_id, now=noon)
    require_key_set(fetched, key_id, "ES256", now=noon)
    with pytest.raises(KeySetDue):
        require_key_set(fetched, key_id, "PS256", now=noon)


def test_K3_a_fetched_key_lives_as_long_as_its_set(
    registration: Registration, noon: datetime
) -> None:
    """A registered one does not need any."""
    fetched = replace(registration.keys[0], is_fetched=True)
    known = replace(registration, keys=(fetched,), key_set=KeySet(fetched_at=noon))

    for now, keys in ((noon, (fetched,)), (noon + timedelta(hours=24), ())):
        live = select_live(known, now=now)
        assert live is not None
        assert live.keys == keys


def test_H2_an_rsa_key_verifies_assertions_and_no_message(registration: Registration) -> None:
    """The same key id is found for one, and is nothing to the other."""
    material = rsa.generate_private_key(65537, 2048).public_key()
    jwk = msgspec.json.encode(RsaKey(key_id="rsa", material=material).to_jwk())
    client = replace(
        registration.client, assertion_algorithms=frozenset({AssertionAlgorithm.PS256})
    )
    key = replace(registration.keys[0], key_id="rsa", jwk=jwk)
    with_rsa = replace(registration, client=client, keys=(key,))

    assert find_assertion_key(with_rsa, "rsa", "PS256") is not None
    assert find_key(with_rsa, "rsa") is None
