"""The parties, for everybody above: every function takes the caller's transaction."""

from creditbridge.parties.changes.standing import BankUnknown, get_bank
from creditbridge.parties.onboarding import OnboardingClash
from creditbridge.parties.service.agents import (
    appoint_agent,
    end_agent,
    hold_representatives,
    list_representatives,
    note_entry,
)
from creditbridge.parties.service.banks import (
    find_client,
    find_own_certificates,
    get_client,
    list_clients,
    list_message_keys,
    suspend_bank,
)
from creditbridge.parties.service.key_sets import (
    begin_fetch,
    end_fetch,
    is_fetch_awaited,
    keep_keys,
    list_failing_sets,
)
from creditbridge.parties.service.operators import (
    HouseOpened,
    HouseUnopened,
    OperatorUnknown,
    apply_change,
    approve_change,
    enrol_operators,
    get_change,
    get_operator,
    propose_change,
    require_opened,
)
from creditbridge.parties.service.people import (
    PersonUnknown,
    PersonUnsettled,
    enrol_person,
    find_enterprise,
    find_proof_of_authority,
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
    "PersonUnsettled",
    "apply_change",
    "appoint_agent",
    "approve_change",
    "begin_fetch",
    "end_agent",
    "end_fetch",
    "enrol_operators",
    "enrol_person",
    "find_client",
    "find_enterprise",
    "find_own_certificates",
    "find_proof_of_authority",
    "find_representative",
    "get_bank",
    "get_change",
    "get_client",
    "get_operator",
    "get_person",
    "hold_representatives",
    "is_fetch_awaited",
    "keep_enterprise",
    "keep_keys",
    "list_clients",
    "list_failing_sets",
    "list_message_keys",
    "list_representatives",
    "note_entry",
    "propose_change",
    "require_opened",
    "suspend_bank",
]
