"""What runs behind the doors: the house keeps itself."""

from datetime import timedelta

import creditbridge.consents.moves.service as moves
from creditbridge.app.keys import list_rings
from creditbridge.app.rooms import Rooms
from creditbridge.endpoints.answers import ReportAnswers
from creditbridge.endpoints.letters import Letters
from creditbridge.journeys.end_consents import EndConsents
from creditbridge.journeys.issue_statements import IssueStatements
from creditbridge.journeys.keep_house import KeepHouse
from creditbridge.journeys.keep_keys import KeepKeys
from creditbridge.journeys.lapse_requests import LapseRequests
from creditbridge.journeys.pass_disputes import PassDisputes
from creditbridge.journeys.send_notices import SendNotices
from creditbridge.journeys.settle_intents import SettleIntents
from creditbridge.journeys.silence_consents import SilenceConsents
from creditbridge.journeys.sum_up_overruns import SumUpOverruns
from creditbridge.journeys.sum_up_strangers import SumUpStrangers
from creditbridge.journeys.tell_looks import TellLooks
from creditbridge.journeys.warn_lapsing import WarnLapsing


def keep_house(rooms: Rooms) -> KeepHouse:
    """Return what runs behind the doors."""
    return KeepHouse(
        database=rooms.database,
        clock=rooms.clock,
        admission=rooms.admission,
        ledger=rooms.ledger,
        notices=rooms.notices,
        keep_keys=keep_keys(rooms),
        warn_endings=rooms.warn_endings(),
        settle_intents=SettleIntents(
            database=rooms.database,
            ledger=rooms.ledger,
            platforms=rooms.platforms,
            consents=rooms.consents,
            admission=rooms.admission,
            answers=ReportAnswers(),
        ),
        under_way=rooms.under_way,
        silence_consents=SilenceConsents(
            database=rooms.database,
            ledger=rooms.ledger,
            consents=rooms.consents,
            moves=moves,
            under_way=rooms.under_way,
        ),
        end_consents=EndConsents(
            database=rooms.database, moves=moves, ledger=rooms.ledger, notices=rooms.notices
        ),
        lapse_requests=LapseRequests(
            database=rooms.database, consents=rooms.consents, ledger=rooms.ledger
        ),
        warn_lapsing=WarnLapsing(
            database=rooms.database, consents=rooms.consents, notices=rooms.notices
        ),
        tell_looks=TellLooks(
            database=rooms.database, consents=rooms.consents, notices=rooms.notices
        ),
        issue_statements=IssueStatements(
            database=rooms.database,
            ledger=rooms.ledger,
            recorder=rooms.ledger,
            notices=rooms.notices,
            signers=rooms.keys.consent,
            origin=rooms.settings.ledger.origin,
        ),
        send_notices=_send_notices(rooms),
        pass_disputes=PassDisputes(
            database=rooms.database,
            disputes=rooms.disputes,
            platforms=rooms.platforms,
            ledger=rooms.ledger,
            notices=rooms.notices,
        ),
        sum_up_strangers=SumUpStrangers(
            database=rooms.database, ledger=rooms.ledger, strangers=rooms.strangers
        ),
        sum_up_overruns=SumUpOverruns(
            database=rooms.database, ledger=rooms.ledger, overruns=rooms.overruns
        ),
    )


def keep_keys(rooms: Rooms) -> KeepKeys:
    """Return who looks after the house's signing keys."""
    return KeepKeys(
        database=rooms.database,
        ledger=rooms.ledger,
        rings=list_rings(rooms.keys),
        cache=timedelta(seconds=rooms.settings.keys.cache_seconds),
    )


def _send_notices(rooms: Rooms) -> SendNotices | None:
    if rooms.mailer is None:
        return None
    return SendNotices(
        database=rooms.database,
        notices=rooms.notices,
        mailer=rooms.mailer,
        write=Letters(people_url=rooms.settings.doors.people.url).write,
    )
