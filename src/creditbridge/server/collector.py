"""What the collector of garbage need not look at: the program itself, once it stands."""

import gc

from creditbridge.server.run import Lifecycle

# Objects made before the young ones are looked through: a request makes some thousands, nearly all
# of which are gone when it is answered. The default of 700 looks at it several times meanwhile.
YOUNG_MAX = 20_000


async def spare_the_program(lifecycle: Lifecycle) -> None:
    """Take out of the collector's sight whatever is there when the doors are open; then end."""
    await lifecycle.wait_until_serving()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
