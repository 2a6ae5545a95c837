"""Where a yes is signed: the page between the decision and its effect, the same on all three ways.

A decision that came without a signature, and could have one, is answered with this page; its form
is the decision once more, with what the passkey signed. No script runs on any page but this one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Response

from creditbridge.endpoints.exchange import HttpRequest
from creditbridge.endpoints.house import House
from creditbridge.endpoints.pages import Allowance
from creditbridge.endpoints.passkey_forms import ASSERTION_FIELDS, read_assertion
from creditbridge.endpoints.passkey_views import CeremonyView, ceremony_view
from creditbridge.endpoints.views import Terms
from creditbridge.endpoints.visits import Visit, answer_framed, frame_of, speaker_of
from creditbridge.journeys.answered_consents import Chosen
from creditbridge.journeys.approver_signature import ApproverSignature
from creditbridge.journeys.sign_consents import AskedSignature
from creditbridge.login.passkeys.model import SigningKind
from creditbridge.profile.codes import SectionCode
from creditbridge.protocols.webauthn_assertion import ApprovalInvalid

WITHOUT = "without"
AS_OF = "as_of"
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
ONCE = frozenset({*ASSERTION_FIELDS, WITHOUT, "form_token"})


class SigningView(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed, and the decision that the form sends once more to `action`."""

    ceremony: CeremonyView
    action: str
    fields: tuple[tuple[str, str], ...]
    terms: tuple[Terms, ...]
    back: str
    is_needed: bool


class Signable(msgspec.Struct, frozen=True, kw_only=True):
    """A yes as its page sent it; `leads_to` is where its form may end, beside this site."""

    action: str
    fields: Mapping[str, str]
    terms: tuple[Terms, ...]
    back: str
    leads_to: str = ""


async def find_signature(
    house: House, visit: Visit, form: Mapping[str, str]
) -> ApproverSignature | None:
    """Return what a passkey signed for this decision; None where the form carries nothing.

    Raises:
        ApprovalInvalid: it carries something that does not hold; that try is spent.
    """
    sent = read_assertion(form)
    if sent is None:
        return None
    proven = await house.people.prove_passkey(speaker_of(visit), sent, SigningKind.APPROVE)
    return ApproverSignature(proven=proven)


def keep_fields(form: Mapping[str, str]) -> Mapping[str, str]:
    """Return a decision as its page sent it, without what belongs to one sending alone."""
    return {name: value for name, value in form.items() if name not in ONCE}


def read_as_of(form: Mapping[str, str], *, now: datetime) -> datetime:
    """Return from when a chosen term counts: where a passkey signs, from when it was asked to.

    It only chooses an end, and a rule holds that between now and what the bank asked.

    Raises:
        ApprovalInvalid: no instant.
    """
    text = form.get(AS_OF)
    if text is None:
        return now
    try:
        return min(msgspec.convert(text, Moment), now)
    except msgspec.ValidationError as error:
        raise ApprovalInvalid(detail="form") from error


def write_as_of(instant: datetime) -> str:
    """Return an instant as the signing page sends it back."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def narrow_terms(terms: Terms, chosen: Chosen) -> Terms:
    """Return terms as a yes would give them."""
    return msgspec.structs.replace(
        terms,
        sections=tuple(one for one in SectionCode if one in (chosen.sections or terms.sections)),
        valid_to=chosen.valid_to or terms.valid_to,
        max_queries=chosen.max_queries or terms.max_queries,
    )


def goes_without(form: Mapping[str, str]) -> bool:
    """Tell whether the person chose to approve without a passkey; the policy decides if it does."""
    return form.get(WITHOUT) == "passkey"


def show_signing(
    request: HttpRequest, house: House, visit: Visit, asked: AskedSignature, signable: Signable
) -> Response[bytes]:
    """Show the page that asks for the signature."""
    view = SigningView(
        ceremony=ceremony_view(asked.signing, asked.passkeys, house.passkeys.party),
        action=signable.action,
        fields=tuple(signable.fields.items()),
        terms=signable.terms,
        back=signable.back,
        is_needed=asked.is_needed,
    )
    # The language switch leads back to the decision: there it is read, and decided, once more.
    address, _, query = signable.back.partition("?")
    frame = msgspec.structs.replace(frame_of(request, visit), path=address, query=query)
    return answer_framed(
        request,
        "signing",
        frame,
        view=view,
        allowance=Allowance(leads_to=signable.leads_to, runs_script=True),
    )
