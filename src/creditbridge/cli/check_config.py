"""`creditbridge check-config`: the same verdict as a start, without starting."""

import argparse
import sys
from pathlib import Path

from creditbridge.app.endings import list_file_endings
from creditbridge.app.opening import open_nonces
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.ledger.sealing import load_opening_key
from creditbridge.settings import load_keys, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the configuration file."""
    parser.add_argument("--config", type=Path, default=Path("creditbridge.toml"))


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict; 0 where a start would succeed, 1 where it would be refused."""
    try:
        # The start's own reader: a second one would pass what a start refuses.
        settings = read_settings(arguments.config)
        load_keys(settings.keys, SystemClock())
        for secret in (settings.keys.openings, settings.keys.bodies, settings.keys.records):
            load_opening_key(secret)
        open_nonces(settings)
    except CreditbridgeError as error:
        print(f"{error.prose}\n  {error.detail}", file=sys.stderr)
        return 1
    print(f"{arguments.config}: good, {len(settings.platforms)} platform(s)")
    now = SystemClock().now()
    # No reason not to start, and a reason to act: by then the start would still be good.
    for ending in list_file_endings(settings):
        if ending.is_near(now):
            verb = "ended" if ending.ends_at <= now else "ends"
            told = f"{ending.ends_at:%Y-%m-%d %H:%M}Z"
            print(f"  {ending.name}: {ending.kind} {verb} {told}", file=sys.stderr)
    return 0
