"""The platform: from a received request to a signed answer.

1. The minute is not full, the signature is the gateway's, its nonce is new. Else 429, or 401
   unsigned.
2. A submitted grant covers a query here and now, and is counted once under its id. Else 403,
   signed.
3. A poll finds the query, not ready for a while, then its result: what binds it, and the digests
   of its pages.
4. A page is one of those.

The fault script of a fixed enterprise spoils an answer that would have been right.
"""

from datetime import datetime, timedelta

import msgspec

from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.sm2_keys import Sm2PrivateKey
from creditbridge.protocols.sm2_message import digest_sm3
from creditsandbox.dialects.national.files import WireFile, delivered_at, find_file
from creditsandbox.dialects.national.journal import Journal, TooMany
from creditsandbox.dialects.national.messages import (
    Asked,
    GrantRefused,
    parse_grant,
    parse_objection,
    require_grant,
)
from creditsandbox.dialects.national.signing import (
    Admitted,
    CallerUnknown,
    Received,
    Reply,
    Suite,
)
from creditsandbox.dialects.provincial.faults import (
    OLDER_QUERY_ID,
    REPLAY_AGE_SECONDS,
    RETRY_AFTER_SECONDS,
    STRANGER_USCC,
)
from creditsandbox.dialects.provincial.words import write_instant
from creditsandbox.province.fixed import Outcome, find_outcome
from creditsandbox.province.population import Province

