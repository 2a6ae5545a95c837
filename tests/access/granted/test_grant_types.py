"""One more grant type is one more file and one line: rehearsed with one that no standard knows."""

import pytest
from tests.access.granted.bench import Bench

from creditbridge.access.granted import store
from creditbridge.access.granted.model import Entitlement, InvalidGrant, UnauthorizedClient
from creditbridge.access.grants import GRANTS
from creditbridge.access.model import Authenticated, Binding, ClientRequest
from creditbridge.foundation.database import Transaction

NAME = "urn:example:knock"
REGISTER = "UPDATE parties_clients SET grant_types = $1"


class Knock:
    """Gives what a grant gives to whoever names it: what a file in `access/grants/` would hold."""

    async def decide(
        self, tx: Transaction, request: ClientRequest, client: Authenticated, binding: Binding
    ) -> Entitlement:
        assert binding.thumbprint is not None
        client_id = client.registration.client.client_id
        grant = await store.find_own_grant(tx, request.form["knock"], client_id=client_id)
        if grant is None:
            raise InvalidGrant
        return Entitlement(
            scopes=grant.scopes, grant=grant, details=grant.details, refreshable=True
        )


async def test_a_new_grant_type_needs_its_file_and_a_line_in_the_registry(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registration, binding, refresh token, grant and its end come by themselves."""
    monkeypatch.setattr("creditbridge.access.service.GRANTS", {**GRANTS, NAME: Knock()})
    grant = (await bench.issue_code()).grant
    form = {"grant_type": NAME, "knock": grant.grant_id}

    with pytest.raises(UnauthorizedClient):
        await bench.obtain(form)
    async with bench.database.transaction() as tx:
        await tx.execute(REGISTER, [NAME, "refresh_token"])
    issued = await bench.obtain(form)

    assert issued.token.thumbprint == bench.client.certificate.thumbprint
    assert issued.token.grant_id == grant.grant_id
    await bench.use(await bench.obtain(bench.refreshment(issued)))
    with pytest.raises(InvalidGrant):
        await bench.obtain({**form, "knock": "grt_unknown"})
