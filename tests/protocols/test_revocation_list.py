"""What a revocation list says, and which lists say nothing (RFC 5280, fault 60)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from creditbridge.protocols.certificate_binding import PeerCertificate, parse_certificate
from creditbridge.protocols.distinguished_name import fold_name
from creditbridge.protocols.revocation_list import (
    LIST_BYTES_MAX,
    CertificateRevoked,
    RevocationListRejected,
    RevocationUnknown,
    load_authorities,
    read_revocation_list,
    require_unrevoked,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Extension = tuple[x509.ExtensionType, bool]


def name_of(common_name: str) -> x509.Name:
    """Return a name of two parts."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


class Authority:
    """A client authority."""

    def __init__(self, name: str = "Client CA", key: Key | None = None) -> None:
        self.name = name_of(name)
        self.key: Key = ec.generate_private_key(ec.SECP256R1()) if key is None else key
        self.certificate = self.issue(self.name, 1, self.key.public_key())

    @property
    def hash(self) -> SHA224 | SHA256 | None:
        """What this key signs over."""
        return None if isinstance(self.key, ed25519.Ed25519PrivateKey) else SHA256()

    def issue(
        self,
        subject: x509.Name,
        serial: int,
        key: ec.EllipticCurvePublicKey
        | rsa.RSAPublicKey
        | ed25519.Ed25519PublicKey
        | dsa.DSAPublicKey,
        *,
        issuer: x509.Name | None = None,
        usage: x509.KeyUsage | None = None,
    ) -> x509.Certificate:
        """Sign a certificate."""
        builder = x509.CertificateBuilder(
            issuer_name=issuer or self.name,
            subject_name=subject,
            public_key=key,
            serial_number=serial,
            not_valid_before=NOON - DAY,
            not_valid_after=NOON + DAY,
        )
        if usage is not None:
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, self.hash)

    def revoke(
        self,
        *serials: int,
        began: datetime = NOON - DAY,
        ends: datetime = NOON + DAY,
        issuer: x509.Name | None = None,
        extensions: Sequence[Extension] = (),
        of_entries: Sequence[Extension] = (),
        hashed: SHA224 | SHA256 | None = None,
    ) -> x509.CertificateRevocationList:
        """Sign a list of these serials."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer or self.name)
            .last_update(began)
            .next_update(ends)
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical=critical)
        for serial in serials:
            entry = (
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOON - DAY)
            )
            for value, critical in of_entries:
                entry = entry.add_extension(value, critical=critical)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashed or self.hash)


def without_end(authority: Authority, found: x509.CertificateRevocationList) -> bytes:
    """Return a list of an ECDSA authority without its next update, signed anew."""
    assert isinstance(authority.key, ec.EllipticCurvePrivateKey)
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    content = found.tbs_certlist_bytes
    header = 2 if content[1] < 0x80 else 2 + content[1] - 0x80
    end = b"\x17\x0d" + (NOON + DAY).strftime("%y%m%d%H%M%SZ").encode()
    assert content.count(end) == 1
    signed = sequence(content[header:].replace(end, b""))
    signature = authority.key.sign(signed, ec.ECDSA(SHA256()))
    return sequence(signed + algorithm + b"\x03" + bytes([len(signature) + 1, 0]) + signature)


def sequence(content: bytes) -> bytes:
    """Return content of up to 255 bytes as a DER sequence."""
    length = [len(content)] if len(content) < 0x80 else [0x81, len(content)]
    return b"\x30" + bytes(length) + content


def der_of(found: x509.CertificateRevocationList) -> bytes:
    """Return the bytes of a list."""
    return found.public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The client authority."""
    return Authority()


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Callable[[int], PeerCertificate]:
    """Makes a client's certificate with a serial."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()

    def make(serial: int) -> PeerCertificate:
        issued = authority.issue(name_of("client"), serial, key)
        return parse_certificate(issued.public_bytes(Encoding.DER))

    return make


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_T3_a_revoked_serial_is_refused(
    encoding: Encoding, authority: Authority, leaf: Callable[[int], PeerCertificate]
) -> None:
    """Its neighbour is not; PEM and DER say the same."""
    raw = authority.revoke(7, 2**150).public_bytes(encoding)
    held = [read_revocation_list(raw, [authority.certificate], now=NOON)]

    for serial in (7, 2**150):
        with pytest.raises(CertificateRevoked):
            require_unrevoked(leaf(serial), held, now=NOON)
    require_unrevoked(leaf(8), held, now=NOON)


def test_promise_19_a_stale_list_fails_closed_for_its_authority(
    authority: Authority, leaf: Callable[[int], PeerCertificate]
) -> None:
    """Good before its next update, unknown from then on; what it named stays revoked."""
    held = [read_revocation_list(der_of(authority.revoke(7)), [authority.certificate], now=NOON)]
    end = NOON + DAY

    require_unrevoked(leaf(8), held, now=end - timedelta(microseconds=1))
    with pytest.raises(RevocationUnknown):
        require_unrevoked(leaf(8), held, now=end)
    with pytest.raises(CertificateRevoked):
        require_unrevoked(leaf(7), held, now=end)


def test_another_authoritys_list_says_nothing(leaf: Callable[[int], PeerCertificate]) -> None:
    """Neither revoked by the same serial, nor unknown because that one is stale."""
    other = Authority("Another CA")
    held = [read_revocation_list(der_of(other.revoke(7)), [other.certificate], now=NOON)]

    require_unrevoked(leaf(7), held, now=NOON + 2 * DAY)
    require_unrevoked(leaf(7), [], now=NOON)


def test_two_lists_of_one_name_both_count(
    authority: Authority, leaf: Callable[[int], PeerCertificate]
) -> None:
    """An authority that changes its key has two: one silent list must not hide the other."""
    renewed = Authority()
    authorities = [authority.certificate, renewed.certificate]
    held = [
        read_revocation_list(der_of(one), authorities, now=NOON)
        for one in (authority.revoke(7), renewed.revoke())
    ]

    with pytest.raises(CertificateRevoked):
        require_unrevoked(leaf(7), held, now=NOON)


def test_a_name_is_compared_without_case_and_spare_blanks() -> None:
    """As TLS libraries chain it (section 7.1): a list is not missed over its spelling."""
    loud = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, " EXAMPLE"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Client   ca"),
        ]
    )
    bits = x509.NameAttribute(
        NameOID.X500_UNIQUE_IDENTIFIER,
        b"\x01",
        _type=x509.name._ASN1Type.BitString,  # noqa: SLF001 -- the only name to it
    )

    assert fold_name(loud) == fold_name(name_of("Client CA"))
    assert fold_name(loud) != fold_name(name_of("Client CB"))
    assert fold_name(x509.Name([bits])) == "2.5.4.45=01"


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_lists_of_other_kinds_of_key_are_read(kind: str) -> None:
    """RSA and Ed25519 beside ECDSA."""
    key: Key = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    authority = Authority(key=key)

    read = read_revocation_list(der_of(authority.revoke(7)), [authority.certificate], now=NOON)

    assert read.serials == {7}


def test_harmless_extensions_are_passed_over(authority: Authority) -> None:
    """A number, an authority's key id, a reason, a date; unknown ones that are not critical."""
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    found = authority.revoke(
        7,
        extensions=[(x509.CRLNumber(3), True), (key_id, False), (unknown, False)],
        of_entries=[
            (x509.CRLReason(x509.ReasonFlags.key_compromise), False),
            (x509.InvalidityDate(NOON.replace(tzinfo=None)), True),
        ],
    )

    assert read_revocation_list(der_of(found), [authority.certificate], now=NOON).serials == {7}


