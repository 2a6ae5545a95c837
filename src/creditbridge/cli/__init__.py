"""The command line: one file per command group."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

# A command group is a module here; adding one is a file and a line.
GROUPS = {
    "serve": "run a gateway",
    "demo": "play the whole story, sandbox and all, on this machine",
    "operator": "enrol operators, keep the registry with four eyes, suspend banks",
    "keys": "rotate the keys that the gateway signs with, show and forget them",
    "ledger": "check the ledger, print its pins",
    "verify": "check an evidence pack offline, with pinned keys only",
    "conformance-config": "print a configuration for the OpenID Foundation's conformance suite",
    "check-config": "say whether a configuration would start",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    parser = argparse.ArgumentParser(
        prog="creditbridge",
        description="The gateway between a public credit platform and banks.",
    )
    groups = parser.add_subparsers(dest="group", required=True, metavar="COMMAND")
    words = list(sys.argv[1:] if arguments is None else arguments)
    for name, purpose in GROUPS.items():
        group = groups.add_parser(name, help=purpose, description=purpose)
        # Only the chosen group is loaded: the verifier must not drag the gateway in.
        if words[:1] == [name]:
            import_module(f"creditbridge.cli.{name.replace('-', '_')}").add_arguments(group)
    chosen = parser.parse_args(words)
    module = import_module(f"creditbridge.cli.{chosen.group.replace('-', '_')}")
    # A status for scripts: 0 held, 1 refused or invalid, 2 could not be read.
    sys.exit(module.run(chosen))
