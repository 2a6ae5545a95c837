"""An enterprise where two people must approve, each at a browser of their own, with a phone."""

import re

from tests.endpoints.browser import Browser
from tests.endpoints.ceremonies import enrol, make_phone
from tests.endpoints.polling import answer_waiting, enter, open_waiting
from tests.endpoints.stage import ENTERPRISE, USCC, Stage
from tests.endpoints.test_people import PEOPLE, appointment, id_of_agent
from tests.endpoints.test_signed_approvals import fields_for
from tests.endpoints.wire import Answer
from tests.passkeys import Authenticator

from creditbridge.login.model import SESSION_COOKIE

FORM = re.compile(r'id="passkey-form" method="post" action="([^"]*)"')


class Approver:
    """One of them: signed in, and able to sign."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.phone: Authenticator = make_phone()

    @property
    def session(self) -> str:
        """The value of the session's cookie."""
        return self.browser.cookies[SESSION_COOKIE]

    async def enrol(self) -> None:
        """Enrol the phone's passkey."""
        await enrol(self.browser.stage, self.session, self.phone)

    async def answer(self, decision: str = "approve") -> Answer:
        """Open the one request that waits, and press a button."""
        return await answer_waiting(self.browser, await open_waiting(self.browser), decision)

    async def approve(self, *, signs: bool = True) -> Answer:
        """Say yes to the one request that waits, and sign it where that is asked."""
        page = await self.answer()
        return await self.sign(page) if signs else page

    async def sign(self, page: Answer, phone: Authenticator | None = None) -> Answer:
        """Sign what a page asks to be signed, with one's own phone or another."""
        found = FORM.search(page.body.decode())
        assert found is not None, page.body
        return await self.browser.post(found[1], fields_for(page, phone or self.phone))


class Circle:
    """The legal representative, and an agent whom that one appointed."""

    def __init__(self, head: Approver, agent: Approver) -> None:
        self.head, self.agent = head, agent


async def open_circle(stage: Stage) -> Circle:
    """Sign both in, appoint the agent, and let two approve from now on."""
    head, agent = Approver(Browser(stage)), Approver(Browser(stage))
    await enter(head.browser)
    stage.identity.sign_in_as("agent-1", "钱示例", uscc=USCC, name=ENTERPRISE, role="AGENT")
    await enter(agent.browser)
    stage.identity.sign_in_as("sub-1", "沈示例", uscc=USCC, name=ENTERPRISE)
    path = f"{PEOPLE}/{await id_of_agent(stage)}/appointment"
    appointed = await stage.visit(head.session, path, form=appointment())
    assert appointed.status == 303, appointed.body
    ruled = await stage.visit(head.session, f"{PEOPLE}/rules", form={"approvers.1": "2"})
    assert ruled.header("location") == f"{PEOPLE}?notice=people"
    return Circle(head, agent)
