"""A pack of a look under a letter on paper: a scan that operators confirmed, and no signature."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from creditbridge.consents.artefact import artefact_message, encode_artefact, read_artefact
from creditbridge.consents.letter import (
    Letter,
    LetterScope,
    MediaType,
    SignedDocument,
    TickedBusiness,
)
from creditbridge.consents.policy import (
    HOUSE_PAPER,
    Policy,
    encode_policy,
    first_policy,
    policy_message,
)
from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial, Result, Strength
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.replay import Replay
from creditbridge.evidence.verifying import verify_pack
from creditbridge.evidence.voices import Voices
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    ActProof,
    ArtefactProof,
    ConsentExtent,
    DocumentConfirmed,
    EventKind,
    ExchangeProof,
    OperatorEnrolled,
    PersonName,
    PolicyChanged,
    Proofs,
    Record,
)
from creditbridge.ledger.rules import join_parts, open_entry
from creditbridge.parties.acts import ConfirmationAct
from creditbridge.parties.model import Role
from creditbridge.parties.rules import encode_act, message_of_act
from creditbridge.profile.codes import ConsentForm, Purpose
from creditbridge.protocols.canonical_json import JsonValue, canonicalize

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_operator_key() -> FileKey:
    """Return a fresh key of an operator, named by its thumbprint."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key()), private=private)


CHEN_KEY, ZHAO_KEY = make_operator_key(), make_operator_key()
CHEN = PersonName(person_id="opr_1", name="Chen Example", role="OPERATOR")
ZHAO = PersonName(person_id="opr_2", name="Zhao Example", role="OPERATOR")
SCAN = "ab" * 32
LETTER = Letter(
    scan_bytes=1_000,
    scan_media_type=MediaType.PDF,
    signed_on=date(2026, 3, 1),
    ticked=(TickedBusiness.APPLICATION,),
    scopes=(LetterScope.KEEP, LetterScope.QUERY),
    signed_by=Role.LEGAL_REP,
    sealed=True,
)

Keys: TypeAlias = Mapping[str, FileKey]
Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]
MakeExchange: TypeAlias = Callable[[bytes], ExchangeProof]
Change: TypeAlias = Callable[[Record], Record]


@pytest.fixture(scope="session")
def paper(artefact: bytes) -> bytes:
    """The consent as one under a letter."""
    signed = read_artefact(artefact)
    document = SignedDocument(sha256=SCAN)
    return encode_artefact(
        replace(signed, form=ConsentForm.PAPER_SCAN, document=document, letter=LETTER)
    )


@pytest.fixture
def letters(
    keys: Keys, paper: bytes, story: list[Record], make_exchange: MakeExchange, grant: bytes
) -> list[Record]:
    """Two operators, a letter that one of them confirmed, a look under it, a withdrawal."""
    digest = to_base64url(hashlib.sha256(paper).digest())
    asked = terms_of(story[1], form="PAPER_SCAN", document=SCAN)
    extent = {name: getattr(asked.terms, name) for name in ConsentExtent.__struct_fields__}
    confirmed = replace(
        story[2],
        kind=EventKind.DOCUMENT_CONFIRMED,
        terms=DocumentConfirmed(
            **{**extent, "version": 2},
            state="ACTIVE",
            assurance="SCAN",
            artefact_digest=digest,
            given=1,
            needed=1,
            key_id=CHEN_KEY.key.key_id,
            signature="s",
        ),
        person=CHEN,
        digests={"artefact": paper},
        proofs=Proofs(
            artefact=ArtefactProof(
                artefact=paper,
                signature=keys["consent"].sign(artefact_message(paper)),
                key_id=keys["consent"].key.key_id,
            )
        ),
    )
    confirmed = acted(confirmed, CHEN_KEY)
    sent = make_exchange(grant.replace(grant_digest(grant), digest.encode()))
    delivered = replace(
        story[4],
        terms=replace(story[4].terms, intended="evt_4"),
        digests={**story[4].digests, "query": join_parts([sent.query_base])},
        proofs=Proofs(exchanges=(sent,)),
    )
    delivered = replace(
        delivered,
        digests={**delivered.digests, "answer": join_parts([sent.answer_base or b""])},
    )
    return [
        enrolled(story[0], CHEN, CHEN_KEY),
        enrolled(story[0], ZHAO, ZHAO_KEY),
        asked,
        confirmed,
        story[3],
        delivered,
        story[5],
    ]


