"""Where the suite and the gateway find each other: the options of `serve --conformance`."""

import argparse
from pathlib import Path

SUITE_URL = "https://localhost.emobix.co.uk:8443"  # Where the suite's own recipe puts it.
ALIAS = "creditbridge"
FIRST_PORT = 9440
FOLDER = Path("var/conformance")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the options; each has a default that fits a suite on this machine."""
    group = parser.add_argument_group("the conformance stand")
    group.add_argument(
        "--conformance",
        action="store_true",
        help="bring up a sandbox, a gateway and two banks for the OpenID Foundation's suite",
    )
    group.add_argument("--suite", default=SUITE_URL, metavar="URL", help="the suite's base address")
    group.add_argument("--alias", default=ALIAS, help="the alias of the suite's test plans")
    group.add_argument(
        "--host", default="127.0.0.1", help="how the suite and its browser name this machine"
    )
    group.add_argument(
        "--listen", default="127.0.0.1", metavar="ADDRESS", help="the IP address to listen on"
    )
    group.add_argument(
        "--first-port",
        type=int,
        default=FIRST_PORT,
        metavar="PORT",
        help="of the bank door; people's door, identity provider, approver take the next; 0: any",
    )
    group.add_argument("--folder", type=Path, default=FOLDER, help="made anew each time")
    group.add_argument(
        "--recipe", type=Path, default=Path("certs_example/make.py"), help="makes the PKI"
    )
