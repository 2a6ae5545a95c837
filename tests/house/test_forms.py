"""Hostile forms and coded bodies at the real bank door (RELIABILITY, section 3)."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.house.house import House
from tests.house.machine import JSON
from tests.house.telling import outcome

pytestmark = pytest.mark.xdist_group("house")

FORM = "application/x-www-form-urlencoded"
GRANT = b"grant_type=client_credentials"
BOUNDARY = b'--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n'
# Each by a client that proves itself by its certificate, named in the form as `{client}`.
FORMS: dict[str, tuple[str, bytes]] = {
    "client_id twice": (FORM, GRANT + b"&client_id={client}&client_id={client}"),
    "grant_type twice": (FORM, GRANT + b"&" + GRANT + b"&client_id={client}"),
    "code twice": (FORM, b"grant_type=authorization_code&client_id={client}&code=a&code=b"),
    "JSON": ("application/json", b'{"grant_type":"client_credentials","client_id":"{client}"}'),
    "multipart": ("multipart/form-data; boundary=x", BOUNDARY + b"--x--\r\n"),
    "half an escape": (FORM, GRANT + b"&client_id={client}&scope=%"),
    "no escape": (FORM, GRANT + b"&client_id={client}&scope=%zz"),
    "10,000 fields": (FORM, GRANT + b"&client_id={client}" + b"&a=" * 10_000),
    "another charset": (f"{FORM}; charset=utf-16", GRANT + b"&client_id={client}"),
    "no UTF-8": (FORM, GRANT + b"&client_id={client}&scope=%ff%fe"),
    "NUL": (FORM, GRANT + b"&client_id={client}%00"),
}


@pytest.mark.parametrize("name", FORMS)
async def test_G9_a_form_that_is_none_is_an_invalid_request(house: House, name: str) -> None:
    """400 `invalid_request`, and the client gets a token as before."""
    kind, body = FORMS[name]
    async with house.machine() as bank:
        own = body.replace(b"{client}", bank.client_id.encode())
        request = bank.request("POST", "/oauth/token", (("content-type", kind),), own)

        refused = await bank.send(request)

        assert (refused.status, refused.json()["error"]) == (400, "invalid_request")
        assert await bank.fetch_token()


async def test_G9_a_name_without_a_value_is_as_if_it_were_absent(house: House) -> None:
    """With or without the equals sign (RFC 6749, section 3.1): nobody is named."""
    async with house.machine() as bank:
        for ending in (b"&client_id", b"&client_id="):
            kind = ("content-type", FORM)
            refused = await bank.send(bank.request("POST", "/oauth/token", (kind,), GRANT + ending))
            assert (refused.status, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/par"])
async def test_G9_a_name_in_the_query_is_none_of_the_form(house: House, path: str) -> None:
    """The same name in query and body: two readers could take either (RFC 6749, section 3.2)."""
    async with house.machine() as bank:
        body = GRANT + b"&client_id=" + bank.client_id.encode()
        target = f"{path}?client_id={bank.client_id}"

        refused = await bank.send(bank.request("POST", target, (("content-type", FORM),), body))

    assert (refused.status, refused.json()["error"]) == (400, "invalid_request")


def deflated(raw: bytes) -> bytes:
    """Return the bare stream, without zlib's head."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(raw) + packer.flush()


CODED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", deflated),
    "br": ("br", lambda raw: b"\x0b\x02\x80" + raw + b"\x03"),
    "gzip twice": ("gzip, gzip", lambda raw: gzip.compress(gzip.compress(raw))),
    "a thousand to one": ("gzip", lambda raw: gzip.compress(raw + b" " * 10_000_000)),
    "cut off": ("gzip", lambda raw: gzip.compress(raw)[:-9]),
    "identity": ("identity", bytes),
    "nobody's": ("x-unknown", bytes),
}


@pytest.mark.parametrize("name", CODED)
async def test_H6_a_coded_body_is_never_decoded(house: House, name: str) -> None:
    """415 at a resource, `invalid_request` where OAuth is spoken, however it would expand."""
    coding, code = CODED[name]
    header = ("content-encoding", coding)
    async with house.machine() as bank:
        token = await bank.fetch_token()
        own = (JSON, ("authorization", f"Bearer {token}"))
        signed = bank.sign(bank.request("POST", "/v1/reports", own, code(b"{}")))
        form = code(GRANT + b"&client_id=" + bank.client_id.encode())

        report = await bank.send(replace(signed, headers=(*signed.headers, header)))
        asked = await bank.send(
            bank.request("POST", "/oauth/token", (("content-type", FORM), header), form)
        )

    assert outcome(report) == (415, "content-type-unsupported")
    assert (asked.status, asked.json()["error"]) == (400, "invalid_request")
