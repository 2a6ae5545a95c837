"""Every key of the house rotates while two nodes are at work, and no answer fails."""

import asyncio
import base64
import contextlib
import io
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from tests.house.house import CACHE_SECONDS, Given, House
from tests.house.machine import Machine
from tests.waiting import PATIENCE_SECONDS, eventually

from creditbridge.cli import keys, verify
from creditbridge.cli.demo.bank import Exchange
from creditbridge.cli.operations import call
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.http import Http, HttpClientSettings, HttpRequest, open_client
from creditbridge.foundation.key_rings import KeyPurpose
from creditbridge.foundation.keys import PublicKey
from creditbridge.foundation.rsa_keys import JoseKey
from creditbridge.ledger.rules import verify_receipt
from creditbridge.profile.seal import verify_seal
from creditbridge.protocols.http_signatures import BANK_RESPONSE, Response, verify_response
from creditbridge.protocols.rsa_jwk import parse_jose_jwk

pytestmark = pytest.mark.xdist_group("rotation")

RUNNERS = 2
LOOKS = 4
# So many answers of each node before the rotation begins, and under the new keys.
ANSWERS_MIN = 10
# What must be known elsewhere before it is used; any other key is made by the rotation.
MADE_BEFORE = {KeyPurpose.MESSAGE: "message", KeyPurpose.LOGIN: "login"}


class KeySet:
    """The published keys as a careful client has them: from the cache, as long as it may."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url
        self._fetched_at = -1.0
        self._keys: dict[str, JoseKey] = {}

    async def read(self) -> dict[str, JoseKey]:
        """Return the set of this moment."""
        now = asyncio.get_running_loop().time()
        if self._fetched_at < 0 or now - self._fetched_at >= CACHE_SECONDS:
            answer = await self._http.send(
                HttpRequest(method="GET", url=f"{self._url}/jwks"), timeout_seconds=PATIENCE_SECONDS
            )
            assert dict(answer.headers)["cache-control"] == f"max-age={CACHE_SECONDS}"
            listed = msgspec.json.decode(answer.body, type=dict[str, list[dict[str, object]]])
            self._keys = {key.key_id: key for key in map(parse_jose_jwk, listed["keys"])}
            self._fetched_at = now
        return self._keys


class Load:
    """Runners at both nodes; each answer is verified by the keys that the other node showed."""

    def __init__(self) -> None:
        self.is_over = False
        self.answers: list[tuple[int, set[str]]] = []
        self.reports: dict[str, bytes] = {}

    def count(self, node: int, key_id: str = "") -> int:
        """Return how many turns a node has answered, under one key or any."""
        turns = [names for at, names in self.answers if at == node]
        return sum(1 for names in turns if not key_id or key_id in names)

    async def run(self, machine: Machine, keys: KeySet, node: int, given: Given) -> None:
        """Ask for a report and look at the consent, again and again, until it is over."""
        token = await machine.fetch_token()
        while not self.is_over:
            known = await keys.read()
            asked = await machine.ask(given.consent_id, given.uscc, token=token)
            names = {verify_answer(asked, known), *verify_report(asked, known)}
            self.reports[asked.header("creditbridge-report")] = asked.answer.body
            for _ in range(LOOKS):
                known = await keys.read()
                seen = await machine.get(f"/v1/consents/{given.consent_id}", token=token)
                names.add(verify_answer(seen, known))
            self.answers.append((node, names))


def verify_answer(exchange: Exchange, known: Mapping[str, JoseKey]) -> str:
    """Return the name of the known key that signed an answer."""
    assert exchange.status == 200, exchange.answer.body
    answer = exchange.answer
    return verify_response(
        Response(status=answer.status, headers=answer.headers, body=answer.body),
        exchange.request,
        BANK_RESPONSE,
        messages(known).get,
        now=SystemClock().now(),
    ).key_id


def verify_report(exchange: Exchange, known: Mapping[str, JoseKey]) -> set[str]:
    """Return the names of the known keys that sealed a profile and signed its receipt."""
    find_key = messages(known).get
    verify_seal(exchange.answer.body, find_key)
    profile = exchange.json()
    raw = base64.b64decode(exchange.header("creditbridge-receipt")[1:-1], validate=True)
    seal = msgspec.convert(profile["seal"], dict[str, str])
    return {seal["kid"], verify_receipt(raw, find_key).kid}


def messages(known: Mapping[str, JoseKey]) -> dict[str, PublicKey]:
    """Return the keys of a set that verify messages."""
    return {name: key for name, key in known.items() if isinstance(key, PublicKey)}


async def test_K2_keys_rotate_under_load_without_a_failed_request(
    own_house: House, tmp_path: Path
) -> None:
    """Answers, seals, receipts, consents, log-ins, tokens and the log: each under its next key."""
    load = Load()
    givens = [await own_house.give_consent("found", max_queries=1_000) for _ in range(2 * RUNNERS)]
    async with AsyncExitStack() as stack:
        machines = [
            await stack.enter_async_context(own_house.machine(node=node)) for node in (0, 1)
        ]
        others = [open_keys(own_house, 1 - node, stack) for node in (0, 1)]
        async with asyncio.TaskGroup() as group:
            for number, given in enumerate(givens):
                node = number % 2
                group.create_task(load.run(machines[node], others[node], node, given))
            made = await rotate_all(own_house, load)
            load.is_over = True
    # Whoever signs in from now on is proven to the identity provider by the next key.
    await own_house.give_consent("clean")

    shown = msgspec.json.decode(call(own_house.first.operations_port, "GET", "/keys")[1])
    assert {(key["purpose"], key["kid"]) for key in shown["keys"]} >= set(made.items())
    entries, violations = own_house.check_ledger()
    assert (entries["key.announced"], violations) == (len(KeyPurpose), [])
    await verify_packs(own_house, load, tmp_path)


async def rotate_all(house: House, load: Load) -> Mapping[KeyPurpose, str]:
    """Rotate every key while the load runs, wait until the next ones are in use, and name them."""
    await eventually(lambda: all(load.count(node) >= ANSWERS_MIN for node in (0, 1)))
    made = {purpose: await asyncio.to_thread(rotate, house, purpose) for purpose in KeyPurpose}
    seen = {made[KeyPurpose.MESSAGE], made[KeyPurpose.RECEIPT], made[KeyPurpose.SEAL]}
    await eventually(
        lambda: all(load.count(node, name) >= ANSWERS_MIN for node in (0, 1) for name in seen)
    )
    return made


def open_keys(house: House, node: int, stack: AsyncExitStack) -> KeySet:
    """Return the key set that a node publishes."""
    url = house.nodes[node].people_url
    http = open_client(HttpClientSettings(base_url=url, ca_file=house.pki / "ca" / "doors.pem"))
    stack.push_async_callback(http.close)
    return KeySet(http, url)


def rotate(house: House, purpose: KeyPurpose) -> str:
    """Run `creditbridge keys rotate`, in this process, and return the new key's name."""
    parser = ArgumentParser()
    keys.add_arguments(parser)
    words = ["--config", str(house.folder / "creditbridge.toml"), "rotate", "--purpose", purpose]
    if purpose in MADE_BEFORE:
        words += ["--key", str(house.pki / "next" / f"{MADE_BEFORE[purpose]}.key")]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert keys.run(parser.parse_args(words)) == 0
    told = msgspec.json.decode(printed.getvalue(), type=dict[str, str])
    assert told["use_from"]
    return told["kid"]


