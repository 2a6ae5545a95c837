"""What every request of a client is checked for before anything is looked up.

Adding one is a file here and a line in the registry.
"""

from collections.abc import Callable

from creditbridge.access.checks import one_method
from creditbridge.access.model import ClientRequest

CHECKS: tuple[Callable[[ClientRequest], None], ...] = (one_method.require_one_method,)
