"""How a pack is verified, offline, with nothing but the pins and the pack.

Steps run in a fixed order and end with the first that fails:

1.  archive      the ZIP has the one form it can have, the manifest names and matches every file
2.  openings     each opening opens its commitment; names stand or were erased by an event
3.  checkpoint   the log signed it, and as many witnesses as the pins require
4.  inclusion    each commitment stands in the signed tree, at its index
5.  receipt      the gateway promised the subject's commitment when it decided
6.  request      the bank signed what it asked, or the gateway attests it
7.  refusal      (refused) the code of the refusal
7.  chain        the consent's chain is gapless and linked, up to the use and after it
8.  consent      the gateway signed the artefact that the approval names
9.  approver     who approved had been enrolled for this enterprise before
10. coverage     the rule that decided, run again on the consent as its chain builds it
11. queries      the gateway signed each query and its grant, within the coverage
12. answers      each platform signed its answer, bound to its query
13. end          the delivery or the failure ends this intent, with these messages
14. profile      its seal holds, and it is the one delivered
"""

from collections.abc import Callable, Iterator

import msgspec

from creditbridge.evidence.checks import consent, entries, exchanges, request
from creditbridge.evidence.model import PackKind, Result, Step, StepState, Strength, Verdict
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.reading import read_pack
from creditbridge.foundation.errors import CreditbridgeError
