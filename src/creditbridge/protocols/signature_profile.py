"""Which components each of the house's four kinds of signed message must cover.

RFC 9421 leaves this to the application (section 1.4). The two bank profiles follow the FAPI 2.0
HTTP Signatures draft, the two platform profiles are ours. An answer covers components of its
request, the request's own signature among them, so that it fits no other request.
"""

from collections.abc import Mapping

import msgspec

from creditbridge.protocols.plain_fields import read_plain_bytes
from creditbridge.protocols.signature_base import (
    FIELD_CHARACTERS_MAX,
    Component,
    MessageView,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureRejected,
)
from creditbridge.protocols.signature_input import Listed, list_inputs
from creditbridge.protocols.structured_fields import Item, Member

LABEL_CHARACTERS_MAX = 32


class SignatureMissing(SignatureRejected):
    """No signature of the message has our tag."""

    code = "signature-missing"
    message = "The message must carry a signature with the tag of its kind."


class SignatureAmbiguous(SignatureRejected):
    """Two signatures of the message have our tag."""

    code = "signature-ambiguous"
    message = "The message must carry exactly one signature with the tag of its kind."


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """How far `created` may lie from now, and `expires` from `created`."""

    past_seconds: int = 60
    future_seconds: int = 10
    life_seconds_max: int = 300


def _components(*names: str, from_request: bool = False) -> tuple[Component, ...]:
    return tuple(Component(name=name, from_request=from_request) for name in names)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of message covers, in this order.

    `answers` is the profile of the request where the message is an answer. A request carries a
    nonce; an answer needs none, since it covers the signature of its request.
    """

    tag: str
    always: tuple[Component, ...]
    if_present: tuple[Component, ...] = ()
    with_body: tuple[Component, ...] = _components("content-digest", "content-type")
    from_request: tuple[Component, ...] = ()
    answers: "Profile | None" = None
    request_always_signed: bool = False
    window: Window = Window()


BANK_REQUEST = Profile(
    tag="fapi-2-request",
    always=_components("@method", "@target-uri", "authorization"),
    if_present=_components("dpop", "idempotency-key", "x-fapi-interaction-id"),
)
BANK_RESPONSE = Profile(
    tag="fapi-2-response",
    always=_components("@status"),
    if_present=_components("creditbridge-receipt", "x-fapi-interaction-id"),
    from_request=_components("@method", "@target-uri", from_request=True),
    answers=BANK_REQUEST,
)
PLATFORM_QUERY = Profile(
    tag="creditbridge-query",
    always=_components("@method", "@target-uri", "creditbridge-query-id", "creditbridge-consent"),
    if_present=_components("authorization"),
)
PLATFORM_ANSWER = Profile(
    tag="creditbridge-answer",
    always=_components("@status"),
    from_request=_components("@method", "@target-uri", from_request=True),
    answers=PLATFORM_QUERY,
    request_always_signed=True,
)


def find_tagged(view: MessageView, tag: str) -> tuple[str, Listed]:
    """Return the one signature with the tag and its label; other tags are none of our business.

    Raises:
        SignatureMissing: none.
        SignatureAmbiguous: two.
        SignatureMalformed: no dictionary, or a label that is too long.
    """
    tagged = [each for each in list_inputs(view).items() if each[1].parameters.get("tag") == tag]
    if not tagged:
        raise SignatureMissing
    # To pick one would let an attacker add another that the next reader picks (section 7.2.6).
    if len(tagged) > 1:
        raise SignatureAmbiguous
    label, listed = tagged[0]
    if len(label) > LABEL_CHARACTERS_MAX:
        raise SignatureMalformed(detail=f"a label of {len(label)} characters")
    return label, listed


def get_signature(view: MessageView, label: str) -> bytes:
    """Return the raw signature under the label.

    Raises:
        SignatureMalformed: no dictionary, no such label, or no byte sequence.
    """
    raw = view.find_field("signature") or ""
    if len(raw) <= FIELD_CHARACTERS_MAX and (plain := read_plain_bytes(raw)) is not None:
        members: Mapping[str, Member] = {plain.name: Item(value=plain.value, parameters={})}
    else:
        members = view.get_dictionary("signature")
    match members.get(label):
        # An inner list or a text under our label was signed by nobody (section 4.2).
        case Item(value=bytes(signature)):
            return signature
        case _:
            raise SignatureMalformed(detail="a label without a signature")


def list_required(view: MessageView, profile: Profile) -> list[Component]:
    """Return the components that a signature over this message must cover, in order.

    Raises:
        SignatureMalformed: the body carries a content coding.
        SignatureIncomplete: an answer whose request must have been signed and was not.
    """
    required = [*profile.always]
    required += [part for part in profile.if_present if view.find_field(part.name) is not None]
    if view.message.body:
        # The digest is of the coded bytes; who decodes first would verify something else.
        if view.find_field("content-encoding") is not None:
            raise SignatureMalformed(detail="a signed body with a content coding")
        required += profile.with_body
    if profile.answers is None:
        return required
    return [*required, *profile.from_request, *_list_of_request(view, profile, profile.answers)]


def _list_of_request(view: MessageView, profile: Profile, answers: Profile) -> list[Component]:
    if (request := view.request) is None:
        raise SignatureIncomplete(detail="an answer without its request")
    required: list[Component] = []
    # So the answer is bound to the very body that was asked with.
    if request.message.body and request.find_field("content-digest") is not None:
        required += _components("content-digest", from_request=True)
    try:
        label, _ = find_tagged(request, answers.tag)
    except SignatureRejected as error:
        if profile.request_always_signed:
            raise SignatureIncomplete(detail="an answer to an unsigned request") from error
        # The bank did not sign, or signed so badly that it gets a refusal: that is signed too.
        return required
    for name in ("signature", "signature-input"):
        required.append(Component(name=name, from_request=True, member=label))
    return required
