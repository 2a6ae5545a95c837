"""Another bank's id and one that names nothing look alike: status, body, headers, and time.

The table is the contract's own (`door_table`). What differs between two answers anyway, since it
names or signs that one exchange, is named here and compared by its presence alone.
"""

import gc
import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.endpoints.door_table import Place, list_places
from tests.endpoints.stage import Machine, Stage
from tests.endpoints.teller import Teller
from tests.endpoints.test_my_consents import ask_person
from tests.endpoints.wire import Answer, Application, Mapping, Receive, Send

from creditbridge.foundation.database import Database
from creditbridge.foundation.ids import Kind, new_id

PLACES = {place.title: place for place in list_places()}
SCOPES = "consents grant_management_query grant_management_revoke reports"
HIDDEN = {"consent-missing": 403, "consent-unknown": 404, "not-found": 404}
# Of one's own: in no state for that; no pack before the log is published.
FOUND = frozenset({"consent-transition-impossible", "ledger-nothing-published"})
# Of this one exchange: which decision it was, its signature, the receipt of its record.
OWN_MEMBERS = frozenset({"instance", "interaction_id"})
OWN_HEADERS = frozenset(
    {
        "content-digest",
        "creditbridge-receipt",
        "creditbridge-report",
        "date",
        "ratelimit",
        "signature",
        "signature-input",
        "traceparent",
        "x-fapi-interaction-id",
    }
)
SEED = 6
PAIRS, PAIRS_LONG = 12, 1_000
SHUFFLES = 1_000
COARSE = 0.5
# Less than a fiftieth of an answer nobody sees over a network; nor what chance does just as often.
EFFECT_MIN, P_MAX = 0.02, 0.001


class Timed:
    """The bank's door with a watch: how long the last answer took."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.seconds = 0.0

    async def __call__(self, scope: Mapping, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        await self._app(scope, receive, send)
        self.seconds = time.perf_counter() - begun


class Street:
    """Two banks: one owns something of each kind, the other asks for it."""

    def __init__(self, stage: Stage, owner: Machine, stranger: Machine) -> None:
        self.stage, self.owner, self.stranger = stage, owner, stranger
        self._numbers = itertools.count(1)
        self._tokens = dict[str, str]()

    async def open(self) -> dict[Kind, str]:
        """Give the owner one thing of each kind that the contract names, and both their tokens."""
        stage, teller = self.stage, Teller(self.stage, self.owner)
        await teller.allow()
        await self.renew_tokens()
        consent_id = await stage.give_consent(self.owner)
        person = await ask_person(stage, self.owner)
        _, report = await stage.ask(self.owner, consent_id)
        tokens = await teller.redeem(await teller.make_code(consent_id))
        return {
            Kind.CONSENT: consent_id,
            Kind.PERSON_CONSENT: str(person.json["person_consent_id"]),
            Kind.REPORT: report.header("creditbridge-report"),
            Kind.GRANT: str(tokens.json["grant_id"]),
        }

    async def renew_tokens(self) -> None:
        """Let nothing be refused because a token grew old meanwhile."""
        for machine in (self.owner, self.stranger):
            self._tokens[machine.client_id] = await self.stage.get_token(machine, scope=SCOPES)

    async def ask(self, machine: Machine, place: Place, named: str) -> Answer:
        """Call one place of the door with an id in it."""
        token = self._tokens[machine.client_id]
        _, answer = await self.stage.send_signed(
            machine,
            place.method,
            place.target(named),
            body=self._body(place, named),
            headers=[
                ("authorization", f"Bearer {token}"),
                ("idempotency-key", f"key-{next(self._numbers)}"),
            ],
        )
        return answer

    def _body(self, place: Place, named: str) -> bytes:
        if not place.in_body:
            return b""
        if place.operation == "createReport":
            return self.stage.report_body(named)
        return self.stage.consent_body(**{place.name: named})

    def unknown(self, kind: Kind) -> str:
        """Return an id of nothing."""
        return new_id(kind, now=self.stage.clock.now())


@pytest.fixture
async def street(stage: Stage, north: Machine, south: Machine) -> Street:
    """The first bank owns, the second asks."""
    return Street(stage, north, south)


@pytest.mark.parametrize("title", PLACES)
async def test_S6_a_foreign_id_and_an_unknown_one_look_alike(title: str, street: Street) -> None:
    """The same status, words and headers, wherever an id can stand; and the id is a real one."""
    place = PLACES[title]
    owned = (await street.open())[place.kind]

    foreign = await street.ask(street.stranger, place, owned)
    unknown = await street.ask(street.stranger, place, street.unknown(place.kind))
    own = await street.ask(street.owner, place, owned)

    assert HIDDEN[str(foreign.code)] == foreign.status
    assert plain(foreign) == plain(unknown)
    assert own.status < 300 or own.code in FOUND


def plain(answer: Answer) -> tuple[int, Mapping, Sequence[tuple[str, str]]]:
    """Return what of an answer must not tell one id from another."""
    members = {name: "" if name in OWN_MEMBERS else value for name, value in answer.json.items()}
    headers = [(name, "" if name in OWN_HEADERS else value) for name, value in answer.headers]
    return answer.status, members, headers


@pytest.fixture
async def unlimited(database: Database, tmp_path: Path) -> Street:
    """The same two banks, who may ask as often as they like."""
    stage = Stage(database, tmp_path, policies=())
    await stage.open()
    return Street(stage, await stage.onboard("north"), await stage.onboard("south"))


@pytest.fixture
def _uncollected() -> Iterator[None]:
    """Nothing that is measured waits for the collector."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.endure
