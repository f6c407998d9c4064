# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of the host that this runs on, with their prefixes, as ``samehost`` and ``samenet`` take them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Optional

# Source: rtnetlink(7), netlink(7). A request for all addresses of all families; the kernel answers in several packets,
# of which each has messages (length, type, flags, number, port), and those have attributes (length, type).
REQUEST = struct.pack("=IHHIIBxxxi", 24, 22, 0x301, 1, 0, 0, 0)
MESSAGE, ATTRIBUTE, ADDRESS = struct.Struct("=IHHII"), struct.Struct("=HH"), struct.Struct("=BBBBi")
NEW_ADDRESS, DONE, ERROR = 20, 3, 2
PEER, LOCAL = 1, 2
LARGEST = 1 << 16


def own_networks() -> Optional[tuple[str, ...]]:
    """Give addresses such as ``10.0.0.5/24``; None where the kernel can't be asked, which isn't Linux."""
    if not hasattr(socket, "AF_NETLINK"):
        return None
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
            kernel.settimeout(2.0)
            kernel.send(REQUEST)
            return tuple(sorted(set(answers(kernel))))
    except (OSError, struct.error, ValueError):
        return None


def answers(kernel: socket.socket) -> Iterator[str]:
    """Give the addresses of all packets."""
    while True:
        packet = kernel.recv(LARGEST)
        for kind, body in messages(packet):
            if kind == ERROR:
                raise OSError("the kernel refused the question")
            if kind == DONE:
                return
            if kind == NEW_ADDRESS:
                yield from address_of(body)


def messages(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """Take a packet apart."""
    while len(packet) >= MESSAGE.size:
        length, kind, _flags, _number, _port = MESSAGE.unpack_from(packet)
        yield kind, packet[MESSAGE.size : length]
        packet = packet[max(aligned(length), MESSAGE.size) :]


def address_of(body: bytes) -> Iterator[str]:
    """Give the address of one message, its own one where there is a peer's, too."""
    _family, bits, _flags, _scope, _index = ADDRESS.unpack_from(body)
    found = dict(attributes(body[ADDRESS.size :]))
    raw = found.get(LOCAL) or found.get(PEER)
    if raw is not None and len(raw) in (4, 16):
        yield f"{ip_address(raw)}/{bits}"


def attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Take attributes apart."""
    while len(body) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(body)
        yield kind, body[ATTRIBUTE.size : length]
        body = body[max(aligned(length), ATTRIBUTE.size) :]


def aligned(length: int) -> int:
    """Round up to four bytes."""
    return (length + 3) & ~3
