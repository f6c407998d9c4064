"""Run a playbook until it has nothing to do, and time it then."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed import plays


@dataclass(frozen=True)
class Timed:
    """What a run after the first one took, how often a module ran in it, and how often it reported a change.

    Processor seconds are those of ansible-playbook and the modules, not of the server.
    """

    seconds: float
    processor: float
    runs: int
    changed: int


def timed(book: Sequence[dict[str, Any]], collections: Path, repetitions: int = 1) -> Timed:
    """Apply a playbook, and time further runs; of several, the one with the median of processor time counts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "play.json"
        path.write_text(json.dumps(book))
        run(path, collections)
        results = [run(path, collections) for _turn in range(repetitions)]
    return sorted(results, key=lambda one: one.processor)[len(results) // 2]


def run(path: Path, collections: Path) -> Timed:
    """Run a playbook once; it has to succeed."""
    begin, used = time.perf_counter(), processor_seconds()
    result = plays.play([str(path), "-i", "localhost,"], collections, {})
    seconds, processor = time.perf_counter() - begin, processor_seconds() - used
    if result.code != 0:
        raise SystemExit(result.output)
    outcomes = [item for entry in result.results for item in entry["result"].get("results", [entry["result"]])]
    return Timed(seconds, processor, len(outcomes), sum(bool(item.get("changed")) for item in outcomes))


def processor_seconds() -> float:
    """Give the processor time of all ended child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
