"""Many runs at once, alone and among strangers: all succeed or say why, and the end is as declared."""

from __future__ import annotations

import re
from collections import Counter

from testbed.servers import Server
from tests.server import crowd
from tests.server.isolation import READ_ONLY
from tests.server.modules import Result
from tests.width import WIDE

SECONDS = 40.0 if WIDE else 4.0
ROUNDS = 5 if WIDE else 1


def as_declared(server: Server) -> None:
    """Require that every declaration is fulfilled, that nobody waits, and that no lock is left."""
    changed = [call for call in crowd.mixed(server, **READ_ONLY) if (found := call()).get("failed") or found["changed"]]
    assert not changed
    assert crowd.run(server, "postgres", crowd.LEFT) == []


def messages(results: list[Result]) -> list[str]:
    """Give what the runs failed with."""
    return [f"{result['module']}: {result['msg']}" for result in results if result.get("failed")]


def test_sixteen_runs_at_once_all_succeed(cluster: Server) -> None:
    crowd.prepare(cluster)
    for turn in range(ROUNDS):
        results = crowd.at_once(crowd.mixed(cluster))
        assert messages(results) == []
        assert any(result["changed"] for result in results)
        as_declared(cluster)
        assert not any(result["changed"] for result in crowd.at_once(crowd.mixed(cluster)))
        for user in crowd.USERS:
            crowd.run(cluster, "postgres", f"REVOKE readers FROM {user}")
            crowd.run(cluster, crowd.DATABASES[turn % 3], f"GRANT ALL ON ALL TABLES IN SCHEMA app TO {user}")


def test_among_strangers_every_run_succeeds_or_says_why(cluster: Server) -> None:
    crowd.prepare(cluster)
    calls = crowd.mixed(cluster)[1::2]
    results = crowd.among_strangers(cluster, calls, SECONDS)
    said = messages(results)
    for text, count in Counter(said).most_common():
        print(f"{count} x {text}")
    states = Counter(result.get("sqlstate", "") for result in results)
    print(f"{len(results)} runs, {sum(result.get('changed', False) for result in results)} changed, {states}")
    raced = re.findall(r"ERROR:  (\D*)", cluster.log_file.read_text())
    print(Counter(text.strip() for text in raced).most_common(30))
    assert not [text for text in said if "internal error" in text or "please report" in text]
    assert all(result.get("msg") for result in results if result.get("failed"))
    assert len(said) < len(results)
    assert [result["msg"] for call in crowd.mixed(cluster) if (result := call()).get("failed")] == []
    as_declared(cluster)
