"""An RSA key as a faulty library made it (CVE-2017-15361), for readers that must refuse it."""

from itertools import count
from math import prod

from cryptography.hazmat.primitives.asymmetric import rsa

from creditbridge.foundation.weak_rsa import GENERATOR, PRIME_MAX

PRODUCT = prod(
    number
    for number in range(2, PRIME_MAX + 1)
    if all(number % divisor for divisor in range(2, number))
)


def make_predictable_key() -> rsa.RSAPrivateKey:
    """Return a key of 2048 bits; the same each time."""
    p, q = _find_prime(power=3), _find_prime(power=65)
    d = rsa.rsa_recover_private_exponent(GENERATOR, p, q)
    public = rsa.RSAPublicNumbers(GENERATOR, p * q)
    return rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        public,
    ).private_key()


def _find_prime(*, power: int) -> int:
    """Return the first k * M + (65537 ** a mod M) that is prime, of 1024 bits with the top two."""
    first = (3 << 1_022) // PRODUCT + 1
    print_of = pow(GENERATOR, power, PRODUCT)
    numbers = (k * PRODUCT + print_of for k in count(first))
    return next(number for number in numbers if pow(2, number - 1, number) == 1)
