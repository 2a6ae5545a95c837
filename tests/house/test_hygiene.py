"""Canaries in real traffic: they are found in no log, no problem answer, no tile, no plain row."""

import asyncio
import io
import secrets
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
import pytest
from tests.house import reading
from tests.house.crew import wait_until
from tests.house.house import BANKS, PEOPLE, House
from tests.house.machine import JSON, Machine
from tests.house.wire import exchange_raw

from creditbridge.cli.demo.bank import Exchange
from creditbridge.cli.demo.layout import LOG_ORIGIN

pytestmark = pytest.mark.xdist_group("house")
PERSON = "沈沙澄"
PASSWORD = "found-pass"
ENTERPRISE = "杭州澄砚智能装备（沙盒）有限公司"
UNKNOWN_CONSENT = "cns_01hzy6t9x7c3v5n8m2k4p6q8r0"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# Where the number of an enterprise stands, for look-ups; what names persons stands nowhere.
NUMBERED = {"ledger_references", "ledger_intents"}


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent and handed out, and what must be found nowhere."""

    secrets: Sequence[str]  # In no table at all.
    words: Sequence[str]  # In no log, no problem, no table of ledger and admission.
    problems: Sequence[Exchange]


@pytest.fixture(scope="module")
def planted(house: House) -> Planted:
    """Traffic of every kind with canaries in it, good requests and bad ones."""
    with asyncio.Runner() as runner:
        return runner.run(plant(house))


def test_no_log_holds_a_canary(house: House, planted: Planted) -> None:
    """Neither the gateways' logs nor the database's, whatever was refused and why."""
    text = "".join(path.read_text(errors="replace") for path in house.logs)
    found = [word for word in (*planted.words, *planted.secrets) if word in text]
    assert found == []
    assert PEOPLE["found"] not in text
    assert "report.delivered" in text  # It is the right log.


def test_no_problem_holds_a_canary(planted: Planted) -> None:
    """An error explains itself without a word of the caller's."""
    for exchange in planted.problems:
        answer = exchange.answer
        said = answer.body.decode() + repr(answer.headers)
        assert 400 <= answer.status < 500
        assert [word for word in (*planted.words, *planted.secrets) if word in said] == []


def test_no_tile_holds_a_canary(house: House, planted: Planted) -> None:
    """Entry bundles and tiles are digests: no name, number, id or fragment is in them."""
    fetch = reading.open_log(house.layout.people_port, house.pki / "ca" / "doors.pem")
    size, _ = reading.read_checkpoint(
        fetch("/checkpoint"), origin=LOG_ORIGIN, key_file=house.pki / "gateway" / "ledger.pub"
    )
    public = b"".join([*reading.read_entries(fetch, size), *reading.read_row(fetch, 0, size)])
    names = [*planted.words, *planted.secrets, PEOPLE["found"], *house.bank_ids.values()]
    assert [word for word in names if word.encode() in public] == []


def test_no_row_holds_a_canary_in_plain(house: House, planted: Planted) -> None:
    """Tables of ledger and admission hold no name and no body; no table holds a secret."""
    dump = asyncio.run(dump_tables(house.database.url))
    for table, content in dump.items():
        assert (table, find(planted.secrets, content)) == (table, [])
        if table.startswith(("ledger_", "admission_")):
            assert (table, find(planted.words, content)) == (table, [])
            if table not in NUMBERED:
                assert (table, find([PEOPLE["found"]], content)) == (table, [])
    assert dump["ledger_openings"]
    assert dump["admission_keys"]