QUERIES_PATH = "/api/v1/queries"
DISPUTES_PATH = "/api/v1/disputes"
PAGE_DIGITS_MAX = 4
_ENCODER = msgspec.json.Encoder()


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How the platform goes about it: when a result is ready, and how much a page holds."""

    ready_seconds: float = 0.1
    slow_seconds: float = 30.0
    page_records: int = 20
    requests_per_minute: int = 60_000


class Platform:
    """One platform process: the province, its keys, its counts."""

    def __init__(
        self,
        *,
        province: Province,
        platform_id: str,
        suite: Suite,
        impostor: Sm2PrivateKey,
        manner: Manner,
    ) -> None:
        self.journal = Journal(requests_per_minute=manner.requests_per_minute)
        self._province = province
        self._platform_id = platform_id
        self._suite = suite
        self._impostor = impostor
        self._manner = manner

    def serve(self, received: Received, *, now: datetime) -> Reply:
        """Answer a request, whatever it is."""
        try:
            self.journal.pace(now=now)  # 1
            return self._answer(self._admit(received, now=now), now=now)
        except TooMany as refusal:
            return _later(429, refusal.seconds)
        except (CallerUnknown, Malformed):
            body = _ENCODER.encode({"code": "SIGNATURE_REFUSED"})
            return Reply(status=401, headers=(("content-type", "application/json"),), body=body)

    def _admit(self, received: Received, *, now: datetime) -> Admitted:
        admitted = self._suite.admit(received, now=now)
        # Only what verified may spend a nonce, or a stranger could spend the gateway's.
        if not self.journal.is_new_nonce(admitted.signed.nonce, now=now):
            raise CallerUnknown(detail="nonce")
        return admitted

    def _answer(self, admitted: Admitted, *, now: datetime) -> Reply:
        signed = admitted.signed
        if (signed.method, signed.path) == ("POST", QUERIES_PATH):
            return self._submit(admitted, now=now)
        if signed.path.startswith(DISPUTES_PATH):
            return self._decline(admitted, now=now)
        query_id, _, what = signed.path.removeprefix(f"{QUERIES_PATH}/").partition("/")
        if what == "state":
            counted = self.journal.find(query_id) is not None
            state = {"queryId": query_id, "state": "COUNTED" if counted else "NOT_COUNTED"}
            return self._suite.sign(200, _ENCODER.encode(state), admitted, question=b"", now=now)
        asked = self.journal.find(query_id)
        if asked is None or signed.consent != asked.grant.consent_digest:
            refusal = _refusal(query_id, "", "GRANT_REFUSED")
            return self._suite.sign(403, refusal, admitted, question=b"", now=now)
        if what == "pages":
            return self._give_page(asked, admitted, now=now)
        return self._give_result(asked, admitted, now=now)

    def _decline(self, admitted: Admitted, *, now: datetime) -> Reply:
        """Take no dispute: whoever signs for the answers of this sandbox says so by name."""
        if admitted.signed.method == "GET":
            dispute_id = admitted.signed.path.removeprefix(f"{DISPUTES_PATH}/")
            unknown = {"disputeId": dispute_id, "code": "DISPUTE_UNKNOWN"}
            return self._suite.sign(404, _ENCODER.encode(unknown), admitted, question=b"", now=now)
        told = parse_objection(admitted.body)
        standing = {
            "disputeId": told.dispute_id,
            "uscc": told.uscc,
            "stage": told.stage,
            "state": "NOT_ACCEPTED",
            "extended": False,
            "outcome": None,
        }
        body = _ENCODER.encode(standing)
        return self._suite.sign(200, body, admitted, question=admitted.body, now=now)

    def _submit(self, admitted: Admitted, *, now: datetime) -> Reply:
        query_id, uscc = "", ""
        try:
            grant = parse_grant(admitted.body)
            query_id, uscc = grant.query_id, grant.uscc
            # Before anything is counted: "down" must mean that nothing happened.
            if find_outcome(uscc) is Outcome.DOWN:
                return _later(503, RETRY_AFTER_SECONDS)
            require_grant(
                grant,
                consent=admitted.signed.consent,
                platform_id=self._platform_id,
                now=now,
            )
            asked = self.journal.count(Asked(grant=grant, raw=admitted.body, counted_at=now))  # 2
        except GrantRefused:
            refusal = _refusal(query_id, uscc, "GRANT_REFUSED")
            return self._suite.sign(403, refusal, admitted, question=admitted.body, now=now)
        return self._give_result(asked, admitted, now=now)

    def _give_result(self, asked: Asked, admitted: Admitted, *, now: datetime) -> Reply:
        grant, outcome = asked.grant, find_outcome(asked.grant.uscc)
        manner = self._manner
        wait = manner.slow_seconds if outcome is Outcome.SLOW else manner.ready_seconds
        if now < asked.counted_at + timedelta(seconds=wait):
            ticket = {"queryId": grant.query_id, "state": "RUNNING"}
            return self._sign(202, _ENCODER.encode(ticket), asked, admitted, now=now)
        file = self._find_file(asked)
        # It was looked for, so it is counted, though nobody is there.
        if file is None:
            refusal = _refusal(grant.query_id, grant.uscc, "SUBJECT_UNKNOWN")
            return self._sign(404, refusal, asked, admitted, now=now)
        replayed = outcome is Outcome.REPLAYED
        result = {
            "queryId": OLDER_QUERY_ID if replayed else grant.query_id,
            "uscc": file.uscc,
            "consentDigest": grant.consent_digest,
            "questionDigest": digest_sm3(asked.raw),
            "answeredAt": write_instant(asked.counted_at),
            "subject": file.subject,
            "sections": {code: file.summaries[code] for code in grant.sections},
            "pages": [digest_sm3(page) for page in self._pages(asked, file)],
        }
        body, keys = _ENCODER.encode(result), None
        if outcome is Outcome.WRONG_SIGNATURE:
            keys = self._impostor
        when = now - timedelta(seconds=REPLAY_AGE_SECONDS) if replayed else now
        return self._sign(200, body, asked, admitted, now=when, signer=keys)

    def _give_page(self, asked: Asked, admitted: Admitted, *, now: datetime) -> Reply:
        file = self._find_file(asked)
        pages = [] if file is None else self._pages(asked, file)
        text = admitted.signed.query.removeprefix("page=")
        number = int(text) if text.isdecimal() and len(text) < PAGE_DIGITS_MAX else 0
        # An answer that breaks off: in this dialect its last page is lost.
        if find_outcome(asked.grant.uscc) is Outcome.CUT:
            pages = pages[:-1]
        if not 1 <= number <= len(pages):
            refusal = _refusal(asked.grant.query_id, asked.grant.uscc, "PAGE_UNKNOWN")
            return self._sign(404, refusal, asked, admitted, now=now)
        return self._sign(200, pages[number - 1], asked, admitted, now=now)

    def _find_file(self, asked: Asked) -> WireFile | None:
        other = find_outcome(asked.grant.uscc) is Outcome.OTHER_ENTERPRISE
        uscc = STRANGER_USCC if other else asked.grant.uscc
        return find_file(self._province, uscc, delivered_at(asked.counted_at))

    def _pages(self, asked: Asked, file: WireFile) -> list[bytes]:
        records = [
            {"section": code, "record": record}
            for code in asked.grant.sections
            for record in file.records[code]
        ]
        size = self._manner.page_records
        starts = range(0, len(records), size)
        return [
            _ENCODER.encode(
                {
                    "queryId": asked.grant.query_id,
                    "page": number,
                    "records": records[start : start + size],
                }
            )
            for number, start in enumerate(starts, start=1)
        ]

    def _sign(
        self,
        status: int,
        body: bytes,
        asked: Asked,
        admitted: Admitted,
        *,
        now: datetime,
        signer: Sm2PrivateKey | None = None,
    ) -> Reply:
        suite = self._suite
        if signer is not None:
            suite = msgspec.structs.replace(suite, signer=signer)
        return suite.sign(status, body, admitted, question=asked.raw, now=now)


def _refusal(query_id: str, uscc: str, code: str) -> bytes:
    return _ENCODER.encode({"queryId": query_id, "uscc": uscc, "code": code})


def _later(status: int, seconds: int) -> Reply:
    return Reply(status=status, headers=(("retry-after", str(seconds)),))
