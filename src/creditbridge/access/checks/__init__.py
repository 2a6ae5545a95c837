"""What every token request is checked for before anything is looked up.

Adding one is a file here and a line in the registry.
"""

from collections.abc import Callable

from creditbridge.access.checks import one_method
from creditbridge.access.model import TokenRequest

CHECKS: tuple[Callable[[TokenRequest], None], ...] = (one_method.require_one_method,)
