"""The command `creditbridge-sandbox`: serve what surrounds the gateway; the desk's commands.

    creditbridge-sandbox serve --config FILE
        [--only provincial|identity|mailbox|representatives]
    creditbridge-sandbox inspect|duties|changes|advance|fault|decide … (see `desk.py`)

`serve` prints one line of JSON when everything listens and ends by SIGTERM or SIGINT.
"""

import argparse
import asyncio
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from socket import create_server, socket
from typing import TypeAlias

import msgspec
import uvicorn
import uvloop
from litestar import Litestar
from typing_extensions import override

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError
from creditsandbox import desk
from creditsandbox.dialects.national import endpoints as national
from creditsandbox.dialects.national.settings import (
    NationalSettings,
    build_platform as build_national,
)
from creditsandbox.dialects.provincial import endpoints as provincial
from creditsandbox.dialects.provincial.settings import ProvincialSettings, build_platform
from creditsandbox.identity import endpoints as identity
from creditsandbox.identity.settings import IdentitySettings, build_provider
from creditsandbox.mailbox import endpoints as mailbox
from creditsandbox.mailbox.letters import Letters
from creditsandbox.mailbox.settings import MailboxSettings
from creditsandbox.mailbox.smtp import open_smtp
from creditsandbox.province.population import Province, ProvinceSettings, open_province
from creditsandbox.representatives import endpoints as representatives
from creditsandbox.representatives.company import Company
from creditsandbox.representatives.settings import RepresentativesSettings

GRACE_SECONDS = 2  # What the slow enterprise still owes is not waited for.
KEEP_ALIVE_SECONDS = 120  # Longer than any client's pool keeps a connection.
PROVINCIAL, NATIONAL, IDENTITY, MAILBOX = "provincial", "national", "identity", "mailbox"
REPRESENTATIVES = "representatives"
PARTS = (PROVINCIAL, IDENTITY, MAILBOX, REPRESENTATIVES)


DoorSettings: TypeAlias = (
    ProvincialSettings
    | NationalSettings
    | IdentitySettings
    | MailboxSettings
    | RepresentativesSettings
)


class ConfigInvalid(CreditbridgeError):
    """The configuration file cannot be used; `detail` says where."""

    code = "config-invalid"
    message = "The configuration file cannot be used."


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The configuration file; a table that is absent is not served."""

    province: ProvinceSettings = ProvinceSettings()
    provincial: ProvincialSettings | None = None
    national: NationalSettings | None = None
    identity: IdentitySettings | None = None
    mailbox: MailboxSettings | None = None
    representatives: RepresentativesSettings | None = None


class Server(uvicorn.Server):
    """Stock uvicorn, but the process's signals and the ready line are this module's business."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.listening.set()

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone: two servers in one process would take them from each other."""
        yield


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A server with its socket, the address under which others reach it, and work beside it."""

    name: str
    address: str
    server: Server
    listener: socket
    work: Callable[[], Coroutine[None, None, None]] | None = None

    async def serve(self) -> None:
        """Serve, and do the work meanwhile, until the server is told to stop."""
        async with asyncio.TaskGroup() as group:
            working = None if self.work is None else group.create_task(self.work())
            await self.server.serve(sockets=[self.listener])
            if working is not None:
                working.cancel()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parsed = _make_parser().parse_args(arguments)
    try:
        if parsed.command in (*desk.LOOKS, *desk.MOVES):
            desk.run(parsed, find_settings(parsed), now=SystemClock().now())
            return 0
        config = load_config(parsed.config)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(config, announce=write_line, only=parsed.only))
    except desk.NobodyThere as error:
        sys.stderr.write(f"{error.prose}\n")
        return 1
    except CreditbridgeError as error:
        sys.stderr.write(f"{error.prose} {error.detail}\n")
        return 2
    except OSError as error:
        # A file that cannot be read, a port that is taken.
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def write_line(line: str) -> None:
    """Write a line where the one who started this reads it, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="creditbridge-sandbox", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve what the configuration names")
    serving.add_argument("--config", type=Path, required=True)
    serving.add_argument("--only", choices=PARTS, default=None)
    desk.add_commands(commands.add_parser)
    return parser


def find_settings(parsed: argparse.Namespace) -> ProvinceSettings:
    """Return the province's settings: those of the configuration, or what the command line says."""
    if parsed.config is not None:
        return load_config(parsed.config).province
    return ProvinceSettings(seed=parsed.seed, size=parsed.size)


def load_config(path: Path) -> Config:
    """Return the configuration; relative paths in it start at the file's folder.

    Raises:
        ConfigInvalid: absent, no TOML, an unknown key, or a value of another type.
    """
    try:
        # The one type that TOML does not know is a path: relative ones start at the file.
        config = msgspec.toml.decode(
            path.read_bytes(), type=Config, dec_hook=lambda _kind, value: path.parent / str(value)
        )
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigInvalid(detail=str(error)) from error
    if config.province.state_file is not None:
        return config
    # The commands that move the province must find the file that the servers read.
    beside = msgspec.structs.replace(config.province, state_file=path.with_suffix(".state.json"))
    return msgspec.structs.replace(config, province=beside)


