"""The story of one consented, signed, evidenced look, in eight chapters."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import msgspec

from creditbridge.cli.demo.bank import BankMachine, Exchange, require_signed_answer
from creditbridge.cli.demo.browser import Browser, Page
from creditbridge.cli.demo.layout import Layout
from creditbridge.cli.demo.narration import Narrator, StoryBroken
from creditbridge.cli.demo.processes import Done, Processes, run
from creditbridge.cli.operations import DoorUnavailable, call_json
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.http import Http
from creditbridge.foundation.keys import load_file_key, parse_public_key

USCC = "91330100YY0000A13Y"
ENTERPRISE = "杭州澄砚智能装备（沙盒）有限公司"
LOGIN_NAME = "found"
SECTIONS = ["REG", "PEN", "LST", "EVA"]
START_SECONDS = 60.0
PACK_SECONDS = 15.0
POLL_SECONDS = 0.1
BANKS = {
    "north": ("北岸银行（示例）", "91330100YY0000B1X5"),
    "south": ("南山银行（示例）", "91330200YY0000B28A"),
}


class Story:
    """The eight chapters; what one learns, the next ones use."""

    def __init__(self, layout: Layout, processes: Processes, narrator: Narrator) -> None:
        self.layout = layout
        self.processes = processes
        self.narrator = narrator
        self.operators: dict[str, str] = {}
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
        line = await self._wait_for_line("creditsandbox.app", "ready")
        self.narrator.hold(
            f"{line['entities']:,} synthetic enterprises behind mutual TLS at {line['provincial']}",
            where=line["entities"] == 10_000,  # noqa: PLR2004 - what the province promises
        )
        self.narrator.tell(f"people sign in at {line['identity']}")

    async def _start_gateway(self, _stack: AsyncExitStack) -> None:
        config = self.layout.folder / "creditbridge.toml"
        self.processes.start("creditbridge", "serve", "--config", str(config))
        health = await self._wait_for_health()
        self.narrator.hold(
            "not ready yet: the house is closed until two operators are enrolled",
            where=health.get("reasons") == ["house-unopened"],
            otherwise=str(health),
        )
        self.narrator.tell(f"bank door    {self.layout.bank_url}  (mutual TLS)")
        self.narrator.tell(f"people door  {self.layout.people_url}")
        self.narrator.tell(f"operations   http://127.0.0.1:{self.layout.operations_port}")

    async def _onboard(self, stack: AsyncExitStack) -> None:
        keys = self.layout.pki / "operators"
        enrolled = self._operator(
            "enrol",
            *("--operator", "林一", str(keys / "lin.pub")),
            *("--operator", "周二", str(keys / "zhou.pub")),
        )
        found = msgspec.convert(enrolled["operators"], list[dict[str, str]])
        self.operators = {"lin": found[0]["operator_id"], "zhou": found[1]["operator_id"]}
        self.narrator.hold(
            "林一 and 周二 are the house's operators, each with a key of their own", where=True
        )
        for name in BANKS:
            change_id = self._propose(name)
            refused = self._operator(
                "approve", change_id, *self._as("lin"), expect_refusal=True
            )
            self.narrator.hold(
                f"{BANKS[name][0]}: 林一 proposes, and may not approve it too",
                where=refused["code"] == "same-operator",
            )
            bank = self._operator("approve", change_id, *self._as("zhou"))
            self.bank_ids[name] = str(bank["bank_id"])
            self.narrator.hold(f"{BANKS[name][0]}: 周二 approves exactly this change", where=True)
            self.banks[name] = self._open_bank(name, stack)

    async def _consent(self, _stack: AsyncExitStack) -> None:
        bank = self.banks["north"]
        self.token = await bank.fetch_token("consents reports")
        lodged = await bank.post("/v1/consents", self._consent_body(), token=self.token)
        self.narrator.hold(
            "a request is lodged: pre-loan review, four sections, 90 days, three looks",
            where=lodged.status == 201,  # noqa: PLR2004 - HTTP's own number
            otherwise=lodged.answer.body.decode(),
        )
        self.consent_id = lodged.text("consent_id")
        self.browser = self._open_browser()
        page = self._sign_in()
        self.narrator.hold(
            "沈沙澄, the legal representative, signs in", where="沈沙澄" in page.text
        )
        page = self.browser.open(self._portal(self.consent_id))
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
            where=self.delivered.status == 200,  # noqa: PLR2004 - HTTP's own number
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
        self.narrator.hold(
            "facts and flags, no verdict; the repaired penalty is not there",
            where=len(sections) == len(SECTIONS),
        )

    async def _refusals(self, _stack: AsyncExitStack) -> None:
        stolen = await self._ask(self.banks["south"], secrets.token_urlsafe(16))
        self.narrator.hold(
            "南山银行 with 北岸银行's token: refused, the token is bound to another certificate",
            where=(stolen.status, stolen.code) == (401, "invalid-token"),
            otherwise=stolen.answer.body.decode(),
        )
        page = self.browser.open(self._portal(f"{self.consent_id}/withdrawal"))
        self.browser.submit(page, "withdraw-confirm")
        self.narrator.tell("the enterprise withdraws its consent on the portal")
        refused = await self._ask(self.banks["north"], secrets.token_urlsafe(16))
        self.narrator.hold(
            "the next request is refused",
            where=(refused.status, refused.code) == (403, "consent-withdrawn"),
            otherwise=refused.answer.body.decode(),
        )
        self.refused_report = refused.text("instance")
        self.narrator.tell("both refusals are on the ledger")

    async def _prove(self, _stack: AsyncExitStack) -> None:
        pins = self.layout.folder / "pins.json"
        pins.write_text(self._run("ledger", "pins", "--bank", self.bank_ids["north"]))
        delivered = self._delivered()
        profile = self.layout.folder / "profile.json"
        profile.write_bytes(delivered.answer.body)
        pack = await self._download(delivered.header("creditbridge-report"), "report.zip")
        verdict = self._verify(pack, pins, profile)
        self.narrator.tell(verdict.stdout.rstrip().replace("\n", "\n   "))
        self.narrator.hold("the pack holds, checked in a process of its own", where=verdict.returncode == 0)
        altered = self.layout.folder / "altered.json"
        raw = bytearray(delivered.answer.body)
        raw[len(raw) // 2] ^= 1
        altered.write_bytes(bytes(raw))
        failed = self._verify(pack, pins, altered)
        self.narrator.hold(
            f"one changed byte of the profile is found: {failed.stdout.rstrip().splitlines()[-1]}",
            where=failed.returncode != 0,
        )
        refused = await self._download(self.refused_report, "refused.zip")
        verdict = self._verify(refused, pins)
        self.narrator.hold(
            "the refused request has its pack too, and it holds", where=verdict.returncode == 0,
            otherwise=verdict.stdout,
        )

    def _summarize(self) -> None:
        delivered = self._delivered()
        self.narrator.summarize(
            [
                ("consent", self.consent_id),
                ("report", delivered.header("creditbridge-report")),
                ("refused", self.refused_report),
                ("evidence", str(self.layout.folder / "report.zip")),
                ("log", self.layout.people_url + "/checkpoint"),
            ]
        )

    async def _wait_for_line(self, module: str, event: str) -> Mapping[str, object]:
        log = self.layout.folder / f"{module}.log"
        async with asyncio.timeout(START_SECONDS):
            while True:
                self.processes.require_running()
                for line in log.read_text().splitlines():
                    if f'"{event}"' in line:
                        return msgspec.json.decode(line, type=dict[str, object])
                await asyncio.sleep(POLL_SECONDS)

    async def _wait_for_health(self) -> Mapping[str, object]:
        async with asyncio.timeout(START_SECONDS):
            while True:
                self.processes.require_running()
                try:
                    return call_json(self.layout.operations_port, "GET", "/readyz")
                except DoorUnavailable:
                    await asyncio.sleep(POLL_SECONDS)

    def _run(self, *words: str) -> str:
        group, act, *rest = words
        port = ("--port", str(self.layout.operations_port))
        done = run(["creditbridge", group, *port, act, *rest])
        if done.returncode != 0:
            raise StoryBroken(f"creditbridge {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def _operator(self, *words: str, expect_refusal: bool = False) -> Mapping[str, object]:
        port = ("--port", str(self.layout.operations_port))
        done = run(["creditbridge", "operator", *port, *words])
        if (done.returncode != 0) is not expect_refusal:
            raise StoryBroken(f"creditbridge operator {words[0]}: {done.stderr}{done.stdout}")
        return msgspec.json.decode(done.stdout, type=dict[str, object])

    def _as(self, name: str) -> tuple[str, str, str, str]:
        key = self.layout.pki / "operators" / f"{name}.key"
        return "--as", self.operators[name], "--key", str(key)

    def _propose(self, name: str) -> str:
        legal_name, uscc = BANKS[name]
        key = parse_public_key((self.layout.pki / f"banks/{name}/message.pub").read_bytes())
        subject = f"CN={name} bank {uscc} EXAMPLE,O=Creditbridge EXAMPLE,C=CN"
        client = {
            "client_id": f"{name}-lending",
            "matcher": {"kind": "subject_dn", "value": subject},
            "scopes": ["consents", "reports"],
            "requires_signature": True,
            "keys": [key.to_jwk()],
        }
        bank = {"uscc": uscc, "legal_name": legal_name, "clients": [client]}
        file = self.layout.folder / f"{name}.json"
        file.write_bytes(msgspec.json.format(msgspec.json.encode(bank), indent=2))
        return str(self._operator("propose", str(file), *self._as("lin"))["change_id"])

    def _open_bank(self, name: str, stack: AsyncExitStack) -> BankMachine:
        return BankMachine(
            http=self._open(stack, self.layout.bank_url, "doors", bank=name),
            url=self.layout.bank_url,
            client_id=f"{name}-lending",
            signer=load_file_key(self.layout.pki / f"banks/{name}/message.key"),
        )

    def _open_browser(self) -> Browser:
        authorities = self.layout.pki / "ca"
        return Browser(
            {
                self.layout.people_url: authorities / "doors.pem",
                self.layout.identity_url: authorities / "identity.pem",
            }
        )

    def _open(
        self, stack: AsyncExitStack, url: str, authority: str, *, bank: str | None = None
    ) -> Http:
        http = self.layout.open_http(url, authority, bank=bank)
        stack.push_async_callback(http.close)
        return http

    def _sign_in(self) -> Page:
        page = self.browser.open(self.layout.people_url + "/portal/sign-in/start")
        return self.browser.submit(
            page, "login-submit", login_name=LOGIN_NAME, password=f"{LOGIN_NAME}-pass"
        )

    def _portal(self, rest: str) -> str:
        return f"{self.layout.people_url}/portal/consents/{rest}"

    def _consent_body(self) -> Mapping[str, object]:
        return {
            "enterprise": {"uscc": USCC, "name": ENTERPRISE},
            "authorization_no": f"DEMO-{secrets.token_hex(4)}",
            "purposes": ["PRE_LOAN_REVIEW"],
            "sections": SECTIONS,
            "valid_to": SystemClock().now() + timedelta(days=90),
            "max_queries": 3,
        }

    async def _ask(self, bank: BankMachine, key: str) -> Exchange:
        body = {
            "consent_id": self.consent_id,
            "enterprise": USCC,
            "purpose": "PRE_LOAN_REVIEW",
            "sections": SECTIONS,
            "operator_id": "credit-desk-17",
        }
        return await bank.post("/v1/reports", body, token=self.token, key=key)

    def _delivered(self) -> Exchange:
        if self.delivered is None:
            message = "no report was delivered"
            raise StoryBroken(message)
        return self.delivered

    async def _download(self, report_id: str, name: str) -> Path:
        bank, path = self.banks["north"], f"/v1/reports/{report_id}/evidence"
        async with asyncio.timeout(PACK_SECONDS):
            while True:
                answer = await bank.get(path, token=self.token)
                if answer.status != 503:  # noqa: PLR2004 - not in the published log yet
                    break
                await asyncio.sleep(POLL_SECONDS)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise StoryBroken(answer.answer.body.decode())
        file = self.layout.folder / name
        file.write_bytes(answer.answer.body)
        return file

    def _verify(self, pack: Path, pins: Path, profile: Path | None = None) -> Done:
        words = ["creditbridge", "verify", str(pack), "--pins", str(pins)]
        return run(words if profile is None else [*words, "--profile", str(profile)])
