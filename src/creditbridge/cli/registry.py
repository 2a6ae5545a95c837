"""`creditbridge operator client …` and `licence`: each becomes a proposal of one kind of change."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from creditbridge.foundation.keys import parse_public_key
from creditbridge.parties.changes.client_keys import OVERLAP_SECONDS_MAX
from creditbridge.parties.licence import LicenceMalformed
from creditbridge.parties.model import ChangeKind, SenderConstraint
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.certificate_binding import SubjectKind
from creditbridge.protocols.self_signed import SelfSigned, SelfSignedUnfit, read_self_signed
from creditbridge.protocols.strict_json import parse

OVERLAP_SECONDS = 86_400


def add_client_arguments(client: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Name the changes of a bank's client; return the parsers whose act an operator signs."""
    changes = client.add_subparsers(dest="change", required=True, metavar="CHANGE")
    register = changes.add_parser("register", help="propose another client, from a JSON file")
    register.add_argument("file", type=Path)
    keys = changes.add_parser("keys", help="propose to add message keys, to end some, or both")
    keys.add_argument("--add", action="append", type=Path, default=[], metavar="PUBLIC_KEY")
    keys.add_argument("--end", action="append", default=[], metavar="KEY_ID")
    certificate = changes.add_parser("certificate", help="propose another certificate subject")
    certificate.add_argument("--kind", choices=list(SubjectKind), required=True)
    certificate.add_argument("--value", required=True, metavar="SUBJECT")
    self_signed = changes.add_parser(
        "self-signed", help="propose to register self-signed certificates, to take some back"
    )
    self_signed.add_argument("--add", action="append", type=Path, default=[], metavar="CERTIFICATE")
    self_signed.add_argument("--end", action="append", default=[], metavar="THUMBPRINT")
    constraint = changes.add_parser(
        "constraint", help="propose what tokens are bound to: a certificate, or a key"
    )
    constraint.add_argument("--to", choices=list(SenderConstraint), required=True)
    redirects = changes.add_parser("redirects", help="propose other redirect URIs, all of them")
    redirects.add_argument("--uri", action="append", required=True, metavar="URI")
    end = changes.add_parser("end", help="propose to end a client for good")
    for overlapping in (keys, self_signed):
        overlapping.add_argument(
            "--overlap-seconds",
            type=int,
            default=OVERLAP_SECONDS,
            help=f"how long what ends still counts, at most {OVERLAP_SECONDS_MAX}; 0: it was lost",
        )
    for named in (keys, certificate, self_signed, constraint, redirects, end):
        named.add_argument("client_id")
    return [register, keys, certificate, self_signed, constraint, redirects, end]


def add_licence_arguments(licence: argparse.ArgumentParser) -> None:
    """Name what a bank is to be licensed for: all of it, or that it may ask all there is."""
    extent = licence.add_mutually_exclusive_group(required=True)
    extent.add_argument("--purpose", action="append", choices=list(Purpose), default=[])
    extent.add_argument("--everything", action="store_true", help="whatever can be asked")
    licence.add_argument("--section", action="append", choices=list(SectionCode), default=[])
    licence.add_argument("--paper", action="store_true", help="also scans of letters on paper")


def read_licence(arguments: argparse.Namespace) -> JsonValue:
    """Return the body of a change of a bank's licence."""
    named: dict[str, JsonValue] = {
        "purposes": list[JsonValue](arguments.purpose),
        "sections": list[JsonValue](arguments.section),
    }
    if arguments.paper:
        named["paper"] = True
    # Paper is never part of "whatever can be asked": whoever allows it says for what.
    if arguments.paper and arguments.everything:
        raise LicenceMalformed
    return {"bank_id": arguments.bank_id, "licence": None if arguments.everything else named}


def read_client_change(arguments: argparse.Namespace) -> tuple[ChangeKind, JsonValue]:
    """Return kind and body of the change that the arguments ask for.

    Raises:
        Malformed: a file without JSON, without a public key, or without a certificate that could
            stand for a client.
    """
    kind, read = CHANGES[arguments.change]
    return kind, read(arguments)


def _registration(arguments: argparse.Namespace) -> JsonValue:
    return parse(arguments.file.read_bytes())


def _keys(arguments: argparse.Namespace) -> JsonValue:
    paths: list[Path] = arguments.add
    return {
        "client_id": arguments.client_id,
        "add": [
            dict[str, JsonValue](parse_public_key(path.read_bytes()).to_jwk()) for path in paths
        ],
        "end": list[JsonValue](arguments.end),
        "overlap_seconds": arguments.overlap_seconds,
    }


def _self_signed(arguments: argparse.Namespace) -> JsonValue:
    paths: list[Path] = arguments.add
    return {
        "client_id": arguments.client_id,
        "register": [dict[str, JsonValue](_read_certificate(path).to_jwk()) for path in paths],
        "take_back": list[JsonValue](arguments.end),
        "overlap_seconds": arguments.overlap_seconds,
    }


def _read_certificate(path: Path) -> SelfSigned:
    try:
        found = load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise SelfSignedUnfit(detail=f"{path}: no certificate in PEM") from error
    return read_self_signed(found.public_bytes(Encoding.DER))


def _certificate(arguments: argparse.Namespace) -> JsonValue:
    matcher: JsonValue = {"kind": arguments.kind, "value": arguments.value}
    return {"client_id": arguments.client_id, "matcher": matcher}


def _constraint(arguments: argparse.Namespace) -> JsonValue:
    return {"client_id": arguments.client_id, "sender_constraint": arguments.to}


def _redirects(arguments: argparse.Namespace) -> JsonValue:
    return {
        "client_id": arguments.client_id,
        "redirect_uris": list[JsonValue](arguments.uri),
    }


def _ending(arguments: argparse.Namespace) -> JsonValue:
    return {"client_id": arguments.client_id}


CHANGES: Mapping[str, tuple[ChangeKind, Callable[[argparse.Namespace], JsonValue]]] = {
    "register": (ChangeKind.CLIENT_REGISTRATION, _registration),
    "keys": (ChangeKind.CLIENT_KEYS, _keys),
    "certificate": (ChangeKind.CLIENT_CERTIFICATE, _certificate),
    "self-signed": (ChangeKind.CLIENT_SELF_SIGNED, _self_signed),
    "constraint": (ChangeKind.CLIENT_CONSTRAINT, _constraint),
    "redirects": (ChangeKind.CLIENT_REDIRECTS, _redirects),
    "end": (ChangeKind.CLIENT_ENDING, _ending),
}
