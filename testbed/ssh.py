"""Real SSH to the hosts of a network: a server in each namespace, with keys that serve nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from testbed.errors import TestbedError
from testbed.network import Host

USER = "root"
PORT = 22
PRIVILEGE_SEPARATION = Path("/run/sshd")
SERVER = """\
ListenAddress {ipv4}
ListenAddress [{ipv6}]
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/client.pub
PidFile {folder}/{name}.pid
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
"""


def obstacle() -> str | None:
    """Return why this machine has no SSH for tests, or nothing when it has."""
    missing = [name for name in ("sshd", "ssh", "ssh-keygen") if program(name) is None]
    return f"there is no program {', '.join(missing)}: install openssh-server and openssh-client" if missing else None


def program(name: str) -> str | None:
    """Return the path of a program, also where only root looks for it."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def prepare(folder: Path, hosts: Mapping[str, Host]) -> None:
    """Make the keys of the servers and of the one client, and the list of known hosts."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("host", "client"):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)])
    key = " ".join((folder / "host.pub").read_text().split()[:2])
    lines = (f"{host.ipv4},{host.ipv6} {key}\n" for host in hosts.values())
    (folder / "known_hosts").write_text("".join(lines))


def start(folder: Path, host: Host) -> None:
    """Start the SSH server of a host; it ends with the network."""
    PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    config = folder / f"{host.name}.conf"
    values = {"ipv4": host.ipv4, "ipv6": host.ipv6, "name": host.name, "port": PORT, "user": USER}
    config.write_text(SERVER.format(folder=folder, **values))
    run(host.command([program("sshd") or "sshd", "-f", config, "-E", folder / f"{host.name}.log"]))


def wrapper(folder: Path, host: Host) -> Path:
    """Write the program that is `ssh` on a host, for Ansible's ``ansible_ssh_executable``."""
    path = folder / f"ssh-from-{host.name}"
    path.write_text(f'#!/bin/sh\nexec ip netns exec {host.namespace} ssh "$@"\n')
    path.chmod(0o700)
    return path


def variables(folder: Path, source: Host, target: Host) -> dict[str, str]:
    """Return the inventory's variables of a host that Ansible reaches from another one."""
    options = {
        "IdentityFile": str(folder / "client"),
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": str(folder / "known_hosts"),
        "StrictHostKeyChecking": "yes",
        "ControlMaster": "no",  # a connection that is kept would hold the namespace
        "ControlPersist": "no",
    }
    return {
        "ansible_connection": "ssh",
        "ansible_host": target.ipv4,
        "ansible_user": USER,
        "ansible_become_method": "su",
        "ansible_become_flags": "-s /bin/sh",  # the servers' user may have no shell
        "ansible_ssh_transfer_method": "piped",  # sftp and scp would start outside of the namespace
        "ansible_ssh_executable": str(wrapper(folder, source)),
        "ansible_ssh_args": "-F /dev/null " + " ".join(f"-o {name}={value}" for name, value in options.items()),
    }


def run(command: list[str]) -> None:
    """Run a command that has to succeed."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise TestbedError(f"{' '.join(command)} failed: {result.stderr.strip()}")
