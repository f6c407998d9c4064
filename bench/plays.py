"""Run a playbook until it has nothing to do, and time it then."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed import plays


@dataclass(frozen=True)
class Timed:
    """Seconds of a run after the first one, how often a module ran in it, and how often it reported a change."""

    seconds: float
    runs: int
    changed: int


def timed(book: Sequence[dict[str, Any]], collections: Path, repetitions: int = 1) -> Timed:
    """Apply a playbook, and time further runs; the median counts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "play.json"
        path.write_text(json.dumps(book))
        run(path, collections)
        results = [run(path, collections) for _ in range(repetitions)]
    return Timed(statistics.median(one.seconds for one in results), results[-1].runs, results[-1].changed)


def run(path: Path, collections: Path) -> Timed:
    """Run a playbook once; it has to succeed."""
    begin = time.perf_counter()
    result = plays.play([str(path), "-i", "localhost,"], collections, {})
    seconds = time.perf_counter() - begin
    if result.code != 0:
        raise SystemExit(result.output)
    outcomes = [item for entry in result.results for item in entry["result"].get("results", [entry["result"]])]
    return Timed(seconds, len(outcomes), sum(bool(item.get("changed")) for item in outcomes))
