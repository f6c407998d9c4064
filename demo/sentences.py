"""What a run would do or did, to be read: what happens in several databases stands there once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from demo import screen
from testbed.plays import Run

CLUSTER = "the cluster"


def sql(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return each statement of a module's result with its database."""
    statements = [line for line in result["sql"] if not line.startswith("\\connect ")]
    for change, statement in zip(result["changes"], statements, strict=True):
        yield change["database"] or CLUSTER, statement


def sentences(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return each sentence of a module's result with its database."""
    for change in result["changes"]:
        yield change["database"] or CLUSTER, change["summary"]


def together(pairs: Iterator[tuple[str, str]]) -> dict[tuple[str, ...], list[str]]:
    """Put the texts that belong to the same databases together."""
    databases: dict[str, list[str]] = {}
    for database, text in pairs:
        databases.setdefault(text, []).append(database)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, names in databases.items():
        groups.setdefault(tuple(names), []).append(text)
    return groups


def show(run: Run, texts: Any) -> int:
    """Print one block a module and group of databases, and return the number of changes."""
    for entry in changing(run):
        what = entry["task"].rpartition(" : ")[2]
        for databases, lines in together(texts(entry["result"])).items():
            screen.block(f"{what}: {len(lines)} in {', '.join(databases)}", lines)
    return len(run.changes())


def changing(run: Run) -> list[dict[str, Any]]:
    """Return the results that have changes."""
    return [entry for entry in run.results if entry["result"].get("changes")]


def diffs(run: Run) -> str:
    """Return the part of the output that tells about changes."""
    tasks = re.split(r"\n(?=TASK |PLAY )", run.output)
    return "\n".join(task for task in tasks if "\nchanged: [" in task)
