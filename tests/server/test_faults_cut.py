"""Runs whose network is cut at a statement: the module and the server are in network namespaces of their own."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import datadir, servers
from tests.server.faults import Blow
from tests.server.scenes import SCENES, Scene
from tests.server.stage import Stage
from tests.server.test_faults import ending, every, struck, writing
from tests.width import WIDE

pytestmark = pytest.mark.in_process

NEW_NETWORK = 0x40000000
HERE, THERE = "10.99.7.1", "10.99.7.2"
HBA = "host all all 10.99.7.0/24 scram-sha-256\n"
# Without these a cut connection is noticed after a quarter of an hour, and by the server after two hours.
CLIENT = {"tcp_user_timeout": "300", "keepalives_idle": "1", "keepalives_interval": "1", "connect_timeout": "2"}
SERVER = {
    "listen_addresses": "*",
    "tcp_keepalives_idle": "1",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "1000",
}


def ip(*words: str) -> None:
    """Run ip."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def enter(namespace: int) -> None:
    """Let this thread, and the processes that it starts, be in a network namespace."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@dataclasses.dataclass(frozen=True)
class Line:
    """Two network namespaces, joined by a line that can be cut."""

    client: str
    server: str

    def go(self) -> None:
        """Go to the client's side."""
        enter(os.open(f"/run/netns/{self.client}", os.O_RDONLY))

    def cut(self, *_statement: Any) -> None:
        """Cut the line."""
        ip("-n", self.client, "link", "set", "line", "down")

    def mend(self) -> None:
        """Mend the line."""
        ip("-n", self.client, "link", "set", "line", "up")

    def lose_answer(self, _number: int, _connection: Any, _sql: str, cursor: Any) -> None:
        """Cut the line when the statement was executed, and let the driver find out."""
        self.cut()
        cursor.execute("SELECT 1")

    def lose_answer_for_a_moment(self, number: int, connection: Any, sql: str, cursor: Any) -> None:
        """The same, and mend the line when the driver has found out."""
        try:
            self.lose_answer(number, connection, sql, cursor)
        finally:
            self.mend()


@pytest.fixture
def line() -> Iterator[Line]:
    """Make the namespaces, and be on the server's side."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and the program ip")
    names = [f"lp-{side}-{os.getpid()}" for side in ("client", "server")]
    mine = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, mine)
        try:
            for name in names:
                ip("netns", "add", name)
                stack.callback(ip, "netns", "del", name)
                ip("-n", name, "link", "set", "lo", "up")
            ip("-n", names[0], "link", "add", "line", "type", "veth", "peer", "name", "line", "netns", names[1])
            for name, address in zip(names, (HERE, THERE), strict=True):
                ip("-n", name, "address", "add", f"{address}/24", "dev", "line")
                ip("-n", name, "link", "set", "line", "up")
        except OSError as error:
            pytest.skip(f"this machine has no network namespaces: {error}")
        stack.callback(enter, mine)
        enter(os.open(f"/run/netns/{names[1]}", os.O_RDONLY))
        yield Line(*names)


def far_away(scene: Scene) -> Scene:
    """Let a scene's login come over the line."""

    def prepare(server: servers.Server) -> None:
        scene.prepare(server)
        datadir.append(server.data_dir / "pg_hba.conf", HBA)

    params = {**scene.params, "login_host": THERE, "connect_params": CLIENT}
    return dataclasses.replace(scene, prepare=prepare, params=params)


@pytest.mark.parametrize("name", [name for name in SCENES if "manager" in name] if WIDE else ["roles by a manager"])
def test_a_run_whose_line_is_cut_says_how_far_it_came(name: str, line: Line, pg_version: int, tmp_path: Path) -> None:
    stage = Stage.of(far_away(SCENES[name]), pg_version, tmp_path, line.go, line.mend, **SERVER)
    before = Blow("line cut before", before=line.cut)
    after = Blow("line cut after", after=line.lose_answer, sent=True)
    mended = Blow("line cut after, and mended", after=line.lose_answer_for_a_moment, sent=True)
    commits = ending(stage)
    try:
        struck(stage, before, every(stage) if WIDE else [commits[0] + 3, commits[1]])
        struck(stage, after, writing(stage) if WIDE else commits[2:3])
        struck(stage, mended, commits if WIDE else commits[3:4])
    finally:
        servers.stop(stage.server)
