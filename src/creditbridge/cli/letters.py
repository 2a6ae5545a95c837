"""`creditbridge operator letters` and `letter`: see what waits on paper, and confirm one."""

import argparse
import sys
from collections.abc import Mapping

import msgspec

from creditbridge.cli.operations import call_json
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.encoding import to_base64url
from creditbridge.parties.acts import ConfirmationAct
from creditbridge.parties.rules import message_of_act


def list_letters(port: int) -> Mapping[str, object]:
    """Return the letters that wait for an operator, and those that were disowned."""
    return call_json(port, "GET", "/documents")


def confirm_letter(arguments: argparse.Namespace, key: FileKey) -> Mapping[str, object]:
    """Show a letter, then sign that the scan says what was lodged."""
    letter = call_json(arguments.port, "GET", f"/documents/{arguments.consent_id}")
    # Refused already: there is nothing to show, and nothing may be signed.
    if "status" in letter:
        return letter
    # What is confirmed stands on the screen before it is signed: the digest covers all of it.
    print(msgspec.json.format(msgspec.json.encode(letter), indent=2).decode(), file=sys.stderr)
    act = ConfirmationAct(
        operator_id=arguments.operator_id,
        consent_id=arguments.consent_id,
        version=msgspec.convert(letter["version"], int),
        artefact_digest=str(letter["artefact_digest"]),
        acted_at=SystemClock().now(),
    )
    signed = {"act": act, "signature": to_base64url(key.sign(message_of_act(act)))}
    return call_json(arguments.port, "POST", "/confirmations", signed)