def grant_digest(grant: bytes) -> bytes:
    """Return the digest of the consent that a grant names, as it stands in it."""
    return grant.split(b'"consent_digest":"')[1].split(b'"')[0]


def terms_of(record: Record, **changes: object) -> Record:
    """Return a record with other terms."""
    return replace(record, terms=replace(record.terms, **changes))


def jwk_of(key: FileKey) -> bytes:
    """Return a key's public JWK, canonical JSON."""
    return canonicalize(dict[str, JsonValue](key.key.to_jwk()))


def enrolled(record: Record, person: PersonName, key: FileKey) -> Record:
    """Return the record of an operator's enrolment."""
    digest = to_base64url(hashlib.sha256(jwk_of(key)).digest())
    return replace(
        record,
        kind=EventKind.OPERATOR_ENROLLED,
        terms=OperatorEnrolled(key_id=key.key.key_id, key_digest=digest),
        person=person,
        enterprise=None,
        digests={},
    )


def acted(record: Record, key: FileKey, **changes: object) -> Record:
    """Return a confirmation as signed by a key, with changes of the act."""
    terms, person = record.terms, record.person
    assert isinstance(terms, DocumentConfirmed)
    assert person is not None
    act = ConfirmationAct(
        operator_id=person.person_id,
        consent_id="cns_1",
        version=1,
        artefact_digest=terms.artefact_digest,
        acted_at=NOON,
    )
    act = replace(act, **changes)
    signature = to_base64url(key.sign(message_of_act(act)))
    return replace(
        record,
        terms=replace(terms, signature=signature, key_id=key.key.key_id),
        digests={**record.digests, "act": encode_act(act)},
        proofs=replace(record.proofs, act=ActProof(act=encode_act(act), key=jwk_of(key))),
    )


def sampled(letters: list[Record]) -> list[Record]:
    """Return the story with a second operator's word: the intent is `evt_5`."""
    first = terms_of(letters[3], state="REQUESTED", version=1, needed=2)
    first = replace(first, digests={}, proofs=Proofs(), key_ids={})
    second = replace(terms_of(letters[3], given=2, needed=2), person=ZHAO)
    delivered = terms_of(letters[5], intended="evt_5")
    words = [acted(first, CHEN_KEY), acted(second, ZHAO_KEY)]
    return [*letters[:3], *words, letters[4], delivered, *letters[6:]]


def replayed(write: Write, records: Sequence[Record], *, hears: bool = False) -> list[str]:
    """Replay records, and return what they break."""
    replay = Replay(Voices() if hears else None)
    for one in write(records).entries:
        replay.see(open_entry(one.opening)[0])
    return [breach.detail for breach in replay.breaches]


@pytest.mark.parametrize("operators", [1, 2])
def test_a_pack_says_that_it_rests_on_a_scan(
    operators: int, write: Write, letters: list[Record], pins: Pins, profile: bytes
) -> None:
    """Valid, by a step that is weaker than a signature and says so in words."""
    story = letters if operators == 1 else sampled(letters)

    verdict = verify_pack(assemble_pack(write(story)), pins, profile)

    assert verdict.result is Result.VALID, verdict.steps[-1]
    steps = {step.name: step for step in verdict.steps}
    assert steps["signature"].strength is Strength.SCAN_CONFIRMED
    assert "no signature of the enterprise" in steps["signature"].detail
    assert SCAN in steps["signature"].detail
    assert (
        steps["approver"].detail
        == f"{operators} of {operators} operators, each by a key enrolled before"
    )
    assert replayed(write, story, hears=True) == []


