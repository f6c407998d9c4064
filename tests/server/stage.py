"""A scene played again and again: the run is stopped at a statement, and what is left of it is judged."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from testbed import process, servers, workplace
from testbed.account import run as as_servers_user
from tests.server import faults
from tests.server.faults import Blow, Result, State, Told
from tests.server.scenes import DATABASES, Scene

FAR = re.compile(
    r"; (nothing was changed|(?:done before|not known): .*; run it again|everything was committed before: .*)$"
)
UNKNOWN = re.compile(r"; not known: (.*?); ")
PARTED = re.compile(r"(?:^|; )not (?:known|done): ")


@dataclass
class Stage:
    """A scene's server; `states` are what it goes through undisturbed, and `after` the state after each statement.

    The module's process is let `go` to where it runs; `mend` comes after each blow.
    """

    scene: Scene
    server: servers.Server
    go: Callable[[], None] = faults.stay
    mend: Callable[[], None] = faults.stay
    states: list[State] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    whole: Result = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    seen: list[State] = field(default_factory=list)

    @classmethod
    def of(cls, scene: Scene, version: int, folder: Path, *ways: Callable[[], None], **settings: str) -> Stage:
        """Prepare the scene, keep its data, and note what an undisturbed run does."""
        server = servers.start(version, folder, settings={"synchronous_commit": "on", **settings})
        stage = cls(scene, server, *ways)
        scene.prepare(stage.server)
        workplace.end(stage.server.data_dir, signal.SIGINT)
        as_servers_user(["cp", "-a", "--reflink=auto", stage.server.data_dir, stage.kept()])
        process.wait(stage.server, process.spawn(stage.server))
        stage.rehearse()
        return stage

    def kept(self) -> Path:
        """Name the folder of the data as they were before any run."""
        return self.server.socket_dir / "kept"

    def rehearse(self) -> None:
        """Run undisturbed, and note the states; the run has to do what the scene says, and be unchanged afterwards."""
        self.states, self.after, self.statements = [faults.looked_at(self.server)], [0], []
        module = faults.module_of(self.scene.module)
        told = faults.traced(module, self.scene.arguments(self.server), lambda: faults.looked_at(self.server), self.go)
        self.whole = told.result or {}
        assert not self.whole.get("failed"), self.whole["msg"]
        for sql, state in told.trace:
            if state is not None and state != self.states[-1]:
                self.states.append(state)
            self.after.append(len(self.states) - 1)
            self.statements.append(sql)
        assert len(self.states) - 1 == self.scene.steps
        self.one_part_at_a_time()
        self.reset()

    def one_part_at_a_time(self) -> None:
        """Hold the scene itself to its promise: a step changes the cluster's part, or one database's inside."""
        for before, after in zip(self.states, self.states[1:], strict=False):
            different = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            born_or_gone = before.keys() ^ after.keys()
            assert different == {"cluster"} | born_or_gone or len(different) == 1, different

    def reset(self) -> None:
        """Put everything back as it was before any run."""
        workplace.end(self.server.data_dir, signal.SIGQUIT)
        shutil.rmtree(self.server.data_dir)
        as_servers_user(["cp", "-a", "--reflink=auto", self.kept(), self.server.data_dir])
        process.wait(self.server, process.spawn(self.server))

    def set_back(self) -> None:
        """Put everything back if something differs."""
        if workplace.postmaster(self.server.data_dir) is None or faults.looked_at(self.server) != self.states[0]:
            self.reset()

    def run(self, before: faults.Hook = faults.nothing, after: faults.Hook = faults.nothing, **more: object) -> Told:
        """Run the module in a process of its own."""
        arguments = self.scene.arguments(self.server, **more)
        return faults.run(faults.module_of(self.scene.module), arguments, before, after, self.go)

    def strike(self, number: int, blow: Blow) -> Told:
        """Let a blow fall at a statement, judge what is left, and put everything back."""
        told = self.run(*faults.at(number, blow))
        self.mend()
        if workplace.postmaster(self.server.data_dir) is None:
            process.wait(self.server, process.spawn(self.server))
        where = f"{blow.name} {number} of {len(self.statements)}: {' '.join(self.statements[number - 1].split())[:60]}"
        left = faults.left_over(self.server)
        assert left == [], f"{where}: {left}"
        expected = self.states[self.after[number] if blow.sent else self.after[number - 1]]
        state = faults.looked_at(self.server)
        if told.result is None:
            assert blow.deadly, f"{where}: died of signal {told.signal}"
            assert state == expected, f"{where}: {differing(state, expected)}"
        else:
            assert not blow.deadly, f"{where}: it lived on, with {told.result}"
            self.judge(told.result, state, expected, where)
        self.converge(state)
        return told

    def judge(self, result: Result, state: State, expected: State, where: str) -> None:
        """Judge what a run leaves and says that lived on: other databases may have been finished after the blow."""
        if not result.get("failed"):
            assert state == self.states[-1], f"{where}: it says that all is done: {differing(state, self.states[-1])}"
            return
        for part in state.keys() | expected.keys():
            known = [one.get(part) for one in self.states]
            assert state.get(part) in known, f"{where}: {part} is half done: {state.get(part)}"
            reached, least = known.index(state.get(part)), known.index(expected.get(part))
            assert reached == least or (part in DATABASES and reached > least), f"{where}: {part}: {result['msg']}"
        self.judge_changes(result, state, where)
        self.judge_words(result, where)

    def judge_changes(self, result: Result, state: State, where: str) -> None:
        """Compare the changes of the result with what is there, but for a part of which it isn't known."""
        changes, unknown = result.get("changes", []), ", ".join(UNKNOWN.findall(result["msg"]))
        assert all(change in self.whole["changes"] for change in changes), f"{where}: {changes}"
        for part, rows in self.states[-1].items():
            wanted = [one for one in self.whole["changes"] if one["database"] == part and part != "cluster"]
            done = [one for one in changes if one["database"] == part]
            if f"database {part}" not in unknown and wanted and part in self.states[0] and rows != self.states[0][part]:
                assert done == (wanted if state.get(part) == rows else []), f"{where}: {part}: {done}"
        if set(filter(None, unknown.split(", "))) - {f"database {part}" for part in DATABASES}:
            return  # the cluster's part, or a database's creation
        count = sum(change["database"] is None for change in changes)
        reached = [one["cluster"] for one in self.states].index(state["cluster"])
        assert self.counts.setdefault(reached, count) == count, f"{where}: {count} changes of the cluster's"

    def judge_words(self, result: Result, where: str) -> None:
        """Judge how far the run says that it came."""
        message, changes = result["msg"], result.get("changes", [])
        assert "internal error" not in message, f"{where}: {message}"
        assert "\n" not in message, f"{where}: {message}"
        found = FAR.search(message)
        assert found, f"{where}: it doesn't say how far it came: {message}"
        assert result.get("changed", False) is bool(changes), where
        whole = [one for one in self.whole["changes"] if one not in changes]
        kind = "done before" if changes and whole else "nothing was" if whole else "everything was"
        kinds = ("not known", kind) if "this was committed isn't known" in message else (kind,)
        assert found[1].startswith(kinds), f"{where}: {message}"
        done, *others = PARTED.split(found[1])
        for text, listed in ((done, changes), (", ".join(others), whole if others else [])):
            for part in {f"database {one['database']}" for one in listed if one["database"]}:
                assert part in text, f"{where}: {part}: {message}"

    def converge(self, state: State) -> None:
        """From each state that is met, the next run leads to what is declared, and one more is idle."""
        if state in self.seen:
            if state != self.states[0]:
                self.reset()
            return
        self.seen.append(state)
        for changed in (state != self.states[-1], False):
            result = self.run().result or {}
            assert not result.get("failed"), f"after it: {result['msg']}"
            assert result["changed"] is changed, f"after it: {result['changes']}"
        now = faults.looked_at(self.server)
        assert now == self.states[-1], f"after it: {differing(now, self.states[-1])}"
        self.reset()


def differing(state: State, other: State) -> list[str]:
    """Give the rows of which only one state has each."""
    return sorted(rows_of(state) ^ rows_of(other))


def rows_of(state: State) -> set[str]:
    """Give all rows."""
    return {f"{part}: {row}" for part, rows in state.items() for row in rows}
