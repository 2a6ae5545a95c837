"""Every error that the house raises on purpose.

* CreditbridgeError
  + Refused        the caller may not do this: ConsentMissing, ConsentExpired, PurposeMismatch
  + Malformed      the caller must change the request
  + Untrusted      what came back cannot be believed: SignatureInvalid, AnswerMismatch
  + Unavailable    the caller may try again: PlatformUnavailable, LedgerUnavailable, ConsentBusy

A leaf of the tree lives beside the rule that raises it and names its stable `code`.
"""

from typing import ClassVar


class CreditbridgeError(Exception):
    """An error with three voices: `code` for programs, `message` for callers, `detail` for the log.

    `code` is stable API, lower-case words with hyphens. `message` is a sentence for the person who
    must act and never repeats what the caller sent. `detail` stays in the log. `decision_id` is the
    id under which the ledger holds the decision, where there is one, and `receipt_header` the
    ledger's receipt for it, as a header carries it. `is_kept`: the answer will be given again
    with the same bytes.
    """

    code: ClassVar[str] = "internal-error"
    message: ClassVar[str] = "The gateway failed; the request may be repeated."

    def __init__(self, message: str | None = None, *, detail: str = "") -> None:
        self.prose = message or type(self).message
        self.detail = detail
        self.decision_id: str | None = None
        self.receipt_header: str | None = None
        self.is_kept = False
        super().__init__(self.prose)


class Refused(CreditbridgeError):
    """The caller may not do this."""

    code = "refused"
    message = "The request is not permitted."


class Malformed(CreditbridgeError):
    """The caller must change the request."""

    code = "malformed"
    message = "The request cannot be understood as it stands."


class Untrusted(CreditbridgeError):
    """What came back cannot be believed."""

    code = "untrusted"
    message = "A message could not be verified."


class SignatureInvalid(Untrusted):
    """A signature does not match its bytes, its key or its algorithm."""

    code = "signature-invalid"
    message = "A signature could not be verified."


class Unavailable(CreditbridgeError):
    """The caller may try again, after `retry_after_seconds`."""

    code = "unavailable"
    message = "The service is not available at the moment."
    retry_after_seconds: ClassVar[int] = 1
