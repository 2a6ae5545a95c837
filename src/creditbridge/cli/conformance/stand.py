"""`creditbridge serve --conformance`: everything that the suite talks to, until Ctrl-C."""

import argparse
import asyncio
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

import msgspec

from creditbridge.cli.conformance.approver import decide_waiting, open_approver
from creditbridge.cli.conformance.cast import (
    BANKS,
    VARIANTS,
    describe_client,
    list_redirect_uris,
    make_key,
)
from creditbridge.cli.conformance.configuration import Stand, write_stand
from creditbridge.cli.demo.layout import WITHOUT_LIMITS, Layout, Place, lay_out
from creditbridge.cli.demo.narration import StoryBroken
from creditbridge.cli.demo.processes import Processes, free_ports
from creditbridge.cli.demo.stage import Stage
from creditbridge.foundation.errors import CreditbridgeError

# Not the examples' organisation, which a door shows on loopback only: the suite may run on another
# machine, and these certificates live as long as one run.
ORGANISATION = "Creditbridge CONFORMANCE"
MODULES = {"creditsandbox.app": "sandbox.toml", "creditbridge": "creditbridge.toml"}


def run(arguments: argparse.Namespace) -> int:
    """Bring everything up, say where, and wait; 1 where something did not come up."""
    folder: Path = arguments.folder
    # Anew each time: keys and ledger of an earlier run would not belong together.
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    place = Place(host=arguments.host, listen=arguments.listen, first_port=arguments.first_port)
    try:
        layout = _lay_out(folder.resolve(), arguments.recipe, place)
        # As Ctrl-C: ended without its children, it would leave two servers behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with Processes(layout.folder) as processes:
            stage = Stage(layout, processes)
            port = place.first_port + 3 if place.first_port else free_ports(1)[0]
            approver = f"https://{place.host}:{port}"
            stand = asyncio.run(build_stand(stage, arguments, approver_url=approver))
            with open_approver(partial(decide_waiting, stage), layout.pki, (place.listen, port)):
                write_stand(layout.folder, stand)
                _announce(layout, stand)
                processes.wait()
    except (StoryBroken, CreditbridgeError) as broken:
        print(f"The stand did not come up: {broken}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _lay_out(folder: Path, recipe: Path, place: Place) -> Layout:
    clients = [variant.client_id(bank) for variant in VARIANTS.values() for bank in BANKS]
    options = ["--organisation", ORGANISATION, "--host", place.host]
    for client_id in clients:
        options += ["--client", client_id]
    return lay_out(folder, recipe, place, options=options, settings=WITHOUT_LIMITS)


async def build_stand(stage: Stage, arguments: argparse.Namespace, *, approver_url: str) -> Stand:
    """Start sandbox and gateway, onboard two banks with a client for each variant.

    Raises:
        StoryBroken: a process ended, or a step was refused.
    """
    layout = stage.layout
    for module, file in MODULES.items():
        stage.processes.start(module, "serve", "--config", str(layout.folder / file))
    await stage.wait_for_line("creditsandbox.app", "ready")
    await stage.wait_for_health()
    stage.enrol()
    stand = Stand(
        alias=arguments.alias,
        suite_url=arguments.suite,
        bank_url=layout.bank_url,
        people_url=layout.people_url,
        identity_url=layout.identity_url,
        approver_url=approver_url,
        keys={
            variant.client_id(bank): make_key(variant.client_id(bank), bank=bank)
            for variant in VARIANTS.values()
            for bank in BANKS
        },
    )
    for bank in BANKS:
        clients = [
            describe_client(
                variant,
                bank=bank,
                jwk=stand.keys[variant.client_id(bank)],
                organisation=ORGANISATION,
                redirect_uris=list_redirect_uris(stand.suite_url, stand.alias),
            )
            for variant in VARIANTS.values()
        ]
        change_id = stage.propose_bank(bank, clients)
        stage.operator("approve", change_id, *stage.sign_as("zhou"))
    # Nobody is asked without a browser before they have once come with one.
    stage.sign_in(stage.open_browser())
    # And for whoever tries the stand by hand, beside the suite.
    await stage.send_representatives()
    return stand


def _announce(layout: Layout, stand: Stand) -> None:
    line = {
        "event": "ready",
        "discovery": f"{stand.people_url}/.well-known/oauth-authorization-server",
        "bank_door": stand.bank_url,
        "people_door": stand.people_url,
        "identity_provider": stand.identity_url,
        "approver": stand.approver_url,
        "suite": f"{stand.suite_url}/test/a/{stand.alias}",
        "folder": str(layout.folder),
    }
    print(msgspec.json.encode(line).decode(), flush=True)
