"""The three applications, one per kind of caller: which addresses each of them has."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from litestar import Litestar, Response, Router
from litestar.di import Provide
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from typing_extensions import override

from creditbridge.endpoints import (
    approval_rules,
    authorization,
    authorize,
    confirming,
    consents,
    contact,
    disowning,
    disputes,
    grants,
    health,
    inbox,
    ledger,
    my_consents,
    operator,
    passkeys,
    pausing,
    people,
    person_consents,
    policy,
    portal,
    reports,
    sign_in,
    statements,
    voices,
    waiting,
)
from creditbridge.endpoints.correlation import Correlation
from creditbridge.endpoints.guards import answer_caller
from creditbridge.endpoints.house import House
from creditbridge.endpoints.problems import answer_any
from creditbridge.endpoints.proof_nonce import OfferNonce
from creditbridge.endpoints.token_door import TokenDoor

BODY_BYTES_MAX = 65_536

Application: TypeAlias = Callable[..., Awaitable[None]]
Limit: TypeAlias = Callable[[Application], Application]


def without_limit(application: Application) -> Application:
    """Return the application as it is."""
    return application


def bank_application(house: House, *, limit: Limit = without_limit) -> Correlation:
    """Return what banks' machines reach, over mutual TLS; `limit` sheds what is too much."""
    routers = (
        authorization.token_router,
        reports.router,
        consents.router,
        grants.router,
        person_consents.router,
        policy.router,
    )
    answer = partial(answer_caller, house)
    application: Application = _application(house, *routers, answer=answer)
    application = TokenDoor(application, house, answer, bytes_max=BODY_BYTES_MAX)
    if house.nonces is not None:
        application = OfferNonce(application, house.nonces, house.clock)
    # Outside the limit, so that a request that is shed has a name as well.
    return Correlation(limit(application))


def people_application(house: House) -> Correlation:
    """Return what people and everybody reach: portal, metadata, the public log."""
    return Correlation(
        _application(
            house,
            approval_rules.router,
            authorization.metadata_router,
            authorize.router,
            contact.router,
            disputes.router,
            inbox.router,
            ledger.router,
            my_consents.router,
            pausing.router,
            confirming.router,
            disowning.router,
            people.router,
            portal.router,
            passkeys.router,
            sign_in.router,
            voices.router,
            statements.router,
            waiting.router,
        )
    )


def operations_application(house: House) -> Correlation:
    """Return what operators reach, on this machine alone."""
    return Correlation(_application(house, health.router, operator.router))


class _Framework(Litestar):
    """The framework, without what it loads for libraries that nobody here uses."""

    @staticmethod
    @override
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        # It looks for pydantic and attrs, and where others have installed them it loads them whole:
        # some nine million bytes in each worker. The house's structs are msgspec's.
        return [*plugins, MsgspecDIPlugin()]


def _application(
    house: House, *routers: Router, answer: Callable[..., Response[bytes]] = answer_any
) -> Litestar:
    return _Framework(
        route_handlers=routers,
        dependencies={"house": Provide(lambda: house, sync_to_thread=False)},
        exception_handlers={Exception: answer},
        request_max_body_size=BODY_BYTES_MAX,
        # The contract is a file that is tested; one generated here would differ from the real
        # answers.
        openapi_config=None,
        # The framework's own request log prints bodies (law 9).
        logging_config=None,
    )
