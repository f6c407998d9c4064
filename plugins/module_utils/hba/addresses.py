# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the addresses of HBA lines as the server does, with the older spellings of IPv4 that it takes."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_interface
from typing import Optional, Union

KEYWORDS = frozenset({"all", "samehost", "samenet"})
LIKE_IPV4 = re.compile(r"[0-9][0-9a-fA-FxX.]*")
PREFIX = re.compile(r"\s*[+-]?[0-9]+")
HOST = re.compile(r"\.?[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*\.?")
Address = Union[IPv4Address, IPv6Address]


@dataclass(frozen=True)
class Network:
    """An address with its mask, both as numbers; a mask needn't be contiguous."""

    version: int
    address: int
    mask: int

    def __contains__(self, other: Address) -> bool:
        """Tell whether an address is in it; IPv4 is never in IPv6."""
        return other.version == self.version and not (int(other) ^ self.address) & self.mask

    def covers(self, other: Network) -> bool:
        """Tell whether all of another network is in it."""
        same = other.version == self.version and other.mask & self.mask == self.mask
        return same and not (other.address ^ self.address) & self.mask


def numeric(text: str) -> Optional[Address]:
    """Give the address that a text is; None where PostgreSQL would take it for a host name."""
    if LIKE_IPV4.fullmatch(text):
        try:
            return IPv4Address(socket.inet_aton(text))
        except OSError:
            return None
    try:
        return IPv6Address(text.partition("%")[0])
    except AddressValueError:
        return None


def prefix(text: str, version: int) -> Optional[int]:
    """Give the number of bits of a mask; None where PostgreSQL refuses it."""
    if not PREFIX.fullmatch(text):
        return None
    bits = int(text)
    return bits if 0 <= bits <= (32 if version == 4 else 128) else None


@lru_cache(maxsize=10000)
def network(address: str, mask: str = "") -> Optional[Network]:
    """Give an address with its mask as a network; None for names, keywords and what PostgreSQL refuses."""
    text, slash, suffix = address.partition("/")
    base = numeric(text)
    if base is None:
        return None
    if not slash:
        cover = numeric(mask)
        same = cover is not None and cover.version == base.version
        return Network(base.version, int(base), int(cover)) if cover is not None and same else None
    bits = prefix(suffix, base.version)
    size = base.max_prefixlen
    return None if bits is None else Network(base.version, int(base), ((1 << bits) - 1) << (size - bits))


def address_problem(address: str, mask: str) -> str:
    """Say what PostgreSQL would refuse about an address, and what to do; empty if nothing."""
    text, slash, _suffix = address.partition("/")
    if numeric(text) is None:
        return f"{address} is neither an address with a mask nor a host name without one" if slash else ""
    if not slash and not mask:
        return f"address {address} has no mask: write {address}/{32 if ':' not in text else 128} for this one host"
    if network(address, mask) is None:
        whole = address if slash else f"{address} {mask}"
        return f"the mask of {whole} doesn't fit: give the number of bits after a slash, or a mask of the same kind"
    return ""


def mistaken(address: str) -> str:
    """Say what is surely not meant, though PostgreSQL would take it: a host name that looks like a number."""
    text = address.partition("/")[0]
    if LIKE_IPV4.fullmatch(text) and not _dotted(text) and "x" not in text.lower() and not re.search("[a-fA-F]", text):
        return f"{address} isn't an address: write its four numbers in full, from 0 to 255, without leading zeros"
    return ""


def _dotted(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except AddressValueError:
        return False


def whole(text: str) -> Optional[str]:
    """Give a declared address as a network with its mask, host bits taken off; None if it is no address."""
    if "%" in text or not re.fullmatch(r"[0-9a-fA-F.:]+(/[0-9]+)?", text):
        return None
    try:
        return str(ip_interface(text).network)
    except ValueError:
        return None


def is_loopback(net: Optional[Network]) -> bool:
    """Tell whether only this machine can come from a network."""
    if net is None:
        return False
    if net.version == 4:
        return Network(4, int(ip_address("127.0.0.0")), 0xFF000000).covers(net)
    return Network(6, 1, (1 << 128) - 1).covers(net)
