"""Log in as somebody, from where this process runs: attempts as JSON on standard input, answers as JSON out."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import Any

import psycopg2
import psycopg2.extras


def knock(attempt: dict[str, Any]) -> str:
    """Log in, and say who that is then, or else what is said against it."""
    kind = psycopg2.extras.PhysicalReplicationConnection if attempt.pop("replication", False) else None
    try:
        with closing(psycopg2.connect(connect_timeout=20, connection_factory=kind, **attempt)) as raw:
            cursor = raw.cursor()
            cursor.execute("IDENTIFY_SYSTEM" if kind else "SELECT current_user::text")
            return "in" if kind else f"in as {cursor.fetchone()[0]}"
    except psycopg2.Error as error:
        return " ".join(str(error).split())


if __name__ == "__main__":
    json.dump([knock(attempt) for attempt in json.load(sys.stdin)], sys.stdout)
