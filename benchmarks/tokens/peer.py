"""node-oidc-provider at the same errand, from its npm package, where that is installed."""

import asyncio
import shutil
import subprocess
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path

import msgspec

from benchmarks.sides import GATEWAY
from benchmarks.tokens.side import BANK, CLIENT_ID, SCOPE, TokenSide, request_for
from creditbridge.cli.demo.layout import Layout
from creditbridge.cli.demo.processes import free_ports
from creditbridge.cli.demo.stage import BANKS
from creditbridge.foundation.errors import Unavailable

FOLDER = Path(__file__).parent / "node"
PACKAGE = FOLDER / "node_modules/oidc-provider/package.json"
START_SECONDS = 20.0
STOP_SECONDS = 10
POLL_SECONDS = 0.1
VERSION_SECONDS = 10


class TokenFormat(StrEnum):
    """What its tokens are: a row in memory, or a statement signed with ES256 (RFC 9068)."""

    OPAQUE = "opaque"
    JWT = "jwt"


NAMES = {
    TokenFormat.OPAQUE: "node-oidc-provider, opaque",
    TokenFormat.JWT: "node-oidc-provider, ES256 JWT",
}


class PeerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What `server.mjs` is told."""

    port: int
    format: TokenFormat
    client_id: str
    scope: str
    subject: str
    certificate: str
    key: str
    client_authority: str


class PeerNotStarted(Unavailable):
    """The other authorization server did not come up."""

    code = "peer-not-started"
    message = "node-oidc-provider did not start."


def find_peer() -> tuple[str, str]:
    """Return what stands here to be measured, or an empty text and the reason why nothing does."""
    node = shutil.which("node")
    if node is None:
        return "", "Node.js is not installed"
    if not PACKAGE.exists():
        return "", "its npm package is not installed (npm ci)"
    version = msgspec.json.decode(PACKAGE.read_bytes(), type=dict[str, object])["version"]
    told = subprocess.run(  # noqa: S603 - the program that was just found, no shell
        [node, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
    )
    return f"oidc-provider {version} on Node.js {told.stdout.strip()}", ""


async def start_peer(layout: Layout, tokens: TokenFormat, stack: AsyncExitStack) -> TokenSide:
    """Start a server whose tokens have this format; the stack stops it.

    Raises:
        PeerNotStarted: it ended, or said nothing in time.
    """
    port, log = free_ports(1)[0], layout.folder / f"peer-{tokens}.log"
    process = _start(layout, port, tokens, log)
    stack.callback(_stop, process)
    async with asyncio.timeout(START_SECONDS):
        while b"ready" not in log.read_bytes():
            if process.poll() is not None:
                raise PeerNotStarted(detail=log.read_text(errors="replace"))
            await asyncio.sleep(POLL_SECONDS)
    return TokenSide(
        name=NAMES[tokens],
        request=request_for(layout, port, "/token"),
        roots={GATEWAY: (process.pid,)},
    )


def _start(layout: Layout, port: int, tokens: TokenFormat, log: Path) -> "subprocess.Popen[bytes]":
    settings = layout.folder / f"peer-{tokens}.json"
    settings.write_bytes(msgspec.json.encode(_settings(layout, port, tokens)))
    node = shutil.which("node") or "node"
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own script, no shell
            # As in production: what a library checks only while one develops is left out.
            ["env", "NODE_ENV=production", node, str(FOLDER / "server.mjs"), str(settings)],  # noqa: S607 - of the system
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _settings(layout: Layout, port: int, tokens: TokenFormat) -> PeerSettings:
    pki, (_, uscc) = layout.pki, BANKS[BANK]
    return PeerSettings(
        port=port,
        format=tokens,
        client_id=CLIENT_ID,
        scope=SCOPE,
        subject=f"CN={BANK} bank {uscc} EXAMPLE,O=Creditbridge EXAMPLE,C=CN",
        certificate=str(pki / "gateway/bank-door.pem"),
        key=str(pki / "gateway/bank-door.key"),
        client_authority=str(pki / "ca/banks.pem"),
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
