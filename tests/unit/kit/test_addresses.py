"""Which addresses are called for somebody else."""

from ipaddress import ip_network

import pytest

from oo.kit.addresses import may_be_called

OWN = (ip_network("10.1.0.0/16"), ip_network("127.0.0.0/8"), ip_network("fd12::/16"))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5"])
def test_public_addresses_are_called(address: str) -> None:
    assert may_be_called(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "localhost",
        "",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not may_be_called(address)


def test_the_operators_own_networks_are_called() -> None:
    for address in ("10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3", "fd12::1"):
        assert may_be_called(address, OWN)
    assert not may_be_called("10.2.0.1", OWN)


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "fe80::1"])
def test_what_clouds_tell_their_machines_is_in_no_network(address: str) -> None:
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert not may_be_called(address, everything)