@pytest.mark.usefixtures("_uncollected")
async def test_S6_both_take_the_same_time(
    unlimited: Street,
    endures: bool,  # noqa: FBT001 -- a fixture
    record_property: Callable[[str, object], None],
) -> None:
    """Pair by pair, in random order: no further apart than answers to one id are from each other.

    A slice finds what is coarse; the long run what a caller with patience would find.
    """
    owned = await unlimited.open()
    unlimited.stage.bank = watch = Timed(unlimited.stage.bank)
    chance, told = random.Random(SEED), list[str]()  # noqa: S311 -- a seeded test
    for title, place in PLACES.items():
        await unlimited.renew_tokens()
        pairs = list[tuple[float, float]]()
        for _ in range(PAIRS_LONG if endures else PAIRS):
            taken = dict[bool, float]()
            for is_foreign in chance.sample((True, False), 2):
                named = owned[place.kind] if is_foreign else unlimited.unknown(place.kind)
                answer = await unlimited.ask(unlimited.stranger, place, named)
                assert HIDDEN[str(answer.code)] == answer.status
                taken[is_foreign] = watch.seconds
            pairs.append((taken[True], taken[False]))
        found = compare(pairs, chance)
        record_property(title, f"foreign against unknown {found.effect:+.2%}, p {found.p:.3f}")
        if abs(found.effect) > COARSE or (endures and found.tells):
            told.append(f"{title}: {found}")

    assert told == []


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the first of pairs differ from the second, and how often chance does as much."""

    effect: float  # The median difference, as a share of the median.
    p: float

    @property
    def tells(self) -> bool:
        """Whether somebody who asks often enough learns which of the two it was."""
        return abs(self.effect) > EFFECT_MIN and self.p < P_MAX


def compare(pairs: Sequence[tuple[float, float]], chance: random.Random) -> Comparison:
    """Compare the median difference with those that arise when pairs are turned round by chance.

    Medians, for a busy machine is slow now and then; pairs, for it is slow for a while.
    """
    differences = [first - second for first, second in pairs]
    seen = statistics.median(differences)
    as_far = sum(
        abs(statistics.median(one * chance.choice((1, -1)) for one in differences)) >= abs(seen)
        for _ in range(SHUFFLES)
    )
    typical = statistics.median(itertools.chain.from_iterable(pairs))
    return Comparison(effect=seen / typical, p=as_far / SHUFFLES)


@pytest.mark.parametrize(("later", "tells"), [(0.0, False), (0.2, True)])
def test_the_comparison_finds_a_fifth_of_a_millisecond(later: float, *, tells: bool) -> None:
    """Among answers of three and a half milliseconds, with the stutter of a busy machine."""
    chance = random.Random(SEED)  # noqa: S311 -- a seeded test

    def take() -> float:
        stutter = 20.0 if chance.random() < 0.05 else 0.0
        return chance.gauss(3.5, 0.5) + stutter

    pairs = [(take() + later, take()) for _ in range(PAIRS_LONG)]

    assert compare(pairs, chance).tells is tells
