"""The whole house as processes: a sandbox, two gateway nodes, one PostgreSQL, two banks."""

import asyncio
import contextlib
import io
import secrets
import tempfile
from argparse import ArgumentParser
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
from tests.house.certificates import Authority, subject_of
from tests.house.crew import EmbeddedCluster, Node, Sandbox, wait_until
from tests.house.machine import SECTIONS, Door, Machine, signer_in
from tests.waiting import PATIENCE_SECONDS

from creditbridge.cli import operator
from creditbridge.cli.demo.browser import Browser, Page
from creditbridge.cli.demo.layout import WITHOUT_LIMITS, Layout, Place, lay_out
from creditbridge.cli.demo.processes import free_ports
from creditbridge.cli.operations import call
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.http import HttpClientSettings, HttpRequest, open_client
from creditbridge.foundation.key_making import (
    encode_private,
    encode_public,
    make_private_key,
    put_key_file,
)
from creditbridge.foundation.keys import parse_public_key

RECIPE = Path(__file__).parents[2] / "certs_example" / "make.py"
DEADLINE_SECONDS = 3
LEASE_SECONDS = 4
CACHE_SECONDS = 1
# Short enough for tests, and a breaker that does not open over the enterprises that always fail.
SETTINGS = f"""\
breaker_failures = 10000

[reports]
deadline_seconds = {DEADLINE_SECONDS}
in_flight_max = 512
{WITHOUT_LIMITS}"""
PEOPLE = {
    "found": "91330100YY0000A13Y",
    "not-found": "91330100YY0000A21R",
    "clean": "91330100YY0000A3XH",
    "listed": "91330100YY0000A48H",
    "dissolved": "91330100YY0000A56C",
    "slow": "91330100YY0000A647",
    "down": "91330100YY0000A722",
    "cut": "91330100YY0000A80W",
    "wrong-signature": "91330100YY0000A99R",
    "other-enterprise": "91330100YY0000AA7L",
    "repaired": "91330100YY0000AB5F",
    "replayed": "91330100YY0000AC3A",
    "section-failed": "91330100YY0000AD15",
}
BANKS = {
    "north": ("北岸银行（示例）", "91330100YY0000B1X5"),
    "south": ("南山银行（示例）", "91330200YY0000B28A"),
}
# Client, folder of its certificate and key, bank.
CLIENTS = {
    "north-lending": ("north", "north"),
    "north-second": ("second", "north"),
    "south-lending": ("south", "south"),
}
SECOND_NAME = "second desk of north bank EXAMPLE"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that an enterprise gave to 北岸银行."""

    consent_id: str
    uscc: str


@contextmanager
def open_house(parent: Path, place: Place | None = None) -> Generator["House"]:
    """Lend a house in a folder of its own, and end all its processes behind the block."""
    house = House(Path(tempfile.mkdtemp(prefix="house-", dir=parent)), place)
    try:
        house.open()
        yield house
    finally:
        house.close()


class House:
    """Two nodes behind one address, with everything around them."""

    def __init__(self, folder: Path, place: Place | None = None) -> None:
        self.folder = folder
        self.layout: Layout = lay_out(folder, RECIPE, place)
        self.pki = self.layout.pki
        self.bank_ids: dict[str, str] = {}
        self._operators: dict[str, str] = {}
        self._browsers: dict[str, Browser] = {}
        self.database = EmbeddedCluster(folder / "database")
        self._issue_certificates()
        self._make_next_keys()
        self.sandbox = Sandbox(folder / "sandbox.toml")
        self.nodes = self._start_nodes()

    @property
    def first(self) -> Node:
        """The node whose people's door knows the identity provider."""
        return self.nodes[0]

    @property
    def second(self) -> Node:
        """The node that may be killed."""
        return self.nodes[1]

    @property
    def logs(self) -> list[Path]:
        """What the processes of the gateway, and its database, wrote."""
        written = (self.folder / "database" / "postgres").glob("**/*.log")
        return [*(node.log for node in self.nodes), *written]

    def open(self) -> None:
        """Wait until everything runs, then let two operators bring in two banks."""
        wait_until(self.sandbox.is_listening)
        for node in self.nodes:
            wait_until(node.is_answering)
        self._enrol()
        for name in BANKS:
            self._onboard(name)
        self.wait_until_ready()

    def close(self) -> None:
        """End everything that was started, the nodes at the same time."""
        for node in self.nodes:
            if node.is_running:
                # Nothing is in flight any more: the second time means at once.
                node.terminate()
                node.terminate()
        for process in (*self.nodes, self.sandbox):
            process.close()

    def wait_until_ready(self) -> None:
        """Return when every node takes work."""
        for node in self.nodes:
            wait_until(node.is_ready)

    def check_ledger(self) -> tuple[Mapping[str, int], list[Mapping[str, object]]]:
        """Return what `creditbridge ledger check` finds: entries by kind, and violations."""
        _, body = call(self.first.operations_port, "GET", "/ledger/check")
        checked = msgspec.json.decode(body, type=dict[str, object])
        return (
            msgspec.convert(checked["entries"], dict[str, int]),
            msgspec.convert(checked["violations"], list[Mapping[str, object]]),
        )

    def door(self, node: int = 0) -> Door:
        """Return the bank door of one node."""
        return Door(
            url=self.nodes[node].bank_url,
            public_url=self.layout.bank_url,
            authority=self.pki / "ca" / "doors.pem",
        )

    @asynccontextmanager
    async def machine(
        self,
        client_id: str = "north-lending",
        *,
        node: int = 0,
        certificate: str | None = "",
        key: str | None = None,
        connections: int = 64,
    ) -> AsyncGenerator[Machine]:
        """Lend a client's machine; with another folder's certificate, none, or another key."""
        own, _ = CLIENTS.get(client_id, ("north", ""))
        banks = self.pki / "banks"
        machine = Machine(
            self.door(node),
            client_id=client_id,
            folder=None if certificate is None else banks / (certificate or own),
            signer=signer_in(banks / (key or own)),
            connections=connections,
        )
        try:
            yield machine
        finally:
            await machine.http.close()

    async def give_consent(
        self, login_name: str = "found", *, client_id: str = "north-lending", **members: object
    ) -> Given:
        """Let the bank ask and the enterprise approve."""
        async with self.machine(client_id) as bank:
            token = await bank.fetch_token("consents")
            lodged = await bank.post(
                "/v1/consents", self.consent(login_name, **members), token=token
            )
        assert lodged.status == 201, lodged.answer.body
        given = Given(consent_id=lodged.text("consent_id"), uscc=PEOPLE[login_name])
        page = await asyncio.to_thread(self._approve, login_name, given.consent_id)
        assert page.status == 200, page.text
        return given

    def consent(self, login_name: str, **members: object) -> Mapping[str, object]:
        """Return what a bank asks to be allowed."""
        return {
            "enterprise": {"uscc": PEOPLE[login_name], "name": f"{login_name}（沙盒）有限公司"},
            "authorization_no": f"HOUSE-{secrets.token_hex(8)}",
            "purposes": ["PRE_LOAN_REVIEW"],
            "sections": SECTIONS,
            "valid_to": SystemClock().now() + timedelta(days=30),
            "max_queries": 20,
            **members,
        }

    def withdraw(self, login_name: str, consent_id: str) -> Page:
        """Withdraw a consent on the portal."""
        browser = self.browser(login_name)
        page = browser.open(self._portal(f"{consent_id}/withdrawal"))
        return browser.submit(page, "withdraw-confirm")

    def browser(self, login_name: str) -> Browser:
        """Return the browser of a person who is signed in."""
        if login_name not in self._browsers:
            authorities = self.pki / "ca"
            browser = Browser(
                {
                    self.layout.people_url: authorities / "doors.pem",
                    self.layout.identity_url: authorities / "identity.pem",
                }
            )
            page = browser.open(self.layout.people_url + "/portal/sign-in/start")
            typed = {"login_name": login_name, "password": f"{login_name}-pass"}
            browser.submit(page, "login-submit", **typed)
            self._browsers[login_name] = browser
        return self._browsers[login_name]

    async def count_queries(self, uscc: str) -> int:
        """Return how many queries about an enterprise the platform counted."""
        url = f"https://127.0.0.1:{self.layout.platform_port}"
        http = open_client(
            HttpClientSettings(
                base_url=url,
                ca_file=self.pki / "ca" / "platform.pem",
                client_certificate_file=self.pki / "gateway" / "platform-client.pem",
                client_key_file=self.pki / "gateway" / "platform-client.key",
            )
        )
        try:
            request = HttpRequest(method="GET", url=f"{url}/v1/statistics")
            answer = await http.send(request, timeout_seconds=PATIENCE_SECONDS)
        finally:
            await http.close()
        counted = msgspec.json.decode(answer.body, type=dict[str, object])["by_uscc"]
        return msgspec.convert(counted, dict[str, int]).get(uscc, 0)

    def _approve(self, login_name: str, consent_id: str) -> Page:
        browser = self.browser(login_name)
        return browser.submit(browser.open(self._portal(consent_id)), "consent-approve")

    def _portal(self, rest: str) -> str:
        return f"{self.layout.people_url}/portal/consents/{rest}"

    def _issue_certificates(self) -> None:
        banks = self.pki / "banks"
        own, stranger = Authority("Second banks CA EXAMPLE"), Authority("Stranger CA EXAMPLE")
        north = f"north bank {BANKS['north'][1]} EXAMPLE"
        own.issue(banks / "second", SECOND_NAME)
        own.issue(banks / "renewed", north)
        own.issue(banks / "server-only", north, server=True)
        own.issue(banks / "expired", north, days=(-3, -1))
        stranger.issue(banks / "stranger", north)
        with (self.pki / "ca" / "banks.pem").open("ab") as bundle:
            bundle.write(own.pem)

    def _make_next_keys(self) -> None:
        """Make the keys to which a rotation will change, and let those know who must."""
        (self.pki / "next").mkdir()
        sandbox = self.folder / "sandbox.toml"
        text = sandbox.read_text()
        for name in ("message", "login"):
            private = make_private_key("ES256")
            put_key_file(self.pki / "next" / f"{name}.key", encode_private(private))
            put_key_file(self.pki / "next" / f"{name}.pub", encode_public(private))
            known = f'"pki/gateway/{name}.pub"'
            text = text.replace(known, f'{known}, "pki/next/{name}.pub"')
        # Long enough to be seen open, short enough for tests.
        text = text.replace("[provincial]", "[provincial]\ndispute_seconds = 8.0")
        sandbox.write_text(text)

    def _start_nodes(self) -> list[Node]:
        config = self.folder / "creditbridge.toml"
        text = config.read_text().replace("[ledger]", f"[ledger]\nlease_seconds = {LEASE_SECONDS}")
        text = text.replace("[keys]", f"[keys]\ncache_seconds = {CACHE_SECONDS}")
        config.write_text(text + SETTINGS)
        ports = free_ports(3)
        layout = self.layout
        beside = self.folder / "second.toml"
        renamed = config.read_text()
        for old, new in zip(
            (layout.bank_port, layout.people_port, layout.operations_port), ports, strict=True
        ):
            # The port alone: the address that banks and people were told is the same for both.
            renamed = renamed.replace(f"port = {old}", f"port = {new}")
        beside.write_text(renamed)
        return [
            Node(
                config,
                bank_port=layout.bank_port,
                people_port=layout.people_port,
                operations_port=layout.operations_port,
            ),
            Node(beside, bank_port=ports[0], people_port=ports[1], operations_port=ports[2]),
        ]

    def _enrol(self) -> None:
        keys = self.pki / "operators"
        names = {"lin": "林一", "zhou": "周二"}
        words = [
            word
            for key, name in names.items()
            for word in ("--operator", name, f"{keys / key}.pub")
        ]
        enrolled = msgspec.convert(
            self._operate("enrol", *words)["operators"], list[dict[str, str]]
        )
        self._operators = dict(zip(names, (one["operator_id"] for one in enrolled), strict=True))

    def _onboard(self, name: str) -> None:
        legal_name, uscc = BANKS[name]
        bank = {"uscc": uscc, "legal_name": legal_name, "clients": self._clients_of(name)}
        file = self.folder / f"{name}.json"
        file.write_bytes(msgspec.json.encode(bank))
        change = self._operate("propose", str(file), *self._sign_as("lin"))
        approved = self._operate("approve", str(change["change_id"]), *self._sign_as("zhou"))
        self.bank_ids[name] = str(approved["bank_id"])

    def _clients_of(self, bank: str) -> list[Mapping[str, object]]:
        subjects = {
            "second": SECOND_NAME,
            **{name: f"{name} bank {uscc} EXAMPLE" for name, (_, uscc) in BANKS.items()},
        }
        return [
            {
                "client_id": client_id,
                "matcher": {"kind": "subject_dn", "value": subject_of(subjects[folder])},
                "scopes": ["consents", "reports"],
                "requires_signature": True,
                "keys": [self._public_key(folder)],
            }
            for client_id, (folder, owner) in CLIENTS.items()
            if owner == bank
        ]

    def _public_key(self, folder: str) -> Mapping[str, object]:
        pem = (self.pki / "banks" / folder / "message.pub").read_bytes()
        return parse_public_key(pem).to_jwk()

    def _sign_as(self, name: str) -> tuple[str, str, str, str]:
        key = self.pki / "operators" / f"{name}.key"
        return "--as", self._operators[name], "--key", str(key)

    def _operate(self, *words: str) -> Mapping[str, object]:
        """Run an operator's command in this process, which spares a start of Python each time."""
        parser = ArgumentParser()
        operator.add_arguments(parser)
        port = str(self.first.operations_port)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            status = operator.run(parser.parse_args(["--port", port, *words]))
        assert status == 0, printed.getvalue()
        return msgspec.json.decode(printed.getvalue(), type=dict[str, object])