@pytest.mark.parametrize(
    ("change", "step", "told"),
    [
        (lambda one: replace(one, person=ZHAO), "approver", "had not been enrolled with that key"),
        (lambda one: replace(one, proofs=replace(one.proofs, act=None)), "approver", "missing"),
        (lambda one: acted(one, CHEN_KEY, consent_id="cns_2"), "approver", "for another letter"),
        (lambda one: acted(one, CHEN_KEY, version=2), "approver", "for another letter"),
        (lambda one: acted(one, CHEN_KEY, operator_id="opr_9"), "approver", "for another letter"),
        (lambda one: acted(one, CHEN_KEY, artefact_digest="y"), "approver", "for another letter"),
        (lambda one: terms_of(one, signature="A" * 86), "approver", "signature"),
        (
            lambda one: terms_of(acted(one, ZHAO_KEY), key_id=CHEN_KEY.key.key_id),
            "approver",
            "another key than the one enrolled",
        ),
        (lambda one: terms_of(one, key_id="key-9"), "approver", "had not been enrolled"),
        (lambda one: terms_of(one, needed=2), "approver", "1 operators confirmed, and 2 had to"),
        (lambda one: terms_of(one, document="cd" * 32), "consent", "another extent"),
        (lambda one: terms_of(one, form=None), "consent", "another extent"),
        (lambda one: terms_of(one, artefact_digest="x" * 43), "consent", "not the one approved"),
    ],
    ids=[
        "another operator",
        "no act",
        "another consent",
        "another version",
        "another account",
        "another artefact",
        "another signature",
        "a strange key",
        "an unknown key",
        "too few",
        "another scan",
        "no form",
        "another text",
    ],
)
def test_a_confirmation_that_does_not_hold_is_found(
    change: Change,
    step: str,
    told: str,
    write: Write,
    letters: list[Record],
    pins: Pins,
    profile: bytes,
) -> None:
    """By nobody who was an operator, by too few, or of another letter."""
    forged = [*letters[:3], change(letters[3]), *letters[4:]]

    verdict = verify_pack(assemble_pack(write(forged)), pins, profile)

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, step)
    assert told in verdict.steps[-1].detail


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda one: acted(replace(one, person=CHEN), CHEN_KEY),
            "1 operators confirmed, and 2 had to",
        ),
        (lambda one: terms_of(one, artefact_digest="x" * 43), "another scan"),
    ],
)
def test_two_operators_are_two_people_over_one_scan(
    change: Change, told: str, write: Write, letters: list[Record], pins: Pins, profile: bytes
) -> None:
    """One twice is one; who confirmed another text confirmed nothing here."""
    story = sampled(letters)
    forged = [*story[:3], change(story[3]), change(story[4]), *story[5:]]
    if told == "another scan":
        forged = [*story[:3], change(story[3]), *story[4:]]

    verdict = verify_pack(assemble_pack(write(forged)), pins, profile)

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, "approver")
    assert told in verdict.steps[-1].detail


def test_the_first_of_two_opens_nothing(
    write: Write, letters: list[Record], pins: Pins, profile: bytes
) -> None:
    """A look after it has no approval before it."""
    story = sampled(letters)
    early = [*story[:4], terms_of(story[5]), terms_of(story[6], intended="evt_4")]

    verdict = verify_pack(assemble_pack(write(early)), pins, profile)

    assert verdict.result is Result.INVALID
    assert "no approval before the use" in verdict.steps[-1].detail
    assert replayed(write, early)[0] == "a use without a live consent: consent-pending"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: terms_of(one, max_queries=3), "a scan confirmed as it was not lodged"),
        (lambda one: terms_of(one, state="REQUESTED"), "a scan confirmed by 1, where 1 must"),
        (lambda one: terms_of(one, given=2), "a scan confirmed by 1, where 1 must"),
        (lambda one: terms_of(one, version=3), "a scan confirmed by 1, where 1 must"),
        (lambda one: terms_of(one, needed=2), "a scan confirmed by 1, where 2 must"),
    ],
    ids=["extent", "state", "count", "version", "too few"],
)
def test_a_confirmation_out_of_place_breaks_a_law(
    change: Change, told: str, write: Write, letters: list[Record]
) -> None:
    """Of another extent, of too few, or one that says another state than it leads to."""
    assert replayed(write, [*letters[:3], change(letters[3])]) == [told]


