"""What stands behind the story: processes to wait for, commands to run, banks and a browser."""

import asyncio
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import msgspec

from creditbridge.cli.demo.bank import BankMachine, Exchange
from creditbridge.cli.demo.browser import Browser, Page
from creditbridge.cli.demo.layout import Layout
from creditbridge.cli.demo.narration import StoryBroken
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
SANDBOX, REPRESENTATIVES = "creditsandbox.app", "representatives"
CODE_WORDS = "验证码"
_CODE = re.compile(r"[0-9]{8}")
OK, UNAVAILABLE = 200, 503
BANKS = {
    "north": ("北岸银行（示例）", "91330100YY0000B1X5"),
    "south": ("南山银行（示例）", "91330200YY0000B28A"),
}


class Stage:
    """The props of one demo: how each actor acts, without saying why."""

    def __init__(self, layout: Layout, processes: Processes) -> None:
        self.layout = layout
        self.processes = processes
        self.operators: dict[str, str] = {}

    async def send_representatives(self) -> None:
        """Let those look into the portal who act by themselves, until everything ends."""
        config = str(self.layout.folder / f"{REPRESENTATIVES}.toml")
        self.processes.start(SANDBOX, "serve", "--config", config, name=REPRESENTATIVES)
        await self.wait_for_line(REPRESENTATIVES, "ready")

    async def wait_for_line(self, name: str, event: str) -> Mapping[str, object]:
        """Return the JSON line in which a process says that it is up."""
        log = self.layout.folder / f"{name}.log"
        async with asyncio.timeout(START_SECONDS):
            while True:
                # Before the wait: a process that ended will never say its line.
                self.processes.require_running()
                if (line := _find_line(log, event)) is not None:
                    return msgspec.json.decode(line, type=dict[str, object])
                await asyncio.sleep(POLL_SECONDS)

    async def wait_for_health(self) -> Mapping[str, object]:
        """Return the gateway's health, as soon as it answers."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                self.processes.require_running()
                try:
                    return call_json(self.layout.operations_port, "GET", "/readyz")
                except DoorUnavailable:
                    await asyncio.sleep(POLL_SECONDS)

    def call(self, *words: str) -> str:
        """Run a command against the operations door and return what it printed."""
        group, act, *rest = words
        port = ("--port", str(self.layout.operations_port))
        done = run(["creditbridge", group, *port, act, *rest])
        if done.returncode != 0:
            raise StoryBroken(f"creditbridge {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def operator(self, *words: str, expect_refusal: bool = False) -> Mapping[str, object]:
        """Run an operator's command; a refusal is as good an answer where one is expected."""
        port = ("--port", str(self.layout.operations_port))
        done = run(["creditbridge", "operator", *port, *words])
        # A refusal that does not come breaks the story as much as one that does.
        if (done.returncode != 0) is not expect_refusal:
            raise StoryBroken(f"creditbridge operator {words[0]}: {done.stderr}{done.stdout}")
        return msgspec.json.decode(done.stdout, type=dict[str, object])

    def sign_as(self, name: str) -> tuple[str, str, str, str]:
        """Return the arguments under which an operator signs."""
        key = self.layout.pki / "operators" / f"{name}.key"
        return "--as", self.operators[name], "--key", str(key)

    def enrol(self) -> None:
        """Open the house: 林一 and 周二 become its operators."""
        keys = self.layout.pki / "operators"
        enrolled = self.operator(
            "enrol",
            *("--operator", "林一", str(keys / "lin.pub")),
            *("--operator", "周二", str(keys / "zhou.pub")),
        )
        found = msgspec.convert(enrolled["operators"], list[dict[str, str]])
        self.operators = {"lin": found[0]["operator_id"], "zhou": found[1]["operator_id"]}

    def propose(self, name: str) -> str:
        """Propose a bank with its one client as 林一, and return the change's id."""
        _, uscc = BANKS[name]
        key = parse_public_key((self.layout.pki / f"banks/{name}/message.pub").read_bytes())
        subject = f"CN={name} bank {uscc} EXAMPLE,O=Creditbridge EXAMPLE,C=CN"
        client = {
            "client_id": f"{name}-lending",
            "matcher": {"kind": "subject_dn", "value": subject},
            "scopes": ["consents", "reports"],
            "requires_signature": True,
            "keys": [key.to_jwk()],
        }
        return self.propose_bank(name, [client])

    def propose_bank(self, name: str, clients: Sequence[Mapping[str, object]]) -> str:
        """Propose a bank with its clients as 林一, and return the change's id."""
        legal_name, uscc = BANKS[name]
        bank = {"uscc": uscc, "legal_name": legal_name, "clients": clients}
        file = self.layout.folder / f"{name}.json"
        file.write_bytes(msgspec.json.format(msgspec.json.encode(bank), indent=2))
        return str(self.operator("propose", str(file), *self.sign_as("lin"))["change_id"])

    def open_bank(self, name: str, stack: AsyncExitStack) -> BankMachine:
        """Return a bank's machine."""
        return BankMachine(
            http=self.open(stack, self.layout.bank_url, "doors", bank=name),
            url=self.layout.bank_url,
            client_id=f"{name}-lending",
            signer=load_file_key(self.layout.pki / f"banks/{name}/message.key"),
        )

    def open_browser(self) -> Browser:
        """Return a person's browser, with no cookies yet."""
        authorities = self.layout.pki / "ca"
        return Browser(
            {
                self.layout.people_url: authorities / "doors.pem",
                self.layout.identity_url: authorities / "identity.pem",
            }
        )

    def open(
        self, stack: AsyncExitStack, url: str, authority: str, *, bank: str | None = None
    ) -> Http:
        """Return a client, closed with the stack."""
        http = self.layout.open_http(url, authority, bank=bank)
        stack.push_async_callback(http.close)
        return http

    def sign_in(self, browser: Browser) -> Page:
        """Sign in as the representative, and return the page that follows."""
        page = browser.open(self.layout.people_url + "/portal/sign-in/start")
        return browser.submit(
            page, "login-submit", login_name=LOGIN_NAME, password=f"{LOGIN_NAME}-pass"
        )

    def give_address(self, browser: Browser, address: str) -> None:
        """Give an e-mail address as whoever is signed in, with the code that was sent to it."""
        settings = f"{self.layout.people_url}/portal/inbox/settings"
        browser.submit(browser.open(settings), "address-ask", address=address)
        browser.submit(browser.open(settings), "code-confirm", code=self._read_code(address))

    def wait_for_mail(self, address: str, containing: str) -> Mapping[str, str]:
        """Return the latest mail to an address whose text holds these words, once it came."""
        mailbox = f"{self.layout.mailbox_url}/mails"
        browser = Browser({self.layout.mailbox_url: self.layout.pki / "ca" / "mail.pem"})
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            came = msgspec.json.decode(
                browser.open(mailbox).text, type=dict[str, list[dict[str, str]]]
            )
            for mail in came["mails"]:
                if mail["to"] == address and containing in mail["text"]:
                    return mail
            time.sleep(POLL_SECONDS)
        raise StoryBroken(f"no mail for {address}")

    def _read_code(self, address: str) -> str:
        found = _CODE.search(self.wait_for_mail(address, CODE_WORDS)["text"])
        if found is None:
            raise StoryBroken("a mail without a code")
        return found[0]

    def portal(self, rest: str) -> str:
        """Return the address of a page about consents."""
        return f"{self.layout.people_url}/portal/consents/{rest}"

    def consent_body(self) -> Mapping[str, object]:
        """Return what 北岸银行 asks to be allowed."""
        return {
            "enterprise": {"uscc": USCC, "name": ENTERPRISE},
            "authorization_no": f"DEMO-{secrets.token_hex(4)}",
            "purposes": ["PRE_LOAN_REVIEW"],
            "sections": SECTIONS,
            "valid_to": SystemClock().now() + timedelta(days=90),
            "max_queries": 3,
        }

    async def ask(self, bank: BankMachine, key: str, *, consent_id: str, token: str) -> Exchange:
        """Ask for the report."""
        body = {
            "consent_id": consent_id,
            "enterprise": USCC,
            "purpose": "PRE_LOAN_REVIEW",
            "sections": SECTIONS,
            "operator_id": "credit-desk-17",
        }
        return await bank.post("/v1/reports", body, token=token, key=key)

    async def download(self, bank: BankMachine, report_id: str, *, token: str) -> Path:
        """Download an evidence pack, as soon as the log has published its entries."""
        path = f"/v1/reports/{report_id}/evidence"
        async with asyncio.timeout(PACK_SECONDS):
            while True:
                answer = await bank.get(path, token=token)
                if answer.status != UNAVAILABLE:  # Not in the published log yet.
                    break
                await asyncio.sleep(POLL_SECONDS)
        if answer.status != OK:
            raise StoryBroken(answer.answer.body.decode())
        file = self.layout.folder / f"{report_id}.zip"
        file.write_bytes(answer.answer.body)
        return file

    def verify(self, pack: Path, pins: Path, profile: Path | None = None) -> Done:
        """Verify a pack in a process of its own."""
        # A process of its own: the verifier must hold without anything that this one has loaded.
        words = ["creditbridge", "verify", str(pack), "--pins", str(pins)]
        return run(words if profile is None else [*words, "--profile", str(profile)])


def _find_line(log: Path, event: str) -> str | None:
    return next((line for line in log.read_text().splitlines() if f'"{event}"' in line), None)