async def serve(
    config: Config, *, announce: Callable[[str], object], only: str | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; announce the ready line when everything listens.

    Raises:
        KeyUnusable: a key file that cannot be used.
        ConfigInvalid: nothing to serve.
        StateUnusable: a state file that cannot be read.
    """
    province = open_province(config.province)
    province.read_state()  # What cannot be read stops the start, not a query.
    letters = Letters()
    bound = list(bind_all(config, province, letters, only=only))
    if not bound:
        raise ConfigInvalid(detail="nothing to serve")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop_all, bound)
    # Where one server fails, the group ends the others: half a sandbox helps nobody.
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        if config.mailbox is not None and only in {None, MAILBOX}:
            stack.callback((await open_smtp(config.mailbox, letters)).close)
        for each in bound:
            group.create_task(each.serve())
        for each in bound:
            await each.server.listening.wait()
        addresses = {each.name: each.address for each in bound}
        line = {"event": "ready", **addresses, "entities": province.size}
        announce(msgspec.json.encode(line).decode())


def _stop_all(bound: Sequence[Bound]) -> None:
    for each in bound:
        each.server.should_exit = True


def bind_all(
    config: Config, province: Province, letters: Letters, *, only: str | None = None
) -> Iterator[Bound]:
    """Yield what the configuration names, each bound to its port but not yet served."""
    if config.provincial is not None and only in (None, PROVINCIAL):
        yield bind_provincial(config.provincial, province)
    if config.national is not None and only in (None, NATIONAL):
        yield bind_national(config.national, province)
    if config.identity is not None and only in (None, IDENTITY):
        yield bind_identity(config.identity, province)
    if config.mailbox is not None and only in (None, MAILBOX):
        yield bind(MAILBOX, config.mailbox, None, lambda _address: mailbox.build_app(letters))
    if config.representatives is not None and only in (None, REPRESENTATIVES):
        yield bind_representatives(config.representatives)


def bind_provincial(settings: ProvincialSettings, province: Province) -> Bound:
    """Return the provincial platform: nobody gets past TLS without a client certificate."""
    platform = build_platform(settings, province)

    def build(address: str) -> Litestar:
        """Build on the address that signed targets begin with."""
        return provincial.build_app(platform, base_url=address, clock=SystemClock())

    return bind(PROVINCIAL, settings, settings.base_url, build, client_ca=settings.client_ca_file)


def bind_national(settings: NationalSettings, province: Province) -> Bound:
    """Return the national platform; a client certificate is needed there as well."""
    platform = build_national(settings, province)

    def build(_address: str) -> Litestar:
        """Build; what is signed names a path, and no address."""
        return national.build_app(platform, clock=SystemClock())

    return bind(NATIONAL, settings, settings.base_url, build, client_ca=settings.client_ca_file)


def bind_identity(settings: IdentitySettings, province: Province) -> Bound:
    """Return the identity provider, over TLS."""

    def build(address: str) -> Litestar:
        """Build on the address that is the issuer."""
        provider = build_provider(settings, province, issuer=address)
        return identity.build_app(provider, clock=SystemClock())

    return bind(IDENTITY, settings, settings.issuer, build)


def bind_representatives(settings: RepresentativesSettings) -> Bound:
    """Return the door for visits; beside it the representatives look into the portal."""
    company = Company(settings)
    bound = bind(
        REPRESENTATIVES, settings, None, lambda _address: representatives.build_app(company)
    )
    return msgspec.structs.replace(bound, work=company.work)


def bind(
    name: str,
    settings: ProvincialSettings
    | NationalSettings
    | IdentitySettings
    | MailboxSettings
    | RepresentativesSettings,
    address: str | None,
    build: Callable[[str], Litestar],
    *,
    client_ca: Path | None = None,
) -> Bound:
    """Return a server on its own socket; port 0 takes a free one, which the address then names."""
    # Bound here and not by uvicorn, so that the address is known before the application is built:
    # the platform's signed target and the provider's issuer both begin with it.
    listener = create_server((settings.host, settings.port))
    port: int = listener.getsockname()[1]
    reached = address or f"https://{settings.host}:{port}"
    config = uvicorn.Config(
        build(reached),
        ssl_certfile=settings.certificate_file,
        ssl_keyfile=settings.private_key_file,
        ssl_ca_certs=client_ca,
        ssl_cert_reqs=ssl.CERT_REQUIRED if client_ca else ssl.CERT_NONE,
        ssl_context_factory=make_context,
        # Bodies, tokens and names have no place in a log, and nobody reads a sandbox's.
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Bound(name=name, address=reached, server=Server(config), listener=listener)


def make_context(
    _config: uvicorn.Config, make_default: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    """Return uvicorn's own context, for TLS 1.3 alone."""
    context = make_default()
    # As the gateway's own doors: a resumed older session would outlive a revoked certificate.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


if __name__ == "__main__":
    raise SystemExit(main())
