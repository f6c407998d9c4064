"""Run make targets, several at the same time; print each one's output in one piece, and their closing lines at last."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

LONGEST_SECONDS = 4500.0
GRACE_SECONDS = 15.0
PLAIN = {"NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "PY_COLORS": "0", "PYTHONUNBUFFERED": "1"}
_running: set[int] = set()


@dataclass(frozen=True)
class Result:
    """How a job ended."""

    name: str
    code: int
    seconds: float
    output: str

    def closing(self) -> str:
        """Return the last line that the job itself printed."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return next((line for line in reversed(lines) if not line.startswith("make")), "no output")


def run(name: str) -> Result:
    """Run one target."""
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return execute(name, ["make", "--no-print-directory", name], environment, LONGEST_SECONDS)


def execute(name: str, command: Sequence[str], environment: Mapping[str, str], longest: float) -> Result:
    """Run one command in a process group of its own, and end it when it takes longer than so many seconds."""
    print(f"started: {name}", flush=True)
    begin = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**environment, **PLAIN},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process, registered(process.pid):
        output, late = collect(process, longest)
    text = output.decode(errors="replace") + late
    return Result(name, process.returncode or bool(late), time.monotonic() - begin, text)


@contextmanager
def registered(group: int) -> Iterator[None]:
    """Remember a process group for as long as it runs."""
    _running.add(group)
    try:
        yield
    finally:
        _running.discard(group)


def collect(process: subprocess.Popen[bytes], longest: float) -> tuple[bytes, str]:
    """Return what a job prints, and a line if it had to be ended."""
    try:
        return process.communicate(timeout=longest)[0], ""
    except subprocess.TimeoutExpired:
        end(process.pid, signal.SIGINT)
    try:
        output = process.communicate(timeout=GRACE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        end(process.pid, signal.SIGKILL)
        output = process.communicate()[0]
    return output, f"\nended after {longest:.0f} s\n"


def end(group: int, how: signal.Signals) -> None:
    """Send a signal to a job and all that it has started."""
    try:
        os.killpg(group, how)
    except ProcessLookupError:
        return


def end_all() -> None:
    """Ask all jobs to end."""
    for group in tuple(_running):
        end(group, signal.SIGINT)


def run_all(names: Sequence[str], at_once: int) -> list[Result]:
    """Run all jobs, and print each one's output as it ends."""
    with ThreadPoolExecutor(at_once) as pool:
        pending = [pool.submit(run, name) for name in names]
        try:
            results = [show(future.result()) for future in as_completed(pending)]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise
    return sorted(results, key=lambda result: names.index(result.name))


def show(result: Result) -> Result:
    """Print a job's output."""
    print(f"\n===== {result.name}: {verdict(result)} in {result.seconds:.0f} s =====", flush=True)
    print(result.output.rstrip(), flush=True)
    return result


def verdict(result: Result) -> str:
    """Return a word for how a job ended."""
    return "failed" if result.code else "passed"


def summary(results: Sequence[Result]) -> str:
    """Return one line a job, and a line for all."""
    rows = [f"{r.name:<12} {verdict(r)} {r.seconds:5.0f} s  {r.closing()}" for r in results]
    failed = sum(bool(result.code) for result in results)
    return "\n".join(["", "===== closing lines =====", *rows, f"jobs: {len(results) - failed} passed, {failed} failed"])


def main() -> int:
    """Run the jobs of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("jobs", nargs="+")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = run_all(arguments.jobs, max(1, arguments.at_once))
    print(summary(results), flush=True)
    return any(result.code for result in results)


if __name__ == "__main__":
    sys.exit(main())
