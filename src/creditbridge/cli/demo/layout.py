"""Where the demo's parts stand: a throw-away PKI, ports, two configuration files."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from creditbridge.cli.demo.narration import StoryBroken
from creditbridge.cli.demo.processes import free_ports
from creditbridge.foundation.http import Http, HttpClientSettings, open_client

LOG_ORIGIN = "ledger.creditbridge.example/demo"
GATEWAY = """\
# The demo's gateway. Every key that this file may have is explained in docs/operating.md.
[doors.bank]
host = "{listen}"
port = {bank_port}
url = "https://{host}:{bank_port}"
certificate = "pki/gateway/bank-door.pem"
key = "pki/gateway/bank-door.key"
client_authority = "pki/ca/banks.pem"

[doors.people]
host = "{listen}"
port = {people_port}
url = "https://{host}:{people_port}"
certificate = "pki/gateway/people-door.pem"
key = "pki/gateway/people-door.key"

[doors.operations]
port = {operations_port}

[keys]
ledger = "pki/gateway/ledger.key"
receipt = "pki/gateway/receipt.key"
message = "pki/gateway/message.key"
consent = "pki/gateway/consent.key"
seal = "pki/gateway/seal.key"
login = "pki/gateway/login.key"
token = "pki/gateway/token.key"
openings = "pki/gateway/openings.secret"
bodies = "pki/gateway/bodies.secret"
records = "pki/gateway/records.secret"

[access]
subject_key = "pki/gateway/subjects.secret"

[database]
folder = "database"

[ledger]
origin = "{origin}"

[identity]
issuer = "https://{host}:{identity_port}"
authority = "pki/ca/identity.pem"
client_id = "creditbridge"

[mail]
host = "127.0.0.1"
port = {smtp_port}
encryption = "TLS"
authority = "pki/ca/mail.pem"
sender = "notices@creditbridge.example"

[[platforms]]
platform_id = "provincial"
dialect = "provincial"
base_url = "https://127.0.0.1:{platform_port}"
client_id = "creditbridge"
ca_file = "pki/ca/platform.pem"
client_certificate_file = "pki/gateway/platform-client.pem"
client_key_file = "pki/gateway/platform-client.key"
answer_keys = {{ "provincial-1" = "pki/platform/message.pub" }}
"""
SANDBOX = """\
# The demo's counterparts: the provincial platform, the identity provider, a mailbox.
[provincial]
port = {platform_port}
base_url = "https://127.0.0.1:{platform_port}"
certificate_file = "pki/platform/server.pem"
private_key_file = "pki/platform/server.key"
client_ca_file = "pki/ca/platform.pem"
signing_key_file = "pki/platform/message.key"
signing_key_id = "provincial-1"
message_key_files = ["pki/gateway/message.pub"]
login_key_files = ["pki/gateway/message.pub"]

[identity]
host = "{listen}"
port = {identity_port}
issuer = "https://{host}:{identity_port}"
certificate_file = "pki/identity/server.pem"
private_key_file = "pki/identity/server.key"
signing_key_file = "pki/identity/signing.key"
client_key_files = ["pki/gateway/login.pub"]
redirect_uris = ["https://{host}:{people_port}/portal/callback"]

