"""`creditbridge operator`: enrol the first two operators, change the registry, suspend a bank."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from creditbridge.cli.letters import confirm_letter, list_letters
from creditbridge.cli.operations import call_json
from creditbridge.cli.registry import (
    add_client_arguments,
    add_licence_arguments,
    read_client_change,
    read_licence,
)
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey, load_file_key, parse_public_key
from creditbridge.ledger.encoding import from_base64url, to_base64url
from creditbridge.parties.acts import ApprovalAct, ProposalAct, SuspensionAct
from creditbridge.parties.model import ChangeKind
from creditbridge.parties.rules import digest_body, message_of_act
from creditbridge.protocols.canonical_json import JsonValue, canonicalize
from creditbridge.protocols.strict_json import parse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the acts and what each needs."""
    parser.add_argument("--port", type=int, default=8480, help="the operations door's")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    enrol = acts.add_parser("enrol", help="open the house with its first two operators")
    enrol.add_argument(
        "--operator",
        action="append",
        nargs=2,
        required=True,
        metavar=("NAME", "PUBLIC_KEY"),
        help="a person and the PEM file of their public key; twice",
    )
    propose = acts.add_parser("propose", help="propose a bank from a JSON file")
    propose.add_argument("file", type=Path)
    approve = acts.add_parser("approve", help="show a change and approve it")
    approve.add_argument("change_id")
    client = acts.add_parser("client", help="propose a change of a bank's client")
    changes = add_client_arguments(client)
    suspend = acts.add_parser("suspend", help="shut a bank out at once; one operator may")
    resume = acts.add_parser("resume", help="propose to let a suspended bank in again")
    licence = acts.add_parser("licence", help="propose for what a bank may ask enterprises")
    add_licence_arguments(licence)
    policy = acts.add_parser("policy", help="propose another consent policy, from a JSON file")
    policy.add_argument("file", type=Path)
    recover = acts.add_parser("recover", help="propose a new passkey for who lost every one")
    recover.add_argument("person_id")
    acts.add_parser("letters", help="show the letters on paper that wait, or were disowned")
    letter = acts.add_parser("letter", help="show a letter, and confirm that the scan says so")
    letter.add_argument("consent_id")
    clients = acts.add_parser("clients", help="show a bank's clients and their keys")
    for named in (suspend, resume, licence, clients):
        named.add_argument("bank_id")
    for signed in (propose, approve, *changes, suspend, resume, licence, policy, recover, letter):
        signed.add_argument("--as", dest="operator_id", required=True, metavar="OPERATOR_ID")
        # A path and never the key itself: what stands on a command line stands in the history.
        signed.add_argument("--key", type=Path, required=True, help="your private key, PEM")


def run(arguments: argparse.Namespace) -> int:
    """Walk one act and print what the gateway answered; 1 where it refused."""
    try:
        answer = _act(arguments)
    except CreditbridgeError as error:
        print(f"{error.prose} {error.detail}".rstrip(), file=sys.stderr)
        return 1
    except (OSError, msgspec.DecodeError) as error:
        print(f"A file cannot be read: {error}", file=sys.stderr)
        return 1
    print(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
    # Problem details carry their status (RFC 9457, section 3.1.2); no success of this door does.
    return 0 if "status" not in answer else 1


def _act(arguments: argparse.Namespace) -> Mapping[str, object]:
    match arguments.act:
        case "enrol":
            operators = [
                {"person_name": name, "key": parse_public_key(Path(path).read_bytes()).to_jwk()}
                for name, path in arguments.operator
            ]
            return call_json(arguments.port, "POST", "/operators", {"operators": operators})
        case "clients":
            return call_json(arguments.port, "GET", f"/banks/{arguments.bank_id}/clients")
        case "letters":
            return list_letters(arguments.port)
        case signed:
            return SIGNED.get(signed, _propose)(arguments, load_file_key(arguments.key))


def _read_change(arguments: argparse.Namespace) -> tuple[ChangeKind, JsonValue]:
    match arguments.act:
        case "client":
            return read_client_change(arguments)
        case "policy":
            return ChangeKind.CONSENT_POLICY, parse(arguments.file.read_bytes())
        case "recover":
            return ChangeKind.PASSKEY_RECOVERY, {"person_id": arguments.person_id}
        case "resume":
            return ChangeKind.BANK_RESUMPTION, {"bank_id": arguments.bank_id}
        case "licence":
            return ChangeKind.BANK_LICENCE, read_licence(arguments)
        case _:
            return ChangeKind.BANK_ONBOARDING, parse(arguments.file.read_bytes())


def _propose(arguments: argparse.Namespace, key: FileKey) -> Mapping[str, object]:
    kind, change = _read_change(arguments)
    # Canonical before it is signed: both operators and the gateway hash the same bytes (RFC 8785).
    body = canonicalize(change)
    act = ProposalAct(
        operator_id=arguments.operator_id,
        kind=kind,
        body_digest=digest_body(body),
        acted_at=SystemClock().now(),
    )
    signed = {
        "act": act,
        "body": to_base64url(body),
        "signature": to_base64url(key.sign(message_of_act(act))),
    }
    return call_json(arguments.port, "POST", "/changes", signed)


def _suspend(arguments: argparse.Namespace, key: FileKey) -> Mapping[str, object]:
    act = SuspensionAct(
        operator_id=arguments.operator_id,
        bank_id=arguments.bank_id,
        acted_at=SystemClock().now(),
    )
    signed = {"act": act, "signature": to_base64url(key.sign(message_of_act(act)))}
    return call_json(arguments.port, "POST", "/suspensions", signed)


def _approve(arguments: argparse.Namespace, key: FileKey) -> Mapping[str, object]:
    change = call_json(arguments.port, "GET", f"/changes/{arguments.change_id}")
    # Refused already: there is nothing to show, and nothing may be signed.
    if "status" in change:
        return change
    # What is about to be approved stands on the screen before it is signed, and what it does: the
    # bodies of two kinds may look alike.
    shown = msgspec.json.format(from_base64url(str(change["body"])), indent=2)
    print(change["kind"], shown.decode(), file=sys.stderr)
    act = ApprovalAct(
        operator_id=arguments.operator_id,
        change_id=arguments.change_id,
        change_digest=str(change["digest"]),
        acted_at=SystemClock().now(),
    )
    signed = {"act": act, "signature": to_base64url(key.sign(message_of_act(act)))}
    return call_json(arguments.port, "POST", "/approvals", signed)


# What is no proposal; everything else that an operator signs is one.
SIGNED: Mapping[str, Callable[[argparse.Namespace, FileKey], Mapping[str, object]]] = {
    "approve": _approve,
    "suspend": _suspend,
    "letter": confirm_letter,
}
