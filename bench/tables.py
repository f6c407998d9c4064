"""Twenty thousand tables, what is to be granted on them, and how to count what a server was asked and has written."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testbed import servers, workplace
from testbed.servers import Server

TABLES_EACH = 200
READERS, WRITER = ("reader_one", "reader_two"), "writer"
ROLES = (*READERS, WRITER)
# Nothing but the work at hand is to write.
SETTINGS = {
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_locks_per_transaction": "512",
    "shared_preload_libraries": "pg_stat_statements",
}
RULES = (
    f"GRANT USAGE ON SCHEMAS TO {', '.join(ROLES)}",
    f"GRANT SELECT ON TABLES TO {', '.join(READERS)}",
    f"GRANT INSERT, UPDATE, DELETE ON TABLES TO {WRITER}",
)
SCHEMA = """
DO $$ BEGIN CREATE SCHEMA {schema}; FOR i IN 1..{tables} LOOP
EXECUTE format('CREATE TABLE {schema}.t_%s (n int)', i); END LOOP; END $$
"""
BREAK = f"REVOKE DELETE ON app_000.t_7 FROM {WRITER}"
REPAIR = f'GRANT DELETE ON TABLE app_000.t_7 TO "{WRITER}";'
# What autovacuum, which is off, would have done between the turns.
CLEANING = [f"VACUUM (ANALYZE) pg_catalog.{name}" for name in ("pg_class", "pg_namespace", "pg_shdepend")]

STATEMENTS = "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'"
RESET = "SELECT pg_stat_statements_reset()"
# What a session has written is told when it ends, at the latest.
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
ROWS = "SELECT relname::text, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_sys_tables"
STALE_BEFORE, STALE_SECONDS = 15, 0.6


@dataclass
class Measured:
    """What happened on a server: statements, rows written by catalog, seconds; processor seconds of both ends."""

    statements: int = 0
    written: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    processor: float = 0.0

    @property
    def rows(self) -> int:
        """Return how many rows were written, in all catalogs."""
        return sum(self.written.values())


def schemas(count: int) -> list[str]:
    """Return names of schemas."""
    return [f"app_{number:03}" for number in range(count)]


def build(server: Server, database: str, count: int) -> None:
    """Make the roles, and a database with that many schemas of 200 tables each."""
    run(server, "postgres", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", f"CREATE DATABASE {database}")
    run(server, "postgres", *(f"CREATE ROLE {name}" for name in ROLES))
    run(
        server,
        database,
        "DROP SCHEMA public",
        *(SCHEMA.format(schema=name, tables=TABLES_EACH) for name in schemas(count)),
    )


def by_hand(count: int) -> list[str]:
    """Return the same as RULES, as people write it: a statement for each schema and role."""
    return [
        statement
        for schema in schemas(count)
        for statement in (
            *(f"GRANT USAGE ON SCHEMA {schema} TO {role}" for role in ROLES),
            *(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}" for role in READERS),
            f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {WRITER}",
        )
    ]


def run(server: Server, database: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    with closing(servers.connect(server, database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rows(server: Server, database: str, question: str) -> list[tuple[object, ...]]:
    """Return a query's rows."""
    with closing(servers.connect(server, database)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


@contextmanager
def measuring(server: Server, database: str) -> Iterator[Measured]:
    """Count what happens on a server, and in the catalogs that a database sees."""
    found, before = Measured(), written(server, database)
    rows(server, "postgres", RESET)
    begin, used = time.perf_counter(), processor(server)
    yield found
    found.seconds = time.perf_counter() - begin
    found.statements = int(str(rows(server, "postgres", STATEMENTS)[0][0]))
    after = written(server, database)
    found.processor = processor(server) - used
    found.written = {name: count - before[name] for name, count in after.items() if count > before[name]}


def written(server: Server, database: str) -> dict[str, int]:
    """Return how many rows were written so far, by catalog, once every other session has told."""
    while rows(server, "postgres", SESSIONS) != [(0,)]:
        time.sleep(0.01)
    if server.version < STALE_BEFORE:
        time.sleep(STALE_SECONDS)
    return {str(name): int(str(count)) for name, count in rows(server, database, ROWS)}


def processor(server: Server) -> float:
    """Return the processor time used so far: by this process, ended children of it, and ended sessions."""
    fields = Path(f"/proc/{workplace.postmaster(server.data_dir)}/stat").read_text().rpartition(")")[2].split()
    sessions = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime + sessions
