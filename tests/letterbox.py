"""A relay in memory, which a test tells how to fail."""

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.mail import Mail


class Letterbox:
    """Takes mails; `failure` is raised at each, after the mail was taken where `takes` is set."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.failure: CreditbridgeError | None = None
        self.takes = True

    async def send(self, mail: Mail) -> None:
        if self.takes:
            self.mails.append(mail)
        if self.failure is not None:
            raise self.failure
