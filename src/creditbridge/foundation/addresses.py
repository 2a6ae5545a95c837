"""Which addresses may be called where somebody else names the host. Pure.

Whoever may name a host may point its name at this machine's neighbours: a metadata service, a
database, another door of ours. So only what anybody on the Internet could reach is called.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

# IPv4 addresses travel inside these IPv6 ones: translators (RFC 6052, RFC 8215).
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
UNICAST = IPv6Network("2000::/3")  # The only ones that are given out (RFC 4291, section 2.4).
IPV4_BITS = 32


def is_address(host: str) -> bool:
    """Tell whether a host is written as an address and not as a name."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_callable(text: str, *, allows_loopback: bool) -> bool:
    """Tell whether an address may be called: a public one, or this machine's where allowed."""
    # A zone (RFC 4007) names a link of this machine.
    if "%" in text:
        return False
    address = _unwrap(ip_address(text.strip("[]")))
    if address.is_loopback:
        return allows_loopback
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return False
    return address.is_global and not address.is_multicast


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to, where it leads to one."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in TRANSLATED):
        return IPv4Address(int(address) & ((1 << IPV4_BITS) - 1))
    server, client = address.teredo or (None, None)
    inside = (address.ipv4_mapped, address.sixtofour, client, server)
    return next((one for one in inside if one is not None), address)
