"""A client publishes its keys itself: they are fetched where a decision needs them, outside of it.

    parties -> (the client's own server) -> parties -> ledger

1. Of all nodes one fetches, once in 30 seconds; the others wait for what comes.
2. The set is fetched from the address that two operators approved: over https, from a public
   address, in five seconds, 64 KiB at most, and nothing of it is followed.
3. What is new in it and what is gone is kept, and the ledger holds it. Where nothing came, the last
   good set counts on, for a day.

No transaction is open while the client's server is waited for. Whoever came for a decision begins
it again, and it is made with what is there then.
"""

import asyncio
from collections.abc import Callable

import msgspec

import creditbridge.parties.service as parties
from creditbridge.foundation.database import Database
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.http import Http, HttpAnswerUnfit, HttpRequest
from creditbridge.foundation.logging import get_logger
from creditbridge.ledger.model import BankName, EventKind, Record
from creditbridge.ledger.port import Recorder
from creditbridge.ledger.terms.registry import ClientKeysFetched
from creditbridge.parties.key_sets import FETCH_SECONDS
from creditbridge.parties.model import FetchedKeys
from creditbridge.protocols.rsa_jwk import JoseKey, select_jose_keys
from creditbridge.protocols.strict_json import parse

log = get_logger("client_keys")

RULE = "client-key-set"
RULE_VERSION = "1"
ACCEPT = ("accept", "application/jwk-set+json, application/json")
LOOK_SECONDS = 0.1
OK = 200


class FetchKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `open_http` opens a client of one address."""

    database: Database
    ledger: Recorder
    open_http: Callable[[str], Http]
    running: dict[str, "asyncio.Task[None]"] = msgspec.field(default_factory=dict)

    async def __call__(self, client_id: str) -> None:
        """Walk the steps above; return when the keys at hand are as good as they can be now.

        Raises:
            DatabaseUnavailable: it is not known whether something was fetched.
        """
        # Of many requests of this process one does it; whoever gives up must not end it for others.
        task = self.running.get(client_id)
        if task is None:
            task = asyncio.create_task(self._fetch_or_wait(client_id))
            self.running[client_id] = task
            task.add_done_callback(lambda _: self.running.pop(client_id))
        await asyncio.shield(task)

    async def _fetch_or_wait(self, client_id: str) -> None:
        async with self.database.transaction() as tx:
            address = await parties.begin_fetch(tx, client_id)  # 1
        if address is None:
            await self._wait(client_id)
            return
        try:
            keys = await self._fetch(address)  # 2
        except CreditbridgeError as error:
            log.warning("client_keys.not_fetched", client=client_id, code=error.code)
            async with self.database.transaction() as tx:
                await parties.end_fetch(tx, client_id)  # 3
            return
        async with self.database.transaction() as tx:
            fetched = await parties.keep_keys(tx, client_id, keys)
            if fetched is not None and (fetched.added or fetched.ended):
                await self.ledger.record(tx, _record(fetched))  # 3

    async def _wait(self, client_id: str) -> None:
        awaited = True
        while awaited:
            async with self.database.transaction() as tx:
                awaited = await parties.is_fetch_awaited(tx, client_id)  # 1
            if awaited:
                await asyncio.sleep(LOOK_SECONDS)

    async def _fetch(self, address: str) -> tuple[JoseKey, ...]:
        http = self.open_http(address)
        try:
            answer = await http.send(
                HttpRequest(method="GET", url=address, headers=(ACCEPT,)),
                timeout_seconds=FETCH_SECONDS,
            )
        finally:
            await http.close()
        # A redirect is none: it leads to an address that nobody approved.
        if answer.status != OK:
            raise HttpAnswerUnfit(detail=f"status {answer.status}")
        return select_jose_keys(parse(answer.body))


def _record(fetched: FetchedKeys) -> Record:
    bank = fetched.bank
    return Record(
        kind=EventKind.CLIENT_KEYS_FETCHED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=ClientKeysFetched(
            client=fetched.client.client_id, added=fetched.added, ended=fetched.ended
        ),
        bank=BankName(bank_id=bank.bank_id, uscc=bank.uscc, legal_name=bank.legal_name),
    )
