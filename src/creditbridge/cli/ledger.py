"""`creditbridge ledger`: the pins that verifiers believe."""

import argparse
import sys

from creditbridge.cli.operations import call
from creditbridge.foundation.errors import CreditbridgeError

OK = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the acts."""
    parser.add_argument("--port", type=int, default=8480, help="the operations door's")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    pins = acts.add_parser("pins", help="print pins.json for a bank")
    pins.add_argument("--bank", required=True, metavar="BANK_ID")
    acts.add_parser("check", help="check tree, rows, counters and openings against each other")


def run(arguments: argparse.Namespace) -> int:
    """Walk one act; 1 where it was refused or a violation was found."""
    path = f"/pins/{arguments.bank}" if arguments.act == "pins" else "/ledger/check"
    try:
        status, body = call(arguments.port, "GET", path)
    except CreditbridgeError as error:
        print(f"{error.prose} {error.detail}", file=sys.stderr)
        return 1
    print(body.decode())
    return 0 if status == OK else 1