async def verify_packs(house: House, load: Load, folder: Path) -> None:
    """Verify the first report's pack and the last one's, offline, with the pins of now."""
    pins = folder / "pins.json"
    _, raw = call(house.first.operations_port, "GET", f"/pins/{house.bank_ids['north']}")
    pins.write_bytes(raw)
    read = msgspec.json.decode(raw, type=dict[str, object])
    for name in ("log_keys", "receipt_keys", "consent_keys", "query_keys", "seal_keys"):
        assert len(msgspec.convert(read[name], list[object])) == 2
    reports = list(load.reports)
    async with house.machine() as machine:
        token = await machine.fetch_token()
        for report_id in (reports[0], reports[-1]):
            pack, profile = folder / f"{report_id}.zip", folder / f"{report_id}.json"
            pack.write_bytes(await download(machine, report_id, token))
            profile.write_bytes(load.reports[report_id])
            parser = ArgumentParser()
            verify.add_arguments(parser)
            words = [str(pack), "--pins", str(pins), "--profile", str(profile)]
            assert verify.run(parser.parse_args(words)) == 0


async def download(machine: Machine, report_id: str, token: str) -> bytes:
    """Return the evidence pack of a report, as soon as the log has its entries."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await machine.get(f"/v1/reports/{report_id}/evidence", token=token)
            if answer.status != 503:
                assert answer.status == 200, answer.answer.body
                return answer.answer.body
            await asyncio.sleep(0.1)
