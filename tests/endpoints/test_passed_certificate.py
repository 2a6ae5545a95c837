"""Tests of what a bank is told whose certificate a proxy hands on, and nobody vouches for."""

from tests.endpoints.stage import FORM, Machine, Stage
from tests.endpoints.wire import Application, Mapping, Receive, Send, send

from creditbridge.protocols.certificate_chain import CertificateUntrusted


def distrusting(app: Application) -> Application:
    """Return a door's application, told by its door that the certificate counts for nothing."""

    async def serve(scope: Mapping, receive: Receive, send: Send) -> None:
        scope["extensions"] = {
            "tls": {"client_certificate": None, "client_cert_error": CertificateUntrusted.code}
        }
        await app(scope, receive, send)

    return serve


async def test_X3_an_untrusted_certificate_gets_no_token(stage: Stage, north: Machine) -> None:
    """In the words of OAuth, as any client that is not proven; the stranger is counted."""
    form = f"grant_type=client_credentials&client_id={north.client_id}".encode()

    answer = await send(distrusting(stage.bank), "POST", "/oauth/token", headers=[FORM], body=form)

    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.header("connection") == "close"
    assert list_strangers(stage) == [("token", "invalid-client", 1)]


async def test_X3_an_untrusted_certificate_opens_nothing(stage: Stage, north: Machine) -> None:
    """Nor with a token that is good; the connection is not to be used again."""
    token = await stage.get_token(north)

    answer = await send(
        distrusting(stage.bank),
        "GET",
        "/v1/consents",
        headers=[("authorization", f"Bearer {token}")],
    )

    assert (answer.status, answer.code) == (401, "certificate-untrusted")
    assert answer.header("connection") == "close"
    assert list_strangers(stage) == [("consents", "certificate-untrusted", 1)]


def list_strangers(stage: Stage) -> list[tuple[str, str, int]]:
    """Return door, code and number of those who were counted."""
    lines = stage.rooms.strangers.take_until(stage.clock.now())
    return [(line.door, line.code, line.count) for line in lines]
