"""The addresses under which other machines reach this one."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator

__all__ = ["network_addresses"]

_SIOCGIFADDR = 0x8915
_VIRTUAL = ("docker", "br-", "veth", "virbr", "lxc", "cni", "flannel")  # lead to no other machine


def network_addresses() -> list[str]:
    """IPv4 addresses of this machine's networks, the one with the way out first."""
    way_out = _address_of_the_way_out()
    found = dict.fromkeys([way_out] if way_out else [])
    found.update(dict.fromkeys(_addresses_of_interfaces()))
    return list(found)


def _address_of_the_way_out() -> str:
    """The address that a packet to elsewhere would carry; no packet is sent. "" if no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        address = str(probe.getsockname()[0])
    return "" if ipaddress.ip_address(address).is_loopback else address


def _addresses_of_interfaces() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            if name.startswith(_VIRTUAL):
                continue
            try:
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:  # it has none
                continue
            address = socket.inet_ntoa(answer[20:24])
            if not ipaddress.ip_address(address).is_loopback:
                yield address
