"""Which addresses are refused: every special range at its edges, every disguise, every spelling of a host."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from feeds.fetch.addresses import allowed_networks, is_permitted
from feeds.fetch.connection import Exchange, Resolver, StoppedError

REFUSED = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
    "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.8",
    "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
    "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:0:7f00:1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1",
    "3fff:fff:ffff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fe80::1%1",
    "fec0::1", "feff::1", "ff02::1", "ff0e::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450::1", "3ffe::1",
]  # fmt: skip

# What http clients have been led by: each reaches a special address through getaddrinfo or not at all.
SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0.", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
    "0x7f.0x0.0x0.0x1", "127.0.0.1.", "10.1", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "::", "::1",
    "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "localhost", "localhost.", "LOCALHOST", "fe80::1%lo",
    "①②⑦.0.0.1", "１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_special_address_is_refused(address: str) -> None:
    assert not is_permitted(address, allowed=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_permitted(address: str) -> None:
    assert is_permitted(address, allowed=False)


@pytest.mark.parametrize("address", REFUSED)
def test_every_address_is_permitted_when_all_are_allowed(address: str) -> None:
    assert is_permitted(address, allowed=True)


@pytest.mark.parametrize(
    ("address", "networks", "permitted"),
    [
        ("127.1.0.5", ["127.1.0.0/16"], True),
        ("127.2.0.5", ["127.1.0.0/16"], False),
        ("10.0.0.1", ["127.1.0.0/16", "10.0.0.0/8"], True),
        ("8.8.8.8", ["10.0.0.0/8"], True),
        ("::1", ["::1/128"], True),
        ("::1", ["127.0.0.0/8"], False),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("::ffff:127.0.0.1", ["127.0.0.0/8"], False),
        ("64:ff9b::808:808", ["64:ff9b::/96"], True),
        ("64:ff9b::7f00:1", ["64:ff9b::/96"], False),
        ("64:ff9b::7f00:1", ["64:ff9b::/96", "127.0.0.0/8"], True),
        ("2002:a00:1::1", ["2002::/16"], False),
        ("2002:808:808::1", ["2002::/16"], True),
    ],
)
def test_allowed_networks_permit_what_they_hold(address: str, networks: list[str], permitted: bool) -> None:
    assert is_permitted(address, allowed_networks(networks)) is permitted


def test_setting_becomes_networks() -> None:
    assert allowed_networks(("10.0.0.0/8",)) == (ip_network("10.0.0.0/8"),)
    assert allowed_networks(True) is True


@pytest.mark.parametrize("host", SPELLINGS)
def test_spelling_of_a_private_host_is_refused(host: str) -> None:
    exchange = Exchange(Resolver(), allowed=False, seconds=5, room=1000)
    with pytest.raises(StoppedError, match=r"no public address|has no address"):
        exchange.addresses(host, 80, checked=True)


def test_private_addresses_of_a_public_name_are_left_out() -> None:
    answers = [(2, 1, 6, "", ("10.0.0.1", 80)), (2, 1, 6, "", ("8.8.8.8", 80))]
    exchange = Exchange(Resolver(lambda *_, **__: answers), allowed=False, seconds=5, room=1000)
    assert [found[4][0] for found in exchange.addresses("both.example", 80, checked=True)] == ["8.8.8.8"]
