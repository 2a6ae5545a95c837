"""The form of a request of a client (RFC 6749, section 3.2 and appendix B)."""

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import unquote_to_bytes

from creditbridge.access.model import InvalidRequest

CONTENT_TYPE = "application/x-www-form-urlencoded"
FIELDS_MAX = 64
FORM_BYTES_MAX = 65_536
# As sent, percent-encoding included: nothing that has a meaning here is nearly as long.
NAME_BYTES_MAX = 128
VALUE_BYTES_MAX = 4_096
# What their readers bound, to refuse it in the standard's own word for them.
BOUNDED_BY_READERS = frozenset(
    {
        "authorization_details",
        "client_assertion",
        "client_id",
        "code_verifier",
        "request",
        "scope",
        "state",
        "nonce",
    }
)
# Nearly every form: nothing is encoded or empty, and nothing is longer than it may be.
_PLAIN_FIELD = rf"[\w.~-]{{1,{NAME_BYTES_MAX}}}=[\w.~:/-]{{1,{VALUE_BYTES_MAX}}}".encode()
_PLAIN = re.compile(b"%b(?:&%b){0,%d}" % (_PLAIN_FIELD, _PLAIN_FIELD, FIELDS_MAX - 1))
_FORM_CHARACTERS = re.compile(rb"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# A browser sends the ends of lines as CR LF (HTML, section 4.10.21.8).
_NO_PROSE = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")


class FormFault(StrEnum):
    """What is wrong with a form; the value is the sentence for the engineer who sent it."""

    CONTENT_TYPE = "Send the parameters as application/x-www-form-urlencoded."
    CODED = "Send the form as it is, without a content coding."
    CHARSET = "The form is UTF-8 and takes no other content type parameter."
    QUERY = "Send the parameters in the body; this address takes no query."
    SIZE = "The form is larger than 64 kB."
    LONG = "A parameter is longer than this server reads."
    FIELDS = "The form has too many parameters."
    REPEATED = "A parameter is sent more than once."
    ENCODING = "The form is not percent-encoded UTF-8."
    CONTROL = "A parameter holds a control character."


def parse_form(
    body: bytes,
    *,
    content_type: str | None,
    query: bytes = b"",
    prose: frozenset[str] = frozenset(),
) -> Mapping[str, str]:
    """Return the parameters of a form, each named once; those without a value are left out.

    `prose` names what people write in several lines; how long it may be is its reader's business.

    Raises:
        InvalidRequest: another content type, a query, a repeated name, a broken encoding, a
            control character, over 64 fields or 64 kB, a name or a value that is too long.
    """
    _require_form_type(content_type)
    # A parameter in the address would be a second place for the same name, and ends in logs.
    if query:
        raise InvalidRequest(FormFault.QUERY)
    if len(body) > FORM_BYTES_MAX:
        raise InvalidRequest(FormFault.SIZE)
    return _read_plain(body) or _read_fields(body, prose)


def _read_plain(body: bytes) -> Mapping[str, str] | None:
    """Return the parameters of a form that needs no decoding; None where it may need some."""
    if _PLAIN.fullmatch(body) is None:
        return None
    fields = body.decode("ascii").split("&")
    parameters = dict([field.split("=") for field in fields])
    # Of a name that is repeated, `_read_fields` says what is wrong with it.
    return parameters if len(parameters) == len(fields) else None


def _read_fields(body: bytes, prose: frozenset[str]) -> Mapping[str, str]:
    # Split at most so often: a body of ampersands must not become a list of millions.
    fields = body.split(b"&", FIELDS_MAX)
    if len(fields) > FIELDS_MAX:
        raise InvalidRequest(FormFault.FIELDS)
    parameters = dict[str, str]()
    for field in fields:
        name, _, value = field.partition(b"=")
        if not field:
            continue
        # Compared as decoded: `scope` and `sc%6Fpe` are one name (RFC 6749, section 3.2).
        if (known := _decode_name(name)) in parameters:
            raise InvalidRequest(FormFault.REPEATED)
        if len(value) > VALUE_BYTES_MAX and known not in BOUNDED_BY_READERS | prose:
            raise InvalidRequest(FormFault.LONG)
        parameters[known] = _decode(value, _NO_PROSE if known in prose else _CONTROL)
    # Sent without a value is as not sent (RFC 6749, section 3.1).
    return {name: value for name, value in parameters.items() if value}


def _require_form_type(content_type: str | None) -> None:
    media_type, _, parameter = (content_type or "").partition(";")
    if media_type.strip(" \t").lower() != CONTENT_TYPE:
        raise InvalidRequest(FormFault.CONTENT_TYPE)
    # Appendix B fixes UTF-8; a charset that says so is harmless, any other is a misunderstanding.
    if parameter.strip(" \t").lower().replace('"', "") not in {"", "charset=utf-8"}:
        raise InvalidRequest(FormFault.CHARSET)


def _decode_name(encoded: bytes) -> str:
    if len(encoded) > NAME_BYTES_MAX:
        raise InvalidRequest(FormFault.LONG)
    return _decode(encoded)


def _decode(encoded: bytes, control: re.Pattern[str] = _CONTROL) -> str:
    # The library would pass over a broken escape and keep it as text.
    if _FORM_CHARACTERS.fullmatch(encoded) is None:
        raise InvalidRequest(FormFault.ENCODING)
    raw = encoded.replace(b"+", b" ")
    try:
        text = (unquote_to_bytes(raw) if b"%" in raw else raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(FormFault.ENCODING) from error
    if control.search(text) is not None:
        raise InvalidRequest(FormFault.CONTROL)
    return text
