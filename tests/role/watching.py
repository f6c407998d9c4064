"""Look where secrets could come to light, during a run of Ansible and after it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from testbed import servers

PAUSE = 0.05
ACTIVITY = "SELECT query FROM pg_stat_activity WHERE query IS NOT NULL AND pid <> pg_backend_pid()"
QUIET = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_duration": "off",
    "log_transaction_sample_rate": "0",
    "pg_stat_statements.track": "none",
}
UNLOGGED = " ".join(f"-c {name}={value}" for name, value in QUIET.items())
JOURNAL = {
    "__init__.py": "",
    "daemon.py": "def booted():\n    return True\n",
    "journal.py": """
import os
sendv = True
def send(**words):
    with open(os.environ["JOURNAL_FILE"], "a") as file:
        file.write(repr(words) + "\\n")
""",
}


class Watch:
    """What was seen, by the place; a thread looks again and again while this is a context."""

    def __init__(self, files: Path, server: servers.Server, reader: str) -> None:
        self.seen: dict[str, set[str]] = {"command lines": set(), "environments": set(), "passing files": set()}
        self._looks: list[Callable[[], None]] = [processes(self.seen), passing_files(files, self.seen)]
        self._where = server, ("postgres", reader)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        server, users = self._where
        with contextlib.ExitStack() as sessions:
            looks = [*self._looks, *(sessions.enter_context(activity(server, user, self.seen)) for user in users)]
            while not self._over.is_set():
                for look in looks:
                    look()
                time.sleep(PAUSE)

    def texts(self) -> dict[str, str]:
        """Give all that was seen."""
        return {place: "\n".join(sorted(found)) for place, found in self.seen.items()}


@contextlib.contextmanager
def activity(server: servers.Server, user: str, seen: dict[str, set[str]]) -> Iterator[Callable[[], None]]:
    """Look into pg_stat_activity as a user."""
    place = seen.setdefault(f"pg_stat_activity as {user}", set())
    with contextlib.closing(servers.connect(server, options=UNLOGGED)) as connection:
        cursor: Any = connection.cursor()
        cursor.execute(f'SET SESSION AUTHORIZATION "{user}"')

        def look() -> None:
            cursor.execute(ACTIVITY)
            place.update(text for (text,) in cursor.fetchall())

        yield look


def processes(seen: dict[str, set[str]]) -> Callable[[], None]:
    """Look at the command lines and environments of all processes that descend from this one."""

    def look() -> None:
        for pid in descendants(os.getpid()):
            for place, file in (("command lines", "cmdline"), ("environments", "environ")):
                with contextlib.suppress(OSError):
                    seen[place].add(Path(f"/proc/{pid}/{file}").read_bytes().decode("utf-8", "replace"))

    return look


def descendants(pid: int) -> Iterator[int]:
    """Give the processes that were started by a process, and by those in turn."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield int(child)
                yield from descendants(int(child))


def passing_files(folder: Path, seen: dict[str, set[str]]) -> Callable[[], None]:
    """Look at the files below a folder, each time that one is new or another."""
    known: set[tuple[str, int, int]] = set()

    def look() -> None:
        for path in (Path(where) / name for where, _folders, names in os.walk(folder) for name in names):
            with contextlib.suppress(OSError):
                facts = path.stat()
                if (str(path), facts.st_mtime_ns, facts.st_size) not in known:
                    seen["passing files"].add(path.read_bytes().decode("utf-8", "replace"))
                    known.add((str(path), facts.st_mtime_ns, facts.st_size))

    return look


def environment(folder: Path) -> dict[str, str]:
    """Make Ansible keep all that it can keep, in one folder, and write to a journal that is a file."""
    fake = folder / "journal" / "systemd"
    fake.mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    for name, text in JOURNAL.items():
        (fake / name).write_text(text)
    return {
        "PYTHONPATH": str(fake.parent),
        "JOURNAL_FILE": str(folder / "journal.txt"),
        "TMPDIR": str(folder / "tmp"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp" / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "tmp" / "remote"),
        "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "cache"),
        "ANSIBLE_RETRY_FILES_ENABLED": "true",
        "ANSIBLE_RETRY_FILES_SAVE_PATH": str(folder / "retry"),
        "ANSIBLE_CALLBACKS_ENABLED": "results,ansible.builtin.junit,ansible.builtin.tree",
        "ANSIBLE_CALLBACK_TREE_DIR": str(folder / "tree"),
        "JUNIT_OUTPUT_DIR": str(folder / "junit"),
    }


def kept(folder: Path) -> dict[str, str]:
    """Give the content of all files that are in the folder now."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace") for path in files}
