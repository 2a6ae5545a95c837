"""Who can sign in: the legal representative of every entity, two agents, and one who was it before.

The fixed enterprises' people have short log-in names; everybody else's is the USCC. The password
follows from the log-in name by a published rule: this is a sandbox, and nothing here is a secret.
"""

import hmac
from datetime import date
from enum import StrEnum
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from creditbridge.foundation.errors import Refused
from creditsandbox.province.fixed import FixedEnterprise, Outcome, list_acting, list_fixed
from creditsandbox.province.population import Province

AGENT_LOGIN_NAME = "found-agent"
AGENT_NAME = "钱沙安"
# Before the one whom the register names: who signs in later with the earlier date is stale.
FORMER_LOGIN_NAME = "clean-former"
FORMER_NAME = "韩沙旧"
FORMER_SINCE = date(2015, 9, 9)
PRESENT_SINCE = date(2015, 9, 15)
LOGIN_CHARACTERS_MAX = 64
SUBJECT_CHARACTERS = 26  # 104 bits: no two people meet.


class Role(StrEnum):
    """In what capacity a person speaks for an enterprise."""

    LEGAL_REP = "LEGAL_REP"
    AGENT = "AGENT"


class LoginRefused(Refused):
    """The log-in name or the password is wrong; which of them is not said."""

    code = "login-refused"
    message = "The log-in name or the password is wrong."


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person who can sign in, and the enterprise that this person may speak for."""

    subject: str
    natural_person: str  # The same for all accounts of one natural person.
    login_name: str
    name: str
    role: Role
    uscc: str
    enterprise_name: str
    since: date | None = None  # Since when they have the role, where the provider says.


def list_people() -> tuple[Person, ...]:
    """Return the people with short log-in names, in the order of the contract."""
    return tuple(_PEOPLE.values())


def sign_in(province: Province, login_name: str, password: str, *, on: date) -> Person:
    """Return the person of a log-in name, for the right password.

    Raises:
        LoginRefused: no such person, or another password.
    """
    name = login_name.strip()
    # Both are always looked at: who is missing takes as long as who mistyped.
    right = hmac.compare_digest(password.encode(), password_of(name).encode())
    person = find_person(province, name, on=on)
    if person is None or not right:
        raise LoginRefused
    return person


def find_person(province: Province, login_name: str, *, on: date) -> Person | None:
    """Return the person of a log-in name; a USCC names the legal representative."""
    if len(login_name) > LOGIN_CHARACTERS_MAX:
        return None
    if (known := _PEOPLE.get(login_name)) is not None:
        return known
    enterprise = province.find_enterprise(login_name, on=on)
    if enterprise is None:
        return None
    return make_person(
        login_name,
        name=enterprise.registration.legal_representative,
        uscc=login_name,
        enterprise_name=enterprise.entity.name,
    )


def password_of(login_name: str) -> str:
    """Return the password of a log-in name, by the published rule."""
    return f"{login_name}-pass"


def make_person(
    login_name: str,
    *,
    name: str,
    uscc: str,
    enterprise_name: str,
    role: Role = Role.LEGAL_REP,
) -> Person:
    """Return a person; the subject is stable and tells nothing."""
    digest = sha256(f"{uscc}/{role}/{name}".encode()).hexdigest()
    named = sha256(f"{uscc}/{name}".encode()).hexdigest()
    return Person(
        subject=f"sbx-{digest[:SUBJECT_CHARACTERS]}",
        # No two people of the sandbox bear one name within one enterprise; beyond it, names meet.
        natural_person=f"sbx-person-{named[:SUBJECT_CHARACTERS]}",
        login_name=login_name,
        name=name,
        role=role,
        uscc=uscc,
        enterprise_name=enterprise_name,
    )


def _representative_of(fixed: FixedEnterprise) -> Person:
    return make_person(
        fixed.login_name,
        name=fixed.legal_representative,
        uscc=fixed.uscc,
        enterprise_name=fixed.name,
    )


def _list_all() -> list[Person]:
    people = [_representative_of(fixed) for fixed in (*list_fixed(), *list_acting())]
    found = next(fixed for fixed in list_fixed() if fixed.outcome is Outcome.FOUND)
    agent = make_person(
        AGENT_LOGIN_NAME,
        name=AGENT_NAME,
        uscc=found.uscc,
        enterprise_name=found.name,
        role=Role.AGENT,
    )
    clean = next(fixed for fixed in list_fixed() if fixed.outcome is Outcome.NOTHING_ADVERSE)
    former = make_person(
        FORMER_LOGIN_NAME, name=FORMER_NAME, uscc=clean.uscc, enterprise_name=clean.name
    )
    dated = [
        replace(one, since=PRESENT_SINCE) if one.uscc == clean.uscc else one for one in people[1:]
    ]
    seconds = [
        make_person(
            acting.second_login_name,
            name=acting.second,
            uscc=acting.uscc,
            enterprise_name=acting.name,
            role=Role.AGENT,
        )
        for acting in list_acting()
        if acting.second is not None
    ]
    return [people[0], agent, *dated, *seconds, replace(former, since=FORMER_SINCE)]


_PEOPLE = {person.login_name: person for person in _list_all()}
