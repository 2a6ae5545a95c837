"""The parties, for everybody above: every function takes the caller's transaction."""

from creditbridge.parties.service.banks import (
    BankUnknown,
    OnboardingClash,
    find_client,
    get_bank,
    get_client,
    list_message_keys,
    onboard_bank,
    suspend_bank,
)
from creditbridge.parties.service.operators import (
    HouseOpened,
    HouseUnopened,
    OperatorUnknown,
    approve_change,
    enrol_operators,
    get_change,
    get_operator,
    propose_change,
    require_opened,
)
from creditbridge.parties.service.people import (
    PersonUnknown,
    enrol_person,
    find_enterprise,
    find_representative,
    get_person,
    keep_enterprise,
)

__all__ = [
    "BankUnknown",
    "HouseOpened",
    "HouseUnopened",
    "OnboardingClash",
    "OperatorUnknown",
    "PersonUnknown",
    "approve_change",
    "enrol_operators",
    "enrol_person",
    "find_client",
    "find_enterprise",
    "find_representative",
    "get_bank",
    "get_change",
    "get_client",
    "get_operator",
    "get_person",
    "keep_enterprise",
    "list_message_keys",
    "onboard_bank",
    "propose_change",
    "require_opened",
    "suspend_bank",
]