[mailbox]
port = {mailbox_port}
smtp_port = {smtp_port}
certificate_file = "pki/mail/server.pem"
private_key_file = "pki/mail/server.key"
"""
REPRESENTATIVES = """\
# The representatives who act by themselves, at this demo's portal (contracts/sandbox.md).
[representatives]
port = {visits_port}
certificate_file = "pki/identity/server.pem"
private_key_file = "pki/identity/server.key"
portal = "https://{host}:{people_port}"
portal_ca_file = "pki/ca/doors.pem"
issuer = "https://{host}:{identity_port}"
issuer_ca_file = "pki/ca/identity.pem"
"""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where banks and people come in: the host as they name it, the address that listens.

    The bank's door takes `first_port`, the people's door and the identity provider the next two;
    0 takes free ones. The operations door, the platform and the mailbox stay on loopback, on free
    ports, as does the door for visits of the representatives who act by themselves.
    """

    host: str = "127.0.0.1"
    listen: str = "127.0.0.1"
    first_port: int = 0

    def choose_ports(self) -> list[int]:
        """Return eight: bank, people, identity, operations, platform, mail, mailbox, visits."""
        if self.first_port == 0:
            return free_ports(8)
        return [*range(self.first_port, self.first_port + 3), *free_ports(5)]


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's folder, host and ports."""

    folder: Path
    host: str
    listen: str
    bank_port: int
    people_port: int
    operations_port: int
    identity_port: int
    platform_port: int
    smtp_port: int
    mailbox_port: int
    visits_port: int

    @property
    def pki(self) -> Path:
        """Where certificates and keys lie."""
        return self.folder / "pki"

    @property
    def bank_url(self) -> str:
        """The bank door."""
        return f"https://{self.host}:{self.bank_port}"

    @property
    def people_url(self) -> str:
        """The people's door."""
        return f"https://{self.host}:{self.people_port}"

    @property
    def identity_url(self) -> str:
        """The identity provider."""
        return f"https://{self.host}:{self.identity_port}"

    @property
    def mailbox_url(self) -> str:
        """The sandbox's mailbox, as a page; `/mails` is the same as JSON."""
        return f"https://127.0.0.1:{self.mailbox_port}"

    @property
    def visits_url(self) -> str:
        """Where a representative who acts by itself is sent to a page of the portal."""
        return f"https://127.0.0.1:{self.visits_port}/visits"

    def addresses(self) -> list[tuple[str, str]]:
        """Return what a person needs to go on by hand."""
        return [
            ("portal", self.people_url + "/portal/sign-in"),
            ("log in as", "found / found-pass (others: contracts/sandbox.md)"),
            ("certificates of", "the portal: pki/ca/doors.pem, the log-in: pki/ca/identity.pem"),
            ("mailbox", f"{self.mailbox_url} (certificate of pki/ca/mail.pem)"),
            ("answer alone", "eight enterprises (contracts/sandbox.md), no click needed"),
            ("their browsers", f"POST {self.visits_url} (certificate of pki/ca/identity.pem)"),
            ("bank door", f"{self.bank_url} with pki/banks/north/client.pem and client.key"),
            ("log", self.people_url + "/checkpoint"),
            ("health", f"http://127.0.0.1:{self.operations_port}/readyz"),
            ("folder", str(self.folder)),
        ]

    def open_http(self, url: str, authority: str, *, bank: str | None = None) -> Http:
        """Return a client of one site; with a bank's certificate where one is named."""
        folder = self.pki / "banks" / (bank or "")
        return open_client(
            HttpClientSettings(
                base_url=url,
                ca_file=self.pki / "ca" / f"{authority}.pem",
                client_certificate_file=None if bank is None else folder / "client.pem",
                client_key_file=None if bank is None else folder / "client.key",
            )
        )


# For whoever asks as fast as it can: the conformance suite, a test.
WITHOUT_LIMITS = """
[admission]
policies = []
"""


def lay_out(
    folder: Path,
    recipe: Path,
    place: Place | None = None,
    *,
    options: Sequence[str] = (),
    settings: str = "",
) -> Layout:
    """Make the PKI and write the configuration files into an empty folder.

    `options` are passed on to the recipe; `settings` are further tables of the gateway's.

    Raises:
        StoryBroken: the recipe is not there, or failed.
    """
    made = subprocess.run(  # noqa: S603 - our own recipe, no shell
        [sys.executable, str(recipe), str(folder / "pki"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StoryBroken(f"{recipe} failed:\n{made.stderr}")
    chosen = Place() if place is None else place
    bank, people, identity, operations, platform, smtp, mailbox, visits = chosen.choose_ports()
    layout = Layout(
        folder=folder,
        host=chosen.host,
        listen=chosen.listen,
        bank_port=bank,
        people_port=people,
        identity_port=identity,
        operations_port=operations,
        platform_port=platform,
        smtp_port=smtp,
        mailbox_port=mailbox,
        visits_port=visits,
    )
    values = {**msgspec.structs.asdict(layout), "origin": LOG_ORIGIN}
    (folder / "creditbridge.toml").write_text(GATEWAY.format_map(values) + settings)
    (folder / "sandbox.toml").write_text(SANDBOX.format_map(values))
    (folder / "representatives.toml").write_text(REPRESENTATIVES.format_map(values))
    return layout
