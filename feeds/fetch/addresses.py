"""Which addresses may be connected. Pure; called by connection at every connect."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Allowed = bool | Sequence[Network]

# https://www.iana.org/assignments/iana-ipv4-special-registry/ and multicast. `is_global` is wrong for some of them.
_SPECIAL_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# https://www.iana.org/assignments/iana-ipv6-special-registry/: nothing outside 2000::/3 is a public unicast address.
_PUBLIC_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
# Where an IPv4 address stands in an IPv6 one: the network, and how far right of its place the other bits are.
_EMBEDDING = (
    (IPv6Network("::/96"), 0),
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)


def allowed_networks(setting: bool | Sequence[str]) -> Allowed:
    """`allow_private_networks` as networks: all, none or a list."""
    return setting if isinstance(setting, bool) else tuple(ip_network(text) for text in setting)


def is_permitted(text: str, allowed: Allowed) -> bool:
    """True if the address *text* is public, or among the special ones that are *allowed*.

    An IPv4 address inside an IPv6 one must be permitted too.
    """
    if allowed is True:
        return True
    address = ip_address(text.partition("%")[0])
    networks = allowed or ()
    if not _is_public(address) and not any(address in network for network in networks):
        return False
    inner = _embedded(address)
    return inner is None or _is_public(inner) or any(inner in network for network in networks)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _SPECIAL_V6)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    for network, shift in _EMBEDDING:
        # ::1 and :: are no IPv4 addresses in disguise; an operator may allow ::1/128 alone.
        if address in network and int(address) > 1:
            return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return None
