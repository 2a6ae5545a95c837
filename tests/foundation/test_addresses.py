"""Which addresses may be called where somebody else names the host."""

import pytest

from creditbridge.foundation.addresses import is_address, is_callable

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "[2606:2800:21f::1]"]
LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
INSIDE = [
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "fec0::1"),
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "255.255.255.255"),  # noqa: S104
    *("192.0.2.1", "198.18.0.1", "2001:db8::1", "224.0.0.1", "ff02::1", "240.0.0.1"),
    # An IPv4 address inside an IPv6 one: mapped, translated twice, 6to4, Teredo.
    *("::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a9fe:a9fe", "2002:a00:1::1"),
    "2001:0:a00:1::5601:101",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_K3_what_anybody_could_reach_may_be_called(address: str) -> None:
    """With and without the exception for this machine."""
    assert is_callable(address, allows_loopback=False)
    assert is_callable(address, allows_loopback=True)


@pytest.mark.parametrize("address", INSIDE)
def test_K3_what_only_neighbours_reach_may_not(address: str) -> None:
    """Private, shared, link-local, unspecified, reserved, multicast; in every disguise."""
    assert not is_callable(address, allows_loopback=False)
    assert not is_callable(address, allows_loopback=True)


@pytest.mark.parametrize("address", LOOPBACK)
def test_K3_this_machine_is_called_where_a_test_allows_it(address: str) -> None:
    """And nowhere else."""
    assert not is_callable(address, allows_loopback=False)
    assert is_callable(address, allows_loopback=True)


def test_a_name_is_no_address() -> None:
    """It is looked up, and what it leads to is asked for."""
    assert [is_address(host) for host in ("127.0.0.1", "[::1]", "keys.example", "1.2.3")] == [
        *(True, True),
        *(False, False),
    ]
