"""The rooms of one process, and the journeys that lead through them."""

from contextlib import AsyncExitStack
from functools import partial

import msgspec

from creditbridge.access.id_tokens import IdTokens
from creditbridge.admission.limits import Limits
from creditbridge.admission.sealing import Sealer
from creditbridge.admission.service import Admission
from creditbridge.app.endings import list_file_endings
from creditbridge.app.opening import (
    open_id_tokens,
    open_login,
    open_nonces,
    open_platforms,
    open_revocations,
)
from creditbridge.consents.paper.service import Letters
from creditbridge.consents.policy import Ceilings
from creditbridge.consents.service import Consents
from creditbridge.disputes.sealing import WordSealer
from creditbridge.disputes.service import Disputes
from creditbridge.foundation.clock import Clock
from creditbridge.foundation.database import Database
from creditbridge.foundation.ids import Kind, new_id
from creditbridge.foundation.mail import Mailer, open_mailer
from creditbridge.journeys.open_policy import OpenPolicy
from creditbridge.journeys.sum_up_overruns import Overruns
from creditbridge.journeys.sum_up_strangers import Strangers
from creditbridge.journeys.under_way import UnderWay
from creditbridge.journeys.warn_endings import SeenCertificates, WarnEndings
from creditbridge.ledger.sealing import OpeningKeys, load_opening_key
from creditbridge.ledger.service import Ledger
from creditbridge.login.passkeys.service import Passkeys
from creditbridge.login.passkeys.settings import relying_party
from creditbridge.login.service import Login
from creditbridge.notices.sealing import AddressSealer
from creditbridge.notices.service import Notices
from creditbridge.platforms.service import Platforms
from creditbridge.protocols.dpop_nonce import ProofNonces
from creditbridge.server.revocation import RevocationLists
from creditbridge.settings import Keys, Settings, load_keys


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms of one process, furnished and joined to journeys."""

    settings: Settings
    database: Database
    clock: Clock
    keys: Keys
    strangers: Strangers
    overruns: Overruns
    admission: Admission
    limits: Limits
    consents: Consents
    letters: Letters
    platforms: Platforms
    ledger: Ledger
    login: Login
    passkeys: Passkeys
    notices: Notices
    disputes: Disputes
    mailer: Mailer | None
    revocations: RevocationLists
    nonces: ProofNonces | None
    id_tokens: IdTokens | None
    people_secret: bytes
    under_way: UnderWay = msgspec.field(default_factory=UnderWay)
    certificates: SeenCertificates = msgspec.field(default_factory=SeenCertificates)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        database: Database,
        limits: Limits,
        clock: Clock,
        stack: AsyncExitStack,
    ) -> "Rooms":
        """Furnish the rooms; clients that are opened here are closed by the stack."""
        keys = load_keys(settings.keys, clock)
        records = load_opening_key(settings.keys.records).secret
        openings = load_opening_key(settings.keys.openings)
        mail = settings.mail
        consents = Consents(Ceilings(), keys.consent)
        return cls(
            settings=settings,
            database=database,
            clock=clock,
            keys=keys,
            strangers=Strangers(),
            overruns=Overruns(),
            limits=limits,
            admission=Admission(
                settings.admission, Sealer(load_opening_key(settings.keys.bodies).secret)
            ),
            consents=consents,
            letters=Letters(consents.policies, keys.consent),
            platforms=open_platforms(settings, keys, records, clock, stack),
            ledger=Ledger(
                settings.ledger,
                receipt_signer=keys.receipt,
                opening_keys=OpeningKeys(current=openings),
                node_id=new_id(Kind.NODE, now=clock.now()),
            ),
            login=open_login(settings, keys, database, clock, stack),
            passkeys=Passkeys(
                relying_party(settings.passkeys, settings.doors.people.url),
                cooling_hours=settings.passkeys.recovery_cooling_hours,
            ),
            notices=Notices(AddressSealer(openings.secret)),
            disputes=Disputes(WordSealer(openings.secret)),
            mailer=None if mail is None else open_mailer(mail),
            revocations=open_revocations(settings, clock),
            nonces=open_nonces(settings),
            id_tokens=open_id_tokens(settings, keys),
            people_secret=records,
        )

    def open_policy(self) -> OpenPolicy:
        """Return who signs the house's own policy, where there is none."""
        policies = self.consents.policies
        return OpenPolicy(database=self.database, policies=policies, ledger=self.ledger)

    def warn_endings(self) -> WarnEndings:
        """Return who tells what ends soon."""
        return WarnEndings(
            database=self.database,
            admission=self.admission,
            read_files=partial(list_file_endings, self.settings),
            certificates=self.certificates,
        )