async def plant(house: House) -> Planted:
    """Send canaries everywhere a caller can put one."""
    canary, desk = f"CANARY{secrets.token_hex(8)}", f"desk-{secrets.token_hex(8)}"
    name = f"{secrets.token_hex(6)}（金丝雀）有限公司"
    given = await house.give_consent("found", enterprise={"uscc": PEOPLE["found"], "name": name})
    async with house.machine() as bank:
        token = await bank.fetch_token()
        delivered = await bank.ask(
            given.consent_id, given.uscc, token=token, members={"operator_id": desk}
        )
        assert delivered.status == 200
        problems = await provoke(bank, canary, token=token)
    head = f"GET /v1/consents/{canary}?{canary}={canary} HTTP/1.1\r\nHost: {canary}\r\n"
    raw = f"{head}{canary}\r\n\r\n"
    await exchange_raw(house.first.bank_port, house.pki, raw.encode())
    house.browser("found").open(f"{house.layout.people_url}/portal/consents/{canary}")
    wait_until(lambda: house.check_ledger()[1] == [])
    fragments = fragments_of(delivered)
    assert fragments, "the profile says nothing that could be looked for"
    folders = [house.pki / "banks" / "north", house.pki / "gateway"]
    keys = [file.read_text().splitlines()[1] for folder in folders for file in folder.glob("*.key")]
    return Planted(
        secrets=[token, token.removeprefix("cbt_"), PASSWORD, *keys],
        words=[canary, desk, name, PERSON, ENTERPRISE, *fragments],
        problems=problems,
    )


async def provoke(bank: Machine, canary: str, *, token: str) -> list[Exchange]:
    """Return refusals of requests that carry the canary, one place after the other."""
    uscc = PEOPLE["found"]
    headers = (("authorization", f"Bearer {token}"), JSON)
    bodies = [
        f'{{"{canary}":1}}',
        f'{{"consent_id":"{canary}',
        f'["{canary}"]',
        f'{{"consent_id":{{"{canary}":"{canary}"}}}}',
        f'"{canary}"',
    ]
    unsigned = [bank.request("POST", "/v1/reports", headers, body.encode()) for body in bodies]
    malformed = [
        bank.report(UNKNOWN_CONSENT, uscc, token=token, members=members)
        for members in (
            {"purpose": canary},
            {"sections": [canary]},
            {canary: canary},
            {"operator_id": [canary]},
            {"business_id": canary * 9},
        )
    ]
    keyless = [
        bank.report(UNKNOWN_CONSENT, uscc, token=token, key=canary * 20),
        bank.report(canary, uscc, token=token),
        bank.report(UNKNOWN_CONSENT, canary, token=token),
        bank.request("GET", f"/v1/consents/{canary}", headers[:1]),
        bank.request("GET", f"/{canary}?{canary}={canary}", headers[:1]),
    ]
    answers = [await bank.send(bank.sign(one)) for one in (*unsigned, *malformed, *keyless)]
    strange = [("authorization", f"Bearer cbt_{canary}{'a' * 21}"), ("authorization", canary)]
    answers += [
        await bank.send(bank.request("GET", "/v1/consents", (header,))) for header in strange
    ]
    forms = ({"scope": canary}, {"grant_type": canary}, {"client_id": canary})
    return [*answers, *[await bank.ask_token(**form) for form in forms]]


def fragments_of(delivered: Exchange) -> list[str]:
    """Return what the profile says of the enterprise: numbers of decisions, names, addresses."""
    found = set[str]()
    pending: list[object] = [delivered.json()["sections"], delivered.json()["subject"]]
    for value in pending:  # grows while it is walked
        if isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str) and not value.isascii():
            found.add(value)
    return sorted(found - {name for name, _ in BANKS.values()})


def find(words: Sequence[str], content: bytes) -> list[str]:
    """Return the words that stand in a table, as text or inside of bytes."""
    return [
        word
        for word in words
        if word.encode() in content or word.encode().hex().encode() in content
    ]


async def dump_tables(url: str) -> Mapping[str, bytes]:
    """Return every table as COPY writes it."""
    connection = await asyncpg.connect(url)
    try:
        dump = dict[str, bytes]()
        for row in await connection.fetch(TABLES):
            output = io.BytesIO()
            await connection.copy_from_table(row["tablename"], output=output)
            dump[row["tablename"]] = output.getvalue()
    finally:
        await connection.close()
    return dump
