"""`creditbridge conformance-config`: print the suite's configuration for a stand that is up."""

import argparse
import sys
from pathlib import Path

import msgspec

from creditbridge.cli.conformance.cast import VARIANTS
from creditbridge.cli.conformance.configuration import configure, read_stand
from creditbridge.cli.conformance.options import FOLDER


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the variant, and where the stand was built."""
    parser.add_argument(
        "--variant",
        choices=sorted(VARIANTS),
        required=True,
        help="client authentication + sender constraint (+ how it asks people)",
    )
    parser.add_argument(
        "--openid", action="store_true", help="for plans that run with openid=openid_connect"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of `serve --conformance`")


def run(arguments: argparse.Namespace) -> int:
    """Print the configuration; 2 where no stand was built."""
    folder: Path = arguments.folder
    try:
        stand = read_stand(folder)
        written = configure(
            stand, VARIANTS[arguments.variant], openid=arguments.openid, pki=folder / "pki"
        )
    except OSError as error:
        print(f"{error}: start `creditbridge serve --conformance` first", file=sys.stderr)
        return 2
    print(msgspec.json.format(msgspec.json.encode(written), indent=2).decode())
    return 0
