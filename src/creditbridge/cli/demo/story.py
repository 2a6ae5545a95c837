"""The story of one consented, signed, evidenced look, in eight chapters."""

import secrets
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from creditbridge.cli.demo.bank import BankMachine, Exchange, require_signed_answer
from creditbridge.cli.demo.browser import Browser
from creditbridge.cli.demo.layout import Layout
from creditbridge.cli.demo.narration import Narrator, StoryBroken
from creditbridge.cli.demo.processes import Processes
from creditbridge.cli.demo.stage import BANKS, OK, SECTIONS, Stage
from creditbridge.foundation.keys import parse_public_key

CREATED = 201
ADDRESS = "shen@enterprise.example"
ENTITIES = 10_000
PENALTIES_SHOWN = 3


class Story:
    """The eight chapters; what one learns, the next ones use."""

    def __init__(self, layout: Layout, processes: Processes, narrator: Narrator) -> None:
        self.layout = layout
        self.processes = processes
        self.narrator = narrator
        self.stage = Stage(layout, processes)
        self.browser: Browser = self.stage.open_browser()
        self.bank_ids: dict[str, str] = {}
        self.banks: dict[str, BankMachine] = {}
        self.consent_id = ""
        self.token = ""
        self.delivered: Exchange | None = None
        self.refused_report = ""

    async def tell(self) -> None:
        """Tell the story from beginning to end.

        Raises:
            StoryBroken: a step does not hold.
        """
        async with AsyncExitStack() as stack:
            for title, chapter in (
                ("A province and an identity provider appear", self._start_sandbox),
                ("The gateway opens its three doors", self._start_gateway),
                ("Two operators bring in two banks", self._onboard),
                ("北岸银行 asks, the enterprise says yes", self._consent),
                ("The bank gets a token and asks for the report", self._report),
                ("What the bank holds in its hands", self._look_at_profile),
                ("What is not allowed does not happen", self._refusals),
                ("Anybody can check it, without trusting us", self._prove),
            ):
                with self.narrator.chapter(title):
                    await chapter(stack)
        self._summarize()

    async def _start_sandbox(self, _stack: AsyncExitStack) -> None:
        config = self.layout.folder / "sandbox.toml"
        self.processes.start("creditsandbox.app", "serve", "--config", str(config))
        line = await self.stage.wait_for_line("creditsandbox.app", "ready")
        self.narrator.hold(
            f"{line['entities']:,} synthetic enterprises behind mutual TLS at {line['provincial']}",
            where=line["entities"] == ENTITIES,
        )
        self.narrator.tell(f"people sign in at {line['identity']}")

    async def _start_gateway(self, _stack: AsyncExitStack) -> None:
        config = self.layout.folder / "creditbridge.toml"
        self.processes.start("creditbridge", "serve", "--config", str(config))
        health = await self.stage.wait_for_health()
        self.narrator.hold(
            "not ready yet: the house is closed until two operators are enrolled",
            where=health.get("reasons") == ["house-unopened"],
            otherwise=str(health),
        )
        self.narrator.tell(f"bank door    {self.layout.bank_url}  (mutual TLS)")
        self.narrator.tell(f"people door  {self.layout.people_url}")
        self.narrator.tell(f"operations   http://127.0.0.1:{self.layout.operations_port}")

    async def _onboard(self, stack: AsyncExitStack) -> None:
        self.stage.enrol()
        self.narrator.hold(
            "林一 and 周二 are the house's operators, each with a key of their own", where=True
        )
        for name in BANKS:
            change_id = self.stage.propose(name)
            refused = self.stage.operator(
                "approve", change_id, *self.stage.sign_as("lin"), expect_refusal=True
            )
            self.narrator.hold(
                f"{BANKS[name][0]}: 林一 proposes, and may not approve it too",
                where=refused["code"] == "same-operator",
            )
            bank = self.stage.operator("approve", change_id, *self.stage.sign_as("zhou"))
            self.bank_ids[name] = str(bank["bank_id"])
            self.narrator.hold(f"{BANKS[name][0]}: 周二 approves exactly this change", where=True)
            self.banks[name] = self.stage.open_bank(name, stack)

    async def _consent(self, _stack: AsyncExitStack) -> None:
        bank = self.banks["north"]
        page = self.stage.sign_in(self.browser)
        self.narrator.hold(
            "沈沙澄, the legal representative, signs in", where="沈沙澄" in page.text
        )
        self.stage.give_address(self.browser, ADDRESS)
        self.narrator.tell(f"and wants to be told at {ADDRESS}, confirmed by a code")
        self.token = await bank.fetch_token("consents reports")
        lodged = await bank.post("/v1/consents", self.stage.consent_body(), token=self.token)
        self.narrator.hold(
            "a request is lodged: pre-loan review, four sections, 90 days, three looks",
            where=lodged.status == CREATED,
            otherwise=lodged.answer.body.decode(),
        )
        self.consent_id = lodged.text("consent_id")
        mail = self.stage.wait_for_mail(ADDRESS, BANKS["north"][0])
        self.narrator.hold(f"a mail comes: {mail['subject']}", where=mail["to"] == ADDRESS)
        page = self.browser.open(self.stage.portal(self.consent_id))
        self.narrator.hold(
            "reads who asks, for what, which sections, how long, how often",
            where=BANKS["north"][0] in page.text and BANKS["north"][1] in page.text,
        )
        self.browser.submit(page, "consent-approve")
        state = await bank.get(f"/v1/consents/{self.consent_id}", token=self.token)
        self.narrator.hold("and approves", where=state.text("state") == "ACTIVE")

    async def _report(self, _stack: AsyncExitStack) -> None:
        bank = self.banks["north"]
        self.narrator.hold(
            "client_credentials over mutual TLS: the token works with this certificate only",
            where=self.token.startswith("cbt_"),
        )
        key = secrets.token_urlsafe(16)
        self.delivered = await self._ask(bank, key)
        self.narrator.hold(
            "admitted, one use taken, intent recorded, asked, verified, sealed, recorded",
            where=self.delivered.status == OK,
            otherwise=self.delivered.answer.body.decode(),
        )
        message = parse_public_key((self.layout.pki / "gateway/message.pub").read_bytes())
        require_signed_answer(self.delivered, message)
        self.narrator.hold("the answer is signed, and bound to this very request", where=True)
        again = await self._ask(bank, key)
        self.narrator.hold(
            "asked again under the same key: the same bytes, no second look",
            where=again.answer.body == self.delivered.answer.body
            and again.header("idempotency-replayed") == "?1",
        )

    async def _look_at_profile(self, _stack: AsyncExitStack) -> None:
        delivered = self._delivered()
        profile = delivered.json()
        sections = msgspec.convert(profile["sections"], dict[str, dict[str, object]])
        for code, section in sections.items():
            records = msgspec.convert(section.get("records") or [], list[object])
            self.narrator.tell(f"{code}  {section['status']!s:8} {len(records)} record(s)")
        flags = msgspec.convert(profile["flags"], list[dict[str, object]])
        raised = [str(flag["code"]) for flag in flags if flag["state"] == "RAISED"]
        self.narrator.tell(f"flags raised, with evidence: {', '.join(raised) or 'none'}")
        shown = msgspec.convert(sections["PEN"]["records"], list[object])
        self.narrator.hold(
            "of five penalties on record three may be shown: one is repaired, one was on the spot",
            where=(len(sections), len(shown)) == (len(SECTIONS), PENALTIES_SHOWN),
            otherwise=str(sections),
        )

    async def _refusals(self, _stack: AsyncExitStack) -> None:
        stolen = await self._ask(self.banks["south"], secrets.token_urlsafe(16))
        self.narrator.hold(
            "南山银行 with 北岸银行's token: refused, the token is bound to another certificate",
            where=(stolen.status, stolen.code) == (401, "invalid-token"),
            otherwise=stolen.answer.body.decode(),
        )
        page = self.browser.open(self.stage.portal(f"{self.consent_id}/withdrawal"))
        self.browser.submit(page, "withdraw-confirm")
        self.narrator.tell("the enterprise withdraws its consent on the portal")
        refused = await self._ask(self.banks["north"], secrets.token_urlsafe(16))
        self.narrator.hold(
            "the next request is refused",
            where=(refused.status, refused.code) == (403, "consent-withdrawn"),
            otherwise=refused.answer.body.decode(),
        )
        self.refused_report = refused.text("instance")
        checked = msgspec.json.decode(self.stage.call("ledger", "check"), type=dict[str, object])
        entries = msgspec.convert(checked["entries"], dict[str, int])
        self.narrator.hold(
            f"both refusals are on the ledger, and all {sum(entries.values())} entries fit",
            where=entries.get("caller.refused") == 1 and entries.get("report.refused") == 1,
            otherwise=str(checked),
        )

    async def _prove(self, _stack: AsyncExitStack) -> None:
        pins = self.layout.folder / "pins.json"
        pins.write_text(self.stage.call("ledger", "pins", "--bank", self.bank_ids["north"]))
        delivered = self._delivered()
        profile = self.layout.folder / "profile.json"
        profile.write_bytes(delivered.answer.body)
        pack = await self._download(delivered.header("creditbridge-report"))
        verdict = self.stage.verify(pack, pins, profile)
        self.narrator.tell(verdict.stdout.rstrip().replace("\n", "\n   "))
        self.narrator.hold(
            "the pack holds, checked in a process of its own", where=verdict.returncode == 0
        )
        altered = self.layout.folder / "altered.json"
        raw = bytearray(delivered.answer.body)
        raw[len(raw) // 2] ^= 1
        altered.write_bytes(bytes(raw))
        failed = self.stage.verify(pack, pins, altered)
        self.narrator.hold(
            f"one changed byte of the profile is found: {failed.stdout.rstrip().splitlines()[-1]}",
            where=failed.returncode != 0,
        )
        refused = await self._download(self.refused_report)
        verdict = self.stage.verify(refused, pins)
        self.narrator.hold(
            "the refused request has its pack too, and it holds",
            where=verdict.returncode == 0,
            otherwise=verdict.stdout,
        )

    def _summarize(self) -> None:
        delivered = self._delivered()
        self.narrator.summarize(
            [
                ("consent", self.consent_id),
                ("report", delivered.header("creditbridge-report")),
                ("refused", self.refused_report),
                ("evidence", str(self.layout.folder)),
                ("log", self.layout.people_url + "/checkpoint"),
            ]
        )

    async def _ask(self, bank: BankMachine, key: str) -> Exchange:
        return await self.stage.ask(bank, key, consent_id=self.consent_id, token=self.token)

    async def _download(self, report_id: str) -> Path:
        return await self.stage.download(self.banks["north"], report_id, token=self.token)

    def _delivered(self) -> Exchange:
        if self.delivered is None:
            message = "no report was delivered"
            raise StoryBroken(message)
        return self.delivered