def test_a_letter_is_confirmed_and_a_request_approved(
    write: Write, letters: list[Record], story: list[Record]
) -> None:
    """Neither the other way round; nor twice by one operator, by none, or what nobody lodged."""
    approved = terms_of(story[2], form="PAPER_SCAN", document=SCAN)
    first, _ = sampled(letters)[3:5]
    signed = [*letters[:2], story[1], terms_of(letters[3], form=None, document=None)]

    assert replayed(write, [*letters[:3], approved]) == [
        "a letter on paper approved as if somebody had signed here"
    ]
    assert replayed(write, signed) == ["a scan confirmed where none was lodged"]
    assert replayed(write, [*letters[:3], first, first]) == [
        "a scan confirmed twice by one operator"
    ]
    assert replayed(write, [*letters[:2], letters[3]]) == [
        "a transition of a consent that nobody requested"
    ]
    assert replayed(write, letters[1:4], hears=True) == [
        "a scan confirmed by nobody who had been enrolled as operator"
    ]


def announced(keys: Keys, policy: Policy) -> Record:
    """Return the record of a policy that the house signed."""
    raw = encode_policy(policy)
    return Record(
        kind=EventKind.POLICY_CHANGED,
        rule="house-policy",
        rule_version="1",
        terms=PolicyChanged(
            version=1,
            use_from=policy.use_from,
            policy=raw.decode(),
            signature=to_base64url(keys["consent"].sign(policy_message(raw))),
        ),
        key_ids={"consent": keys["consent"].key.key_id},
    )


@pytest.mark.parametrize(
    ("paper_ceilings", "told"),
    [
        ({"second_operator_percent": 0}, []),
        ({"second_operator_percent": 100}, ["a scan confirmed by 1, where 2 must"]),
        ({"second_operator_percent": 0, "queries_max": 2}, []),
        (
            {"second_operator_percent": 0, "queries_max": 1},
            ["a scan beyond the policy: consent-beyond-policy"],
        ),
    ],
)
def test_the_policy_of_then_says_how_many_and_how_far(
    paper_ceilings: dict[str, object],
    told: list[str],
    keys: Keys,
    write: Write,
    letters: list[Record],
) -> None:
    """Whatever the entry says was needed: the digest decides, within the signed share."""
    first = first_policy(now=NOON)
    review = Purpose.PRE_LOAN_REVIEW
    ceilings = replace(first.purposes[review], paper=replace(HOUSE_PAPER, **paper_ceilings))
    policy = replace(first, purposes={**first.purposes, review: ceilings})

    assert replayed(write, [announced(keys, policy), *letters[:4]]) == told


def test_a_digest_that_is_none_is_a_breach(keys: Keys, write: Write, letters: list[Record]) -> None:
    """An entry that nobody here wrote."""
    forged = terms_of(letters[3], artefact_digest="!")
    policy = announced(keys, first_policy(now=NOON))

    (told,) = replayed(write, [policy, *letters[:3], forged])

    assert told.startswith("a scan beyond the policy: signature-invalid")


def test_a_consent_is_the_one_that_it_supersedes_nothing_else(
    write: Write, story: list[Record], pins: Pins, profile: bytes
) -> None:
    """An approval that names another one's place than the artefact is not that artefact's."""
    forged = [*story[:2], terms_of(story[2], supersedes="cns_9"), *story[3:]]

    verdict = verify_pack(assemble_pack(write(forged)), pins, profile)

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, "consent")