CRITICAL = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
PARTIAL = x509.IssuingDistributionPoint(
    full_name=None,
    relative_name=None,
    only_contains_user_certs=True,
    only_contains_ca_certs=False,
    only_some_reasons=None,
    indirect_crl=False,
    only_contains_attribute_certs=False,
)
ELSEWHERE = x509.CertificateIssuer([x509.DirectoryName(name_of("Another CA"))])
FAULTS: dict[str, Callable[[Authority], bytes]] = {
    "unknown critical extension": lambda ca: der_of(ca.revoke(7, extensions=[(CRITICAL, True)])),
    "partial list": lambda ca: der_of(ca.revoke(7, extensions=[(PARTIAL, True)])),
    "partial list, not critical": lambda ca: der_of(ca.revoke(7, extensions=[(PARTIAL, False)])),
    "delta": lambda ca: der_of(ca.revoke(7, extensions=[(x509.DeltaCRLIndicator(1), True)])),
    "entry of another issuer": lambda ca: der_of(ca.revoke(7, of_entries=[(ELSEWHERE, True)])),
    "wrong issuer": lambda ca: der_of(ca.revoke(7, issuer=name_of("Another CA"))),
    "another key under its name": lambda _: der_of(Authority().revoke(7)),
    "a weak hash": lambda ca: der_of(ca.revoke(7, hashed=SHA224())),
    "no next update": lambda ca: without_end(ca, ca.revoke(7)),
    "of the future": lambda ca: der_of(ca.revoke(7, began=NOON + timedelta(seconds=61))),
    "altered": lambda ca: der_of(ca.revoke(7))[:-4] + b"\x00\x00\x00\x00",
    "trailing bytes": lambda ca: der_of(ca.revoke(7)) + b"\x00",
    "cut": lambda ca: der_of(ca.revoke(7))[:-1],
    "two in one file": lambda ca: ca.revoke(7).public_bytes(Encoding.PEM) * 2,
    "no list": lambda _: b"revoked: none\n",
    "empty": lambda _: b"",
    "50 MB": lambda _: bytes(50_000_000),
    "one byte too long": lambda _: bytes(LIST_BYTES_MAX + 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_60_a_list_that_cannot_be_believed_is_rejected(
    fault: str, authority: Authority
) -> None:
    """Whatever is wrong with it: it is no list."""
    with pytest.raises(RevocationListRejected):
        read_revocation_list(FAULTS[fault](authority), [authority.certificate], now=NOON)


def test_fault_60_an_authority_that_may_not_sign_lists_signs_none(authority: Authority) -> None:
    """Its key usage says what its key is for (section 6.3.3, step f); a DSA key is for nothing."""
    usage = {
        name: name == "key_cert_sign"
        for name in (
            *("digital_signature", "content_commitment", "key_encipherment"),
            *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
            *("encipher_only", "decipher_only"),
        )
    }
    public = authority.key.public_key()
    without = authority.issue(authority.name, 2, public, usage=x509.KeyUsage(**usage))
    allowed = {**usage, "crl_sign": True}
    good = authority.issue(authority.name, 3, public, usage=x509.KeyUsage(**allowed))
    weak = authority.issue(authority.name, 4, dsa.generate_private_key(2048).public_key())
    raw = der_of(authority.revoke(7))

    assert read_revocation_list(raw, [without, weak, good], now=NOON).serials == {7}
    with pytest.raises(RevocationListRejected):
        read_revocation_list(raw, [without, weak], now=NOON)


def test_authorities_are_read_from_one_file(authority: Authority) -> None:
    """One or several, PEM; what is none is said."""
    pem = authority.certificate.public_bytes(Encoding.PEM)

    assert load_authorities(pem * 2) == (authority.certificate,) * 2
    with pytest.raises(RevocationListRejected):
        load_authorities(b"nothing")
