"""One representative: looks into the portal, answers what waits, watches what was given."""

from collections import OrderedDict
from hashlib import sha256
from itertools import islice

import msgspec

from creditsandbox.province.fixed import ActingEnterprise, Temper
from creditsandbox.representatives.browser import Browser
from creditsandbox.representatives.pages import Page, PageUnfit
from creditsandbox.representatives.rules import (
    WATCHERS,
    Seen,
    Step,
    choose_button,
    fill_in,
    find_step,
    is_done,
)

HOME, SIGN_IN, PEOPLE = "/portal/consents", "/portal/sign-in/start", "/portal/people"
LOG_IN = "login-submit"
BUTTONS = {
    Step.PAUSE: "consent-pause",
    Step.RESUME: "consent-resume",
    Step.WITHDRAW: "withdraw-confirm",
}
# What the letter of authority says, which nobody wrote: its digest is of nothing.
APPOINTMENT = {
    "may_approve": "yes",
    "ends_on": "2099-12-31",
    "document_valid_until": "2099-12-31",
    "document_issuer": "沙盒公证处",
    "document_digest": sha256(b"").hexdigest(),
}
OK = 200
TRIES_MAX = 3  # A request that the portal will not take an answer to is left alone.
PAGES_MAX = 20  # Of one round, so that none takes the door to itself.
REMEMBERED_MAX = 1_000


class Memory(msgspec.Struct):
    """What is remembered of one request or consent, for as long as the process lives."""

    tries: int = 0
    paused_at: float | None = None
    is_done: bool = False


class Person:
    """A representative in front of the portal. Not for two threads at a time."""

    def __init__(
        self, enterprise: ActingEnterprise, browser: Browser, portal: str, *, pause_seconds: float
    ) -> None:
        self.enterprise = enterprise
        self._browser = browser
        self._portal = portal
        self._pause_seconds = pause_seconds
        self._memories: OrderedDict[str, Memory] = OrderedDict()
        self._has_been_in = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be done any more: who stays silent comes once, to be known."""
        return self._has_been_in and choose_button(self.enterprise.temper) is None

    def look_in(self, *, now: float) -> None:
        """Make one round: answer what waits, then watch what was given.

        Raises:
            SiteAway: portal or provider do not answer.
            PageUnfit: they answer with another page.
        """
        temper = self.enterprise.temper
        page = self._open_home()
        if temper is Temper.ONE_OF_TWO and not self._has_been_in:
            self._ask_for_two()
        self._has_been_in = True
        for address in self._list_waiting(page):
            self._remember(address).tries += 1
            self.answer(self._browser.open(address))
        if temper in WATCHERS:
            for address in self._list_given(page):
                self._watch(address, now=now)

    def visit(self, address: str) -> Page:
        """Open a page that a bank sent the browser to, sign in for it, and answer it.

        Raises:
            SiteAway: portal or provider do not answer.
            PageUnfit: they answer with another page.
        """
        return self.answer(self._sign_in(self._browser.open(address)))

    def answer(self, page: Page) -> Page:
        """Answer a request as this temper does; return the page after it."""
        temper = self.enterprise.temper
        button = choose_button(temper)
        # Led away before anything was shown, the request was answered by the portal itself.
        if button is None or not self._browser.knows(page.url):
            return page
        return self._browser.submit(page, button, fill_in(temper, page.get_form(button)))

    def _ask_for_two(self) -> None:
        """Let the agent approve too, and have everything approved by two; once in a gateway."""
        people = self._portal + PEOPLE
        page = self._browser.open(people)
        if page.rules:
            return
        link = next((one for one in page.links if one.endswith("/appointment")), None)
        if link is None:
            # The agent has not been in yet: nobody can be appointed who is not known.
            raise PageUnfit(people)
        self._browser.submit(self._browser.open(link), "appoint", APPOINTMENT)
        self._browser.submit(self._browser.open(people), "rules-propose", {"approvers.1": "2"})

    def _open_home(self) -> Page:
        page = self._browser.open(self._portal + HOME)
        # Without a session the portal leads to its way in.
        if not self._is_home(page):
            page = self._sign_in(self._browser.open(self._portal + SIGN_IN))
        if not self._is_home(page):
            raise PageUnfit(page.url)
        return page

    def _is_home(self, page: Page) -> bool:
        return (page.url, page.status) == (self._portal + HOME, OK)

    def _sign_in(self, page: Page) -> Page:
        if page.find_form(LOG_IN) is None:
            return page
        name = self.enterprise.login_name
        # The published rule of the sandbox's passwords.
        typed = {"login_name": name, "password": f"{name}-pass"}
        return self._browser.submit(page, LOG_IN, typed)

    def _watch(self, address: str, *, now: float) -> None:
        page, memory = self._browser.open(address), self._remember(address)
        if page.state == "PAUSED" and memory.paused_at is None:
            memory.paused_at = now
        seen = Seen(
            state=page.state,
            looks=page.looks,
            turns=page.turns,
            paused_seconds=now - (now if memory.paused_at is None else memory.paused_at),
        )
        memory.is_done = is_done(self.enterprise.temper, seen)
        step = find_step(self.enterprise.temper, seen, pause_seconds=self._pause_seconds)
        if step is None:
            return
        if step is Step.WITHDRAW:
            page = self._browser.open(f"{address}/withdrawal")
        self._browser.submit(page, BUTTONS[step], {})

    def _list_waiting(self, page: Page) -> list[str]:
        tried = self._memories
        found = (
            address
            for address in page.list_cards("requested")
            if address not in tried or tried[address].tries < TRIES_MAX
        )
        return list(islice(found, PAGES_MAX))

    def _list_given(self, page: Page) -> list[str]:
        known = self._memories
        found = (
            address
            for address in page.list_cards("live")
            if address not in known or not known[address].is_done
        )
        return list(islice(found, PAGES_MAX))

    def _remember(self, address: str) -> Memory:
        memory = self._memories.setdefault(address, Memory())
        self._memories.move_to_end(address)
        if len(self._memories) > REMEMBERED_MAX:
            self._memories.popitem(last=False)
        return memory
