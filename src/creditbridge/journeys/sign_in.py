"""A person signs in to speak for an enterprise.

    login -> parties -> ledger -> (follow_representative) -> login -> notices

1. The identity provider says who this is, and for which enterprise they speak.
2. Person and right to speak are enrolled where they are new: one natural person, once. As a legal
   representative they end the right of whoever was it, in the same statement.
3. A new enrolment is in the ledger before anything can be approved with it.
4. Where somebody else was the legal representative, what rests on their word waits from here on.
5. A new session begins; the one that this browser had before ends.
6. Who speaks for the enterprise already is told that somebody new does.
"""

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.database import Database
from creditbridge.journeys.follow_representative import FollowRepresentative
from creditbridge.journeys.records.news import people_news
from creditbridge.journeys.records.people import person_record
from creditbridge.ledger.port import Recorder
from creditbridge.login.model import Callback
from creditbridge.login.service import Login, open_session
from creditbridge.notices.model import NoticeKind
from creditbridge.notices.port import Herald
from creditbridge.parties.model import Enrolment
from creditbridge.parties.service import enrol_person, get_person, note_entry
from creditbridge.parties.voices.rules import derive_person_key


class SignedInPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The session's cookie value, and where the person wanted to go."""

    session: str
    return_to: str


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `secret`, 32 bytes, keeps people apart."""

    database: Database
    login: Login
    ledger: Recorder
    notices: Herald
    follow: FollowRepresentative
    secret: bytes

    async def __call__(
        self, callback: Callback, *, binding: str | None, replaces: str | None
    ) -> SignedInPerson:
        """Walk the steps above, in order.

        Raises:
            Refused: no open try of this browser, the person did not sign in, or may no more.
            Untrusted: what the provider said cannot be believed.
            Unavailable: the provider or the database.
        """
        signed_in = await self.login.complete(callback, binding=binding)  # 1
        identity = signed_in.identity
        enrolment = Enrolment(
            issuer=identity.issuer,
            subject=identity.subject,
            person_key=derive_person_key(
                self.secret, issuer=identity.issuer, person=identity.person
            ),
            name=identity.name,
            uscc=identity.uscc,
            enterprise_name=identity.enterprise_name,
            role=identity.role,
            proof_digest=signed_in.id_token_digest,
            office_since=identity.office_since,
        )
        async with self.database.transaction() as tx:
            representative, is_new = await enrol_person(tx, enrolment)  # 2
            # Those of before entries were kept have none, and are recorded once more.
            if is_new or representative.entry is None:
                person = await get_person(tx, representative.person_id)
                record = person_record(person, representative, enrolment)
                recorded = await self.ledger.record(tx, record)  # 3
                await note_entry(tx, representative, recorded.event_id)
                representative = replace(representative, entry=recorded.event_id)
            if is_new:
                await self.follow.hear_provider(tx, representative)  # 4
            session = await open_session(  # 5
                tx,
                person_id=representative.person_id,
                uscc=identity.uscc,
                replaces=replaces,
                anew=signed_in.anew,
            )
            if is_new:
                news = people_news(NoticeKind.REPRESENTATIVE_ADDED, identity.uscc)
                await self.notices.tell(tx, news)  # 6
        return SignedInPerson(session=session, return_to=signed_in.return_to)
