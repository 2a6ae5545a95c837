"""What a page's script puts into a form of an authenticator's answer: base64url, one field each."""

from collections.abc import Mapping

from creditbridge.foundation.errors import Malformed
from creditbridge.ledger.encoding import from_base64url
from creditbridge.login.passkeys.model import EnrolmentInvalid, SentAssertion, SentCredential
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid, Assertion

ASSERTION_FIELDS = (
    *("signing", "credential_id", "client_data"),
    *("authenticator_data", "signature", "user_handle"),
)


def read_assertion(form: Mapping[str, str]) -> SentAssertion | None:
    """Return the assertion that a form carries; None where it carries none.

    Raises:
        ApprovalInvalid: parts of one, or parts that are no base64url.
    """
    if not form.get("signing"):
        return None
    try:
        handle = form.get("user_handle")
        return SentAssertion(
            signing_id=form["signing"],
            credential_id=from_base64url(form["credential_id"]),
            assertion=Assertion(
                client_data=from_base64url(form["client_data"]),
                authenticator_data=from_base64url(form["authenticator_data"]),
                signature=from_base64url(form["signature"]),
            ),
            user_handle=from_base64url(handle) if handle else None,
        )
    except (KeyError, Malformed) as error:
        raise ApprovalInvalid(detail="form") from error


def read_credential(form: Mapping[str, str]) -> SentCredential:
    """Return the new credential that a form carries.

    Raises:
        EnrolmentInvalid: it carries none.
    """
    try:
        return SentCredential(
            signing_id=form["signing"],
            name=form.get("name", ""),
            client_data=from_base64url(form["client_data"]),
            attestation=from_base64url(form["attestation"]),
        )
    except (KeyError, Malformed) as error:
        raise EnrolmentInvalid(detail="form") from error
