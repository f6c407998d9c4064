"""The model's default rules, and what its placeholders and aliases mean in the tests."""

from __future__ import annotations

from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Names

USERS = {"dbsu": "postgres", "repl": "replicator", "monitor": "dbuser_monitor", "admin": "dbuser_dba"}
ADDRESSES = {
    "admin": ("10.10.10.10",),
    "infra": ("10.10.10.10", "10.10.10.11"),
    "cluster": ("10.10.10.11", "10.10.10.12"),
    "intra": ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12"),
}
NAMES = Names(USERS, ADDRESSES)
POOL = Names(USERS, ADDRESSES, pool=True)


def item(order: int, user: str, db: str, addr: str, auth: str, **more: Any) -> dict[str, Any]:
    return {"order": order, "user": user, "db": db, "addr": addr, "auth": auth, "title": f"rule {order}", **more}


RULES = [
    item(100, "${dbsu}", "all", "local", "ident"),
    item(150, "${dbsu}", "replication", "local", "ident"),
    item(200, "${repl}", "replication", "localhost", "pwd"),
    item(250, "${repl}", "replication", "intra", "pwd"),
    item(300, "${repl}", "postgres", "intra", "pwd"),
    item(350, "${monitor}", "all", "localhost", "pwd"),
    item(400, "${monitor}", "all", "infra", "pwd"),
    item(450, "${admin}", "all", "intra", "pwd"),
    item(500, "${admin}", "all", "world", "ssl"),
    item(550, "+dbrole_readonly", "all", "localhost", "pwd"),
    item(600, "+dbrole_readonly", "all", "intra", "pwd"),
    item(650, "+dbrole_offline", "all", "intra", "pwd", role="offline"),
]
POOL_RULES = [
    item(100, "${dbsu}", "pgbouncer", "local", "peer"),
    item(150, "all", "all", "localhost", "pwd"),
    item(200, "${monitor}", "pgbouncer", "intra", "pwd"),
    item(250, "${monitor}", "all", "world", "deny"),
    item(300, "${admin}", "all", "intra", "pwd"),
    item(350, "${admin}", "all", "world", "deny"),
    item(400, "all", "all", "intra", "pwd"),
]
