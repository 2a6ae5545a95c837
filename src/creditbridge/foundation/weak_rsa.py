"""RSA moduli that were made of predictable primes (CVE-2017-15361, "ROCA").

A library in smart cards and security chips made each prime as k * M + (65537 ** a mod M), where M
is the product of the first primes. Such a modulus is a power of 65537 modulo each of those, and can
be factored; any other one is so by chance once in more keys than there will ever be.
"""

from itertools import count

GENERATOR = 65_537
# Of keys of 1984 to 3936 bits; longer ones were made with more, and so with these.
PRIME_MAX = 701


def is_predictable(modulus: int) -> bool:
    """Tell whether a modulus of 2048 bits or more was made so."""
    return all(pow(modulus, order, prime) == 1 for prime, order in _ORDERS)


def _list_odd_primes(largest: int) -> list[int]:
    primes = list[int]()
    for number in range(3, largest + 1, 2):
        if all(number % prime for prime in primes):
            primes.append(number)
    return primes


def _order_of_generator(prime: int) -> int:
    """Return the least power of the generator that is 1: its powers are all numbers of it."""
    return next(order for order in count(1) if pow(GENERATOR, order, prime) == 1)


_ORDERS = tuple((prime, _order_of_generator(prime)) for prime in _list_odd_primes(PRIME_MAX))
