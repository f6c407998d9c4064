"""Compare a server's catalogs before and after something that should have written nothing."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2.extensions

from testbed import servers
from testbed.server import Server

TABLES = """
    SELECT c.oid::regclass::text, c.relisshared
    FROM pg_class c
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'pg_statistic%'
    ORDER BY 1
"""
# xmin is the transaction that wrote the row: writing the same values again shows. Some columns of pg_class and
# pg_database are left out, because the server itself changes them in place while it cleans up.
ROWS = "SELECT md5(string_agg(r, '' ORDER BY r)) FROM (SELECT xmin::text || {} AS r FROM {} t) AS rows"
UPKEEP = "{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhasindex,datfrozenxid,datminmxid}"
PARTS = dict.fromkeys(("pg_class", "pg_database"), f"(to_jsonb(t) - '{UPKEEP}'::text[])::text")


def snapshot(server: Server) -> dict[str, str]:
    """Return a digest of each catalog of each database that can be connected to, shared catalogs once."""
    with closing(servers.connect(server)) as connection:
        names = [name for (name,) in query(connection, "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1")]
        found = {f"cluster: {table}": digest(connection, table) for table in tables(connection, shared=True)}
    for name in names:
        with closing(servers.connect(server, name)) as connection:
            found |= {f"{name}: {table}": digest(connection, table) for table in tables(connection, shared=False)}
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the catalogs that differ."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def tables(connection: psycopg2.extensions.connection, *, shared: bool) -> list[str]:
    """Return the names of the catalogs that are shared by all databases, or of the others."""
    return [table for table, is_shared in query(connection, TABLES) if is_shared is shared]


def digest(connection: psycopg2.extensions.connection, table: str) -> str:
    """Return a name for a catalog's content, which may hold secrets."""
    ((found,),) = query(connection, ROWS.format(PARTS.get(table, "t::text"), table))
    return found or ""


def query(connection: psycopg2.extensions.connection, sql: str) -> list[tuple[Any, ...]]:
    """Return a query's rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def main() -> None:
    """Print the digests of the server that was started last in a root."""
    parser = argparse.ArgumentParser(prog="python -m testbed.catalogs", description=__doc__)
    parser.add_argument("root", type=Path, help="where the server is noted")
    server = servers.load(parser.parse_args().root)
    if server is None:
        raise SystemExit("no server was started there")
    print(json.dumps(snapshot(server)))


if __name__ == "__main__":
    main()
