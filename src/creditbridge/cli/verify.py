"""`creditbridge verify FILE --pins PINS [--profile FILE]`: a pack, a statement, a consent receipt.

Exit status: 0 valid (with or without erased data), 1 invalid, 2 the files cannot be read.
"""

import argparse
import sys
import unicodedata
from pathlib import Path

from creditbridge.evidence.documents import verify_document
from creditbridge.evidence.model import Result, Step, StepState, Verdict
from creditbridge.evidence.pins import read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.foundation.errors import CreditbridgeError

MARKS = {StepState.PASSED: "✓", StepState.FAILED: "✗", StepState.SKIPPED: "·"}
WIDTH = 100
NAME_WIDTH = 12
ARCHIVE_MARK = b"PK"  # What every ZIP file begins with, and no JSON.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("pack", type=Path, help="a pack (.zip), a statement or a receipt (.json)")
    parser.add_argument("--pins", type=Path, required=True, help="the keys to believe: pins.json")
    parser.add_argument("--profile", type=Path, help="the profile as it was delivered")


def run(arguments: argparse.Namespace) -> int:
    """Verify a pack, print each step, and return the exit status."""
    try:
        # From a file that was handed over before: keys inside a pack would vouch for themselves.
        pins = read_pins(arguments.pins.read_bytes())
        pack = arguments.pack.read_bytes()
        profile = None if arguments.profile is None else arguments.profile.read_bytes()
    except OSError as error:
        print(f"cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except CreditbridgeError as error:
        print(f"{error.prose} {error.detail}".strip(), file=sys.stderr)
        return 2
    is_pack = pack.startswith(ARCHIVE_MARK)
    verdict = verify_pack(pack, pins, profile) if is_pack else verify_document(pack, pins)
    print_verdict(verdict)
    # Erased names do not make a pack invalid: the law asks for erasure, and the proof survives it.
    return 1 if verdict.result is Result.INVALID else 0


def print_verdict(verdict: Verdict) -> None:
    """Print the steps, strengths at the right edge, and the verdict."""
    for step in verdict.steps:
        print(format_step(step))
    last = verdict.steps[-1]
    where = f", step {last.number} ({last.name})" if verdict.result is Result.INVALID else ""
    print(f"{verdict.result.replace('_', ' ')}{where}")


def format_step(step: Step) -> str:
    """Return a step as one line; a long detail goes on in lines of its own."""
    head = f"{MARKS[step.state]} {step.number:2}  {step.name:<{NAME_WIDTH}}"
    detail = show(step.detail)
    room = WIDTH - len(head) - len(step.strength) - 2
    first, rest = detail[:room], detail[room:]
    lines = [f"{head} {first:<{room}} {step.strength}"]
    indent = len(head) + 1
    lines += [
        " " * indent + rest[start : start + WIDTH - indent]
        for start in range(0, len(rest), WIDTH - indent)
    ]
    return "\n".join(line.rstrip() for line in lines)


def show(text: str) -> str:
    """Return text without what would steer a terminal: a pack may hold anything."""
    return "".join(
        mark if unicodedata.category(mark)[0] != "C" else "\N{REPLACEMENT CHARACTER}"
        for mark in text
    )
