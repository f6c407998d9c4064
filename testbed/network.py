"""Hosts of their own on one machine: network namespaces on a switch, each with an IPv4 and an IPv6 address."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import TestbedError

PREFIX = "leastpriv-"
SWITCH = "switch"
LINK = "eth0"
END_SECONDS = 10.0
MOST_HOSTS = 200


@dataclass(frozen=True)
class Host:
    """One namespace and its addresses, which exist nowhere else on the machine."""

    name: str
    namespace: str
    ipv4: str
    ipv6: str

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """Return the command that runs another one on this host."""
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]


def obstacle() -> str | None:
    """Return why this machine makes no namespaces, or nothing when it does."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "there is no program `ip`: install iproute2"
    probe = f"{PREFIX}probe-{os.getpid()}"
    try:
        ip("netns", "add", probe)
        ip("-n", probe, "link", "add", "probe", "type", "bridge")
        ip("-n", probe, "link", "set", "lo", "up")
        ip("-n", probe, "address", "add", "fd00:6c70::1/64", "dev", "lo", "nodad")
    except TestbedError as error:
        return f"this machine makes no network namespaces: {error}"
    finally:
        subprocess.run(["ip", "netns", "delete", probe], capture_output=True, check=False)
    return None


def make(root: Path, names: Sequence[str]) -> dict[str, Host]:
    """Make hosts that reach each other; those of a former run with the same root are removed first."""
    if len(names) > MOST_HOSTS:
        raise TestbedError(f"{len(names)} hosts are too many for one network: use at most {MOST_HOSTS}")
    remove(root)
    hosts = planned(root, names)
    switch = prefix(root) + SWITCH
    try:
        ip("netns", "add", switch)
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for number, host in enumerate(hosts.values()):
            plug(host, switch, f"port{number}")
    except TestbedError:
        remove(root)
        raise
    return hosts


def planned(root: Path, names: Sequence[str]) -> dict[str, Host]:
    """Return the hosts of a root by name, whether they exist or not."""
    start = prefix(root)
    return {
        name: Host(name, start + name, f"10.90.0.{number}", f"fd00:6c70::{number:x}")
        for number, name in enumerate(names, start=11)
    }


def plug(host: Host, switch: str, port: str) -> None:
    """Make one host and connect it with the switch; no interface ever lies outside of the namespaces."""
    ip("netns", "add", host.namespace)
    ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", LINK, "netns", host.namespace)
    ip("-n", switch, "link", "set", port, "master", "bridge", "up")
    ip("-n", host.namespace, "link", "set", "lo", "up")
    ip("-n", host.namespace, "link", "set", LINK, "up")
    ip("-n", host.namespace, "address", "add", f"{host.ipv4}/24", "dev", LINK)
    ip("-n", host.namespace, "address", "add", f"{host.ipv6}/64", "dev", LINK, "nodad")


def remove(root: Path) -> None:
    """End what runs on the hosts of a root and remove them; nothing happens when there are none."""
    for namespace in existing(root):
        end(namespace)
        ip("netns", "delete", namespace)


def existing(root: Path) -> tuple[str, ...]:
    """Return the namespaces that were made for a root."""
    folder = Path("/run/netns")
    found = folder.glob(prefix(root) + "*") if folder.is_dir() else ()
    return tuple(sorted(path.name for path in found))


def end(namespace: str) -> None:
    """Stop the processes of a namespace: servers get the time to stop, and are killed after that."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes(namespace):
            send(pid, how)
        deadline = time.monotonic() + END_SECONDS
        while processes(namespace) and time.monotonic() < deadline:
            time.sleep(0.01)


def processes(namespace: str) -> tuple[int, ...]:
    """Return the ids of the processes that run in a namespace, without ended ones."""
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    return tuple(int(pid) for pid in found.stdout.split())


def send(pid: int, how: signal.Signals) -> None:
    """Signal a process that may be gone already."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


def prefix(root: Path) -> str:
    """Return what the names of a root's namespaces begin with: other roots have other ones."""
    return f"{PREFIX}{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:8]}-"


def ip(*arguments: str) -> None:
    """Run `ip`."""
    result = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise TestbedError(f"ip {' '.join(arguments)} failed: {result.stderr.strip()}")
