"""What the suite's scripted browser does on our pages, and in which module it does otherwise.

The suite drives a browser without a person: it enters and clicks by element ids, which are kept
stable for it, and marks an error page as seen where it finds the code there.
"""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from creditbridge.cli.demo.stage import ENTERPRISE, LOGIN_NAME, SECTIONS, USCC
from creditbridge.foundation.clock import SystemClock

PREFIX = "fapi2-security-profile-final-"
APPROVE, REFUSE = "consent-approve", "consent-cancel"
WAIT_SECONDS = 10
CONSENT_DAYS = 90

Script = dict[str, object]


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses that the browser comes to, as patterns in which `*` is any text."""

    authorization: str
    log_in: str
    callback: str

    def answer(self, button: str) -> list[Script]:
        """Sign in, press one of the two buttons, and be led back."""
        return [
            {
                "task": "Sign in",
                "match": self.log_in,
                "commands": [
                    ["text", "id", "login-name", LOGIN_NAME],
                    ["text", "id", "login-password", f"{LOGIN_NAME}-pass"],
                    ["click", "id", "login-submit"],
                ],
            },
            {
                "task": "Decide",
                "match": self.authorization,
                "commands": [["click", "id", button]],
            },
            {
                "task": "Be led back",
                "match": self.callback,
                "commands": [["wait", "id", "submission_complete", WAIT_SECONDS]],
            },
        ]

    def look(self) -> list[Script]:
        """See the page of the log-in, and leave it."""
        return [{"task": "Look at the log-in", "match": self.log_in}]

    def be_refused(self) -> list[Script]:
        """See the error page; the suite keeps it as the picture that it asks for."""
        code = [
            "wait",
            "id",
            "error-code",
            WAIT_SECONDS,
            "invalid_request",
            "update-image-placeholder",
        ]
        return [{"task": "Be refused", "match": self.authorization, "commands": [code]}]

    def browse(self, *visits: list[Script]) -> list[Script]:
        """Return the script of one or more visits; the last one is for all that follow."""
        *first, last = visits
        limited: list[Script] = [
            {"match": self.authorization, "match-limit": 1, "tasks": tasks} for tasks in first
        ]
        return [*limited, {"match": self.authorization, "tasks": last}]


def list_overrides(pages: Pages) -> Mapping[str, list[Script]]:
    """Return the scripts of the modules in which the browser does otherwise."""
    refused = pages.browse(pages.be_refused())
    return {
        PREFIX + "user-rejects-authentication": pages.browse(pages.answer(REFUSE)),
        PREFIX + "par-attempt-reuse-request_uri": pages.browse(
            pages.answer(APPROVE), pages.be_refused()
        ),
        PREFIX + "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": pages.browse(
            pages.look(), pages.answer(APPROVE)
        ),
        PREFIX + "par-attempt-to-use-expired-request_uri": refused,
        PREFIX + "par-attempt-to-use-request_uri-for-different-client": refused,
        PREFIX + "ensure-unsigned-authorization-request-without-using-par-fails": refused,
    }


def describe_request() -> dict[str, object]:
    """Return a consent that a rich authorization request asks for (RFC 9396)."""
    return {
        "type": "credit_report",
        "enterprise": {"uscc": USCC, "name": ENTERPRISE},
        "purposes": ["PRE_LOAN_REVIEW"],
        "sections": SECTIONS,
        "valid_to": SystemClock().now() + timedelta(days=CONSENT_DAYS),
        "max_queries": 3,
    }
