"""`creditbridge demo`: the whole story on this machine, told as it happens."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from creditbridge.cli.demo.layout import lay_out
from creditbridge.cli.demo.narration import Narrator, StoryBroken
from creditbridge.cli.demo.processes import Processes
from creditbridge.cli.demo.stage import Stage
from creditbridge.cli.demo.story import Story
from creditbridge.foundation.errors import CreditbridgeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name where it plays, and whether it stays."""
    parser.add_argument("--stay", action="store_true", help="leave everything running at the end")
    parser.add_argument("--folder", type=Path, default=Path("var/demo"), help="made anew each time")
    parser.add_argument(
        "--recipe", type=Path, default=Path("certs_example/make.py"), help="makes the PKI"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play the story; 0 where every step held, 1 where one did not."""
    folder: Path = arguments.folder
    # Anew each time: keys and ledger of an earlier run would not belong together.
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    narrator = Narrator()
    narrator.open()
    try:
        layout = lay_out(folder.resolve(), arguments.recipe)
        with Processes(layout.folder) as processes:
            asyncio.run(Story(layout, processes, narrator).tell())
            if arguments.stay:
                # Not before: the story's own ledger would hold what they do, at another time each.
                asyncio.run(Stage(layout, processes).send_representatives())
                narrator.stay(layout.addresses())
                processes.wait()
    except (StoryBroken, CreditbridgeError) as broken:
        detail = getattr(broken, "detail", "")
        print(f"\nThe story broke: {broken} {detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
