"""Moduli of predictable primes, made here as the faulty library made them."""

from math import prod

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from creditbridge.foundation.weak_rsa import GENERATOR, PRIME_MAX, is_predictable

PRIMES = [
    number
    for number in range(2, PRIME_MAX + 1)
    if all(number % divisor for divisor in range(2, number))
]
PRODUCT = prod(PRIMES)
# Both factors have 1024 bits and a few; whether they are prime does not matter here.
FACTOR = (1 << 1_025) // PRODUCT


def make_factor(number: int, power: int) -> int:
    """Return k * M + (65537 ** a mod M)."""
    return (FACTOR + 1 + number) * PRODUCT + pow(GENERATOR, power, PRODUCT)


@pytest.mark.parametrize("power", [1, 2, 65_537, 10**40])
def test_a_modulus_of_the_faulty_library_is_told(power: int) -> None:
    """Whatever its random parts were."""
    modulus = make_factor(power, power) * make_factor(7, power + 11)

    assert modulus.bit_length() >= 2_048
    assert is_predictable(modulus)
    # One step beside it nothing is left of the print.
    assert not is_predictable(modulus + 2)


def test_no_fresh_key_is_taken_for_one() -> None:
    """Keys as every other library makes them."""
    keys = [rsa.generate_private_key(65_537, 2_048) for _ in range(3)]

    assert not any(is_predictable(key.public_key().public_numbers().n) for key in keys)
