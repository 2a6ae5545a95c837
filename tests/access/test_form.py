"""The form of a token request, as hostile as it may come (RELIABILITY, section 3: Forms)."""

import pytest
from hypothesis import example, given, strategies as st

from creditbridge.access.form import CONTENT_TYPE, FIELDS_MAX, FormFault, parse_form
from creditbridge.access.model import InvalidRequest


def test_a_form_becomes_its_parameters() -> None:
    """Percent and plus are decoded; what has no value counts as not sent."""
    body = b"grant_type=client_credentials&scope=reports+consents&note=%E6%9D%AD%2B&empty=&&bare"

    assert parse_form(body, content_type=CONTENT_TYPE) == {
        "grant_type": "client_credentials",
        "scope": "reports consents",
        "note": "杭+",
    }


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        'application/x-www-form-urlencoded;charset="utf-8"',
    ],
)
def test_a_form_may_say_that_it_is_utf_8(content_type: str) -> None:
    """The media type's case and a charset of UTF-8 change nothing."""
    assert parse_form(b"a=1", content_type=content_type) == {"a": "1"}


@pytest.mark.parametrize(
    ("content_type", "fault"),
    [
        (None, FormFault.CONTENT_TYPE),
        ("", FormFault.CONTENT_TYPE),
        ("application/json", FormFault.CONTENT_TYPE),
        ("multipart/form-data; boundary=x", FormFault.CONTENT_TYPE),
        ("text/plain", FormFault.CONTENT_TYPE),
        ("application/x-www-form-urlencoded; charset=gbk", FormFault.CHARSET),
        ("application/x-www-form-urlencoded; charset=utf-8; q=1", FormFault.CHARSET),
    ],
)
def test_G9_another_content_type_is_an_invalid_request(
    content_type: str | None, fault: FormFault
) -> None:
    """The token endpoint reads one content type."""
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(b"grant_type=client_credentials", content_type=content_type)

    assert refusal.value.to_answer() == {"error": "invalid_request", "error_description": fault}


@pytest.mark.parametrize("name", ["grant_type", "client_id", "scope", "unknown"])
def test_G9_a_repeated_parameter_is_an_invalid_request(name: str) -> None:
    """Twice the same name, equal values and names that nobody knows included."""
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(f"{name}=a&x=1&{name}=a".encode(), content_type=CONTENT_TYPE)

    assert refusal.value.prose == FormFault.REPEATED


def test_G9_a_repetition_hides_neither_behind_encoding_nor_behind_emptiness() -> None:
    """`client_id` spelled with percent, or sent once without a value, is the same name."""
    for body in (b"client_id=a&client%5Fid=b", b"client_id=a&client_id=", b"client_id&client_id=a"):
        with pytest.raises(InvalidRequest, match="more than once"):
            parse_form(body, content_type=CONTENT_TYPE)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"a=%", FormFault.ENCODING),
        (b"a=%4", FormFault.ENCODING),
        (b"a=%zz", FormFault.ENCODING),
        (b"a=\xe6\x9d\xad", FormFault.ENCODING),
        (b"a=%ff", FormFault.ENCODING),
        (b"a=%ed%a0%80", FormFault.ENCODING),
        (b"a=x y", FormFault.ENCODING),
        (b"%00=x", FormFault.CONTROL),
        (b"a=%00", FormFault.CONTROL),
        (b"a=%0d%0aSet-Cookie:x", FormFault.CONTROL),
        (b"a=1&" * FIELDS_MAX + b"b=1", FormFault.FIELDS),
        (b"a=" + b"x" * 65_536, FormFault.SIZE),
        (b"a=" + b"x" * 4_097, FormFault.LONG),
        (b"a=" + b"%61" * 1_366, FormFault.LONG),
        (b"x" * 129 + b"=a", FormFault.LONG),
    ],
)
def test_a_broken_form_is_an_invalid_request(body: bytes, fault: FormFault) -> None:
    """Nothing is guessed: half an escape, raw bytes, controls, floods."""
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(body, content_type=CONTENT_TYPE)

    assert refusal.value.prose == fault


def test_ten_thousand_fields_cost_nothing() -> None:
    """A flood of fields is cut before the first is decoded."""
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(b"a&" * 10_000, content_type=CONTENT_TYPE)

    assert refusal.value.prose == FormFault.FIELDS


def test_a_parameter_in_the_address_is_refused() -> None:
    """There is no second place for a name to stand."""
    with pytest.raises(InvalidRequest) as refusal:
        parse_form(b"client_id=a", content_type=CONTENT_TYPE, query=b"client_id=b")

    assert refusal.value.prose == FormFault.QUERY


def outcome(body: bytes) -> dict[str, str] | str:
    """Return what a form says, or what is wrong with it."""
    try:
        return dict(parse_form(body, content_type=CONTENT_TYPE))
    except InvalidRequest as refusal:
        return refusal.prose


@given(st.text(alphabet="ab=&_.~:/-+%4\n\u0661", max_size=24).map(str.encode))
@example(b"a=1&a=1")
@example(b"&".join([b"a%d=1" % number for number in range(FIELDS_MAX - 1)]))
@example(b"a" * 129 + b"=1")
@example(b"a=" + b"1" * 4097)
def test_a_plain_form_is_read_as_any_other(body: bytes) -> None:
    """An empty field makes no difference, except that the form is then read field by field."""
    assert outcome(body) == outcome(b"&" + body)


def test_prose_has_lines_and_a_length_of_its_own() -> None:
    """Ends of lines alone: any other control character is refused there as well."""
    text = "%E9%95%BF" * 1_000 + "%0D%0Aa"
    names = frozenset({"text"})

    read = parse_form(f"text={text}".encode(), content_type=CONTENT_TYPE, prose=names)

    assert read == {"text": "长" * 1_000 + "\r\na"}
    for body in (f"other={text}", "other=%0A", "text=%09", "text=%00"):
        with pytest.raises(InvalidRequest):
            parse_form(body.encode(), content_type=CONTENT_TYPE, prose=names)
