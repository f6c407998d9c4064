"""Count the failovers that were tried, and how the runs ended in whose middle they came."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Kind of failover and end of the run."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, kind: str, end: str) -> None:
        """Count one run."""
        self.ends[kind, end] += 1

    def lines(self) -> list[str]:
        """Return what was counted."""
        if not self.ends:
            return []
        each = [f"  {kind}: {end}: {number}" for (kind, end), number in sorted(self.ends.items())]
        return [f"failovers in the middle of a run: {sum(self.ends.values())}", *each]


TALLY = Tally()
