"""Tests of what a proxy writes about its client's certificate."""

from base64 import b64encode

import pytest
from cryptography import x509
from tests.protocols.chains import FOR_CLIENTS, Issuer, as_field

from creditbridge.protocols.client_cert_header import (
    ClientCertMalformed,
    PassedCertificate,
    read_passed_certificate,
)

ROOT = Issuer("root")
LEAF = ROOT.issue_der("bank")
BELOW = Issuer("below", above=ROOT)


def test_X1_a_certificate_is_one_byte_sequence() -> None:
    """The DER between colons, with blanks around it or not."""
    passed = PassedCertificate(leaf=LEAF)

    assert read_passed_certificate(as_field(LEAF)) == passed
    assert read_passed_certificate(f" {as_field(LEAF)} ") == passed


def test_X1_a_chain_is_a_list() -> None:
    """From the issuer of the certificate upwards, parted by commas; it may be empty."""
    read = read_passed_certificate(as_field(LEAF), as_field(BELOW.der, ROOT.der))

    assert read == PassedCertificate(leaf=LEAF, chain=(BELOW.der, ROOT.der))
    assert read_passed_certificate(as_field(LEAF), "") == PassedCertificate(leaf=LEAF)


def test_X1_a_chain_has_four_certificates_at_most() -> None:
    """As many as stand between a leaf and its root anywhere."""
    chain = (BELOW.der, ROOT.der, BELOW.der, ROOT.der)

    assert read_passed_certificate(as_field(LEAF), as_field(*chain)).chain == chain


def of_size(size: int) -> bytes:
    """Return a certificate of so many bytes."""
    padding = size - len(LEAF)
    while True:
        filler = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(padding))
        der = ROOT.issue_der("bank", FOR_CLIENTS, filler)
        if len(der) == size:
            return der
        # Signatures differ in length by a byte or two.
        padding += 1 if len(der) < size else -1


def test_X2_a_field_of_16_kB_is_read_and_a_longer_one_refused() -> None:
    """To the last certificate that fits: 16,382 characters, and the next 16,386."""
    fits, exceeds = of_size(12_285), of_size(12_288)

    assert read_passed_certificate(as_field(fits), as_field(fits)).chain == (fits,)
    with pytest.raises(ClientCertMalformed, match="Client-Cert") as caught:
        read_passed_certificate(as_field(exceeds))
    assert caught.value.detail == "over 16 kB"
    with pytest.raises(ClientCertMalformed):
        read_passed_certificate(as_field(fits), as_field(exceeds))


def test_the_example_of_the_standard_is_read() -> None:
    """RFC 9440, appendix A: a leaf, and the chain of intermediate and root."""
    leaf = (
        ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNV"
        "BAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMM"
        "AkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3Y"
        "C8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYC"
        "uiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRj"
        "QGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEA"
        "x/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:"
    )

    assert read_passed_certificate(leaf).leaf.startswith(b"\x30\x82\x01\xa8")


CANONICAL = as_field(LEAF)
X2 = {
    "empty": "",
    "empty sequence": "::",
    "no sequence": b64encode(LEAF).decode(),
    "token": "MIIB",
    "string": f'"{b64encode(LEAF).decode()}"',
    "several members": as_field(LEAF, LEAF),
    "parameters": f"{CANONICAL};a=1",
    "inner list": f"({CANONICAL})",
    "pem": f":{b64encode(ROOT.pem).decode()}:",
    "escaped pem": ROOT.pem.decode().replace("\n", "%0A"),
    "bad base64": CANONICAL.replace("M", "*", 1),
    "base64url": ":" + "-_" * 8 + ":",
    "padding left out": CANONICAL.replace("=", "")[:-1] + "A:",
    "line break": CANONICAL[:40] + "\n" + CANONICAL[40:],
    "blank inside": CANONICAL[:40] + " " + CANONICAL[40:],
    "no certificate": as_field(b"certificate"),
    "bytes behind": as_field(LEAF + b"\x00"),
    "two certificates": as_field(LEAF + LEAF),
    "cut short": as_field(LEAF[:-1]),
    "not ascii": ":ÄÄÄÄ:",
    "over 16 kB": as_field(bytes(13_000)),
}


@pytest.mark.parametrize("value", X2.values(), ids=X2.keys())
def test_X2_another_shape_is_refused(value: str) -> None:
    """What is not exactly one certificate in one spelling is none."""
    with pytest.raises(ClientCertMalformed):
        read_passed_certificate(value)


def test_X2_base64_with_loose_bits_is_refused() -> None:
    """The bits behind the last byte must be zero: other readers would see another text."""
    padded = next(der for der in map(ROOT.issue_der, "abcdefghijkl" * 9) if len(der) % 3 == 1)
    written = as_field(padded)
    loose = written[:-4] + chr(ord(written[-4]) + 1) + written[-3:]
    assert read_passed_certificate(written).leaf == padded

    with pytest.raises(ClientCertMalformed):
        read_passed_certificate(loose)


@pytest.mark.parametrize(
    "chain",
    [
        as_field(*[ROOT.der] * 5),
        as_field(b"certificate"),
        as_field(ROOT.der) + ";a",
        f"({as_field(ROOT.der)})",
        as_field(ROOT.der) + ",",
        "a, b",
        "x" * 16_385,
    ],
)
def test_X2_a_chain_of_another_shape_is_refused(chain: str) -> None:
    """Over four members, one that is no certificate, one that says more."""
    with pytest.raises(ClientCertMalformed):
        read_passed_certificate(as_field(LEAF), chain)


def test_X2_a_chain_alone_is_refused() -> None:
    """It says nothing without the certificate that it certifies (section 2.3)."""
    with pytest.raises(ClientCertMalformed):
        read_passed_certificate("", as_field(ROOT.der))
