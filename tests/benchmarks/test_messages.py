"""What the generator sends: each request with a key and a nonce of its own, and signed."""

from datetime import timedelta
from pathlib import Path

import pytest
from benchmarks.load.messages import make_messages, make_request
from benchmarks.load.order import Ask, Order, Tally, Target
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import FileKey, load_file_key
from creditbridge.protocols.http_signatures import BANK_REQUEST, verify_request


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A bank door and a bank's message key."""
    key = tmp_path / "message.key"
    key.touch(mode=0o600)
    private = generate_private_key(SECP256R1())
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Target(
        name="ours",
        port=8443,
        authority_file="",
        certificate_file="",
        key_file="",
        message_key_file=str(key),
        token="cbt_token",
        asks=(Ask(consent_id="cns_1", uscc="A"), Ask(consent_id="cns_2", uscc="B")),
    )


@pytest.fixture
def signer(target: Target) -> FileKey:
    """The bank's message key."""
    return load_file_key(Path(target.message_key_file))


def test_the_bank_door_would_accept_the_signature(target: Target, signer: FileKey) -> None:
    """Components, tag and age are those of the profile."""
    request = make_request(target, target.asks[0], signer)

    verified = verify_request(
        request,
        BANK_REQUEST,
        {signer.key.key_id: signer.key}.get,
        now=SystemClock().now() + timedelta(seconds=1),
    )

    assert verified.key_id == signer.key.key_id


def test_no_request_repeats_another(target: Target) -> None:
    """A sent request spends its key and its nonce, so each has its own; consents take turns."""
    order = Order(target=target, reports=20, connections=1, seconds_max=1.0)

    messages = make_messages(order)

    assert len(set(messages)) == 20
    assert [b"cns_1" in message for message in messages[:4]] == [True, False, True, False]


def test_a_message_is_http(target: Target) -> None:
    """Request line, host, length, then the body alone."""
    order = Order(target=target, reports=1, connections=1, seconds_max=1.0)

    head, _, body = make_messages(order)[0].partition(b"\r\n\r\n")

    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/reports HTTP/1.1"
    assert b"host: 127.0.0.1:8443" in lines
    assert f"content-length: {len(body)}".encode() in lines


def test_everything_but_the_200s_is_a_failure() -> None:
    """A refusal and a broken connection count alike."""
    tally = Tally(seconds=1.0, statuses={200: 7, 503: 2, 0: 1}, latency_p50=0.01, latency_p99=0.02)

    assert (tally.answered, tally.failed) == (7, 3)
