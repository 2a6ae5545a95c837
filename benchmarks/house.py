"""Our side: the demo's sandbox and gateway, one onboarded bank, consents with uses for every round.

Everything goes the way it goes in production: two operators bring in the bank, representatives
sign in and approve on the portal. Nothing is written into the database from outside.
"""

import os
import secrets
from contextlib import AsyncExitStack
from datetime import timedelta

import msgspec

from benchmarks.crew import Crew, postmaster_of
from benchmarks.load.messages import PURPOSE, SECTIONS
from benchmarks.load.order import Ask, Target
from benchmarks.plan import Plan
from benchmarks.sampler import REST, WATCH
from benchmarks.sides import DATABASE, GATEWAY, PLATFORM, Side, ignore
from creditbridge.cli.demo.bank import BankMachine, Exchange, require_signed_answer
from creditbridge.cli.demo.browser import Browser
from creditbridge.cli.demo.layout import Layout
from creditbridge.cli.demo.narration import StoryBroken
from creditbridge.cli.demo.stage import Stage
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import parse_public_key
from creditsandbox.identity.people import Person, list_people, password_of

BANK = "north"
PROFILE_NAME = "gateway.profile"
SANDBOX = "creditsandbox.app"
# Enterprises whose reports are delivered: rich and poor in records.
LOGIN_NAMES = ("found", "listed", "repaired", "clean")
CREATED, OK = 201, 200
CONSENT_LIFE = timedelta(days=30)
SAMPLER = "benchmarks.sampler"
GATEWAY_MODULE = "creditbridge"


class House:
    """The gateway, set up and ready to be asked."""

    def __init__(self, layout: Layout, crew: Crew, plan: Plan, *, profile: bool = False) -> None:
        self.layout = layout
        self._crew = crew
        self._plan = plan
        self._stage = Stage(layout, crew)
        self._gateway = SAMPLER if profile else GATEWAY_MODULE
        self._banks = list[BankMachine]()
        self._asks = list[Ask]()

    async def open(self, stack: AsyncExitStack) -> None:
        """Start everything and bring in the bank.

        Raises:
            StoryBroken: a step does not hold.
        """
        folder = self.layout.folder
        self._crew.start(SANDBOX, "serve", "--config", str(folder / "sandbox.toml"))
        await self._stage.wait_for_line(SANDBOX, "ready")
        serve: tuple[str, ...] = ("serve", "--config", str(folder / "creditbridge.toml"))
        if self._gateway == SAMPLER:
            serve = (str(folder / PROFILE_NAME), GATEWAY_MODULE, *serve)
        self._crew.start(self._gateway, *serve)
        await self._stage.wait_for_health()
        self._onboard()
        self._banks.append(self._stage.open_bank(BANK, stack))

    async def give_consents(self) -> None:
        """Have the consents asked for and approved, with uses for every round.

        Raises:
            StoryBroken: a step does not hold.
        """
        token = await self._banks[0].fetch_token("consents")
        people = {person.login_name: person for person in list_people()}
        chosen = [people[name] for name in LOGIN_NAMES[: self._plan.enterprises]]
        for person in chosen:
            browser = self._sign_in(person)
            for _ in range(self._plan.consents // len(chosen)):
                consent_id = await self._lodge(person, token)
                page = browser.open(self._stage.portal(consent_id))
                browser.submit(page, "consent-approve")
                self._asks.append(Ask(consent_id=consent_id, uscc=person.uscc))

    def side(self) -> Side:
        """Return this side, as the measurement sees it."""
        roots = {
            GATEWAY: (self._crew.process_of(self._gateway),),
            DATABASE: (postmaster_of(self.layout.folder / "database"),),
            PLATFORM: (self._crew.process_of(SANDBOX),),
        }
        watch = self._watch if self._gateway == SAMPLER else ignore
        return Side(name="creditbridge", aim=self.aim, roots=roots, watch=watch)

    async def aim(self) -> Target:
        """Return the bank door, with a token that was just issued."""
        return self.target(await self._banks[0].fetch_token("consents reports"))

    def target(self, token: str) -> Target:
        """Return the bank door for this token."""
        pki = self.layout.pki
        return Target(
            name="creditbridge",
            port=self.layout.bank_port,
            authority_file=str(pki / "ca/doors.pem"),
            certificate_file=str(pki / f"banks/{BANK}/client.pem"),
            key_file=str(pki / f"banks/{BANK}/client.key"),
            message_key_file=str(pki / f"banks/{BANK}/message.key"),
            token=token,
            asks=tuple(self._asks),
        )

    async def rehearse(self) -> Exchange:
        """Ask for one report, check its signature, and return the exchange.

        Raises:
            StoryBroken: no report.
            Untrusted: not signed by the gateway for this very request.
        """
        ask, bank = self._asks[0], self._banks[0]
        body = {
            "consent_id": ask.consent_id,
            "enterprise": ask.uscc,
            "purpose": PURPOSE,
            "sections": SECTIONS,
            "operator_id": "credit-desk-17",
        }
        token = await bank.fetch_token("reports")
        exchange = await bank.post("/v1/reports", body, token=token, key=secrets.token_urlsafe(16))
        if exchange.status != OK:
            raise StoryBroken(exchange.answer.body.decode())
        message = (self.layout.pki / "gateway/message.pub").read_bytes()
        require_signed_answer(exchange, parse_public_key(message))
        return exchange

    def _watch(self, is_running: bool) -> None:  # noqa: FBT001 - a callback with one meaning
        os.kill(self._crew.process_of(SAMPLER), WATCH if is_running else REST)

    def _onboard(self) -> None:
        keys = self.layout.pki / "operators"
        enrolled = self._stage.operator(
            "enrol",
            *("--operator", "林一", str(keys / "lin.pub")),
            *("--operator", "周二", str(keys / "zhou.pub")),
        )
        found = msgspec.convert(enrolled["operators"], list[dict[str, str]])
        self._stage.operators = {"lin": found[0]["operator_id"], "zhou": found[1]["operator_id"]}
        change_id = self._stage.propose(BANK)
        self._stage.operator("approve", change_id, *self._stage.sign_as("zhou"))

    def _sign_in(self, person: Person) -> Browser:
        browser = self._stage.open_browser()
        page = browser.open(f"{self.layout.people_url}/portal/sign-in/start")
        name = person.login_name
        browser.submit(page, "login-submit", login_name=name, password=password_of(name))
        return browser

    async def _lodge(self, person: Person, token: str) -> str:
        body = {
            "enterprise": {"uscc": person.uscc, "name": person.enterprise_name},
            "authorization_no": f"BENCH-{secrets.token_hex(4)}",
            "purposes": [PURPOSE],
            "sections": SECTIONS,
            "valid_to": SystemClock().now() + CONSENT_LIFE,
            "max_queries": self._plan.uses,
        }
        lodged = await self._banks[0].post("/v1/consents", body, token=token)
        if lodged.status != CREATED:
            raise StoryBroken(lodged.answer.body.decode())
        return lodged.text("consent_id")
