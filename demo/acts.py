"""The six acts; each checks what it claims."""

from __future__ import annotations

import psycopg2.errors

from demo import proof, screen, sentences
from demo.errors import DemoError, claim
from demo.stage import Stage
from testbed.catalogs import differences, snapshot
from testbed.plays import Run

OWNERS = {"confluence": "dbuser_confluence", "gitlab": "dbuser_gitlab", "jira": "dbuser_jira"}
READ_ONLY = "-c default_transaction_read_only=on"
SCHEMA = "CREATE SCHEMA team"
TABLE = "CREATE TABLE {} (id serial PRIMARY KEY, title text NOT NULL)"
ROWS = "INSERT INTO {} (title) SELECT 'row ' || n FROM generate_series(1, 3) AS n"
# What is there before a run, in gitlab: the work of a role that nobody declared.
LEGACY = (
    "CREATE ROLE legacy",
    "CREATE SCHEMA legacy AUTHORIZATION legacy",
    "SET ROLE legacy",
    "CREATE TABLE legacy.invoices (id int, total numeric)",
    "INSERT INTO legacy.invoices VALUES (1, 19.90)",
)
READ_LEGACY, WRITE_LEGACY = "SELECT total FROM legacy.invoices", "DELETE FROM legacy.invoices"
LEGACY_GRANTS = [
    "grant CREATE on schema legacy to dbrole_admin",
    "grant INSERT, UPDATE, DELETE on table legacy.invoices to dbrole_readwrite",
    "grant SELECT on table legacy.invoices to dbrole_offline, dbrole_readonly",
    "grant TRUNCATE, REFERENCES, TRIGGER on table legacy.invoices to dbrole_admin",
    "grant USAGE on schema legacy to dbrole_offline, dbrole_readonly",
]
LEGACY_DEFAULTS = "SELECT FROM pg_default_acl WHERE defaclrole = 'legacy'::regrole"
# What somebody does by hand, where, and the sentence that names its repair.
BREAKS = (
    ("GRANT CONNECT ON DATABASE jira TO analyst_bob", "postgres", "revoke CONNECT on database jira from analyst_bob"),
    ("REVOKE dbrole_readonly FROM analyst_ada", "postgres", "grant dbrole_readonly to analyst_ada"),
    ("ALTER ROLE dbuser_jira CREATEDB", "postgres", "alter role dbuser_jira: NOCREATEDB"),
    (
        "ALTER DEFAULT PRIVILEGES FOR ROLE dbuser_gitlab GRANT DELETE ON TABLES TO dbrole_readonly",
        "gitlab",
        "revoke DELETE on future tables of dbuser_gitlab from dbrole_readonly",
    ),
)


def play_all(stage: Stage) -> None:
    """Play the acts in their order."""
    predicted = check_the_empty_cluster(stage)
    apply(stage, predicted)
    apply_again(stage)
    reach_what_is_there(stage)
    break_and_repair(stage)
    prove(stage)


def check_the_empty_cluster(stage: Stage) -> Run:
    """Show the SQL that would run, and that nothing of it ran."""
    screen.heading(1, "Check mode on the empty cluster: shows the SQL that would run, and writes nothing")
    before = snapshot(stage.server)
    run = stage.play("--check", "--diff")
    count = sentences.show(run, sentences.sql)
    written = differences(before, snapshot(stage.server))
    screen.say()
    claim(count > 0, "check mode on an empty cluster has nothing to do")
    screen.proved(f"check mode succeeds where nothing exists yet, and shows {count} statements")
    claim(not written, f"check mode has written to {', '.join(written)}")
    screen.proved(f"it has written nothing: {len(before)} catalogs are as they were, to the last row")
    return run


def apply(stage: Stage, predicted: Run) -> None:
    """Apply, say what changed, and let the owners create their tables."""
    screen.heading(2, "Apply: what changed, a sentence each; then the owners create their tables")
    run = stage.play()
    count = sentences.show(run, sentences.sentences)
    screen.say()
    claim(run.changes() == predicted.changes(), "the apply made other changes than check mode named")
    screen.proved(f"{count} changes, exactly those that check mode named")
    for database, owner in OWNERS.items():
        work(stage, owner, database, TABLE.format(proof.OWN), ROWS.format(proof.OWN))
        screen.proved(f"{owner} has logged in to {database} over TCP and created the table {proof.OWN}, with rows")
        work(stage, "dbuser_dba", database, proof.AS_ADMIN, SCHEMA, TABLE.format(proof.TEAM), ROWS.format(proof.TEAM))
    screen.proved(f"dbuser_dba has created {proof.TEAM} and its schema in each of them, after {proof.AS_ADMIN}")


def work(stage: Stage, user: str, database: str, *statements: str) -> None:
    """Log in over TCP and run statements."""
    with stage.login(user, database) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def apply_again(stage: Stage) -> None:
    """Apply on a connection that can't write."""
    screen.heading(3, "Apply again: nothing to do, on a connection that is read-only")
    before = snapshot(stage.server)
    try:
        stage.superuser("CREATE ROLE nobody_at_all", options=READ_ONLY)
    except psycopg2.errors.ReadOnlySqlTransaction as refusal:
        screen.proved(f"the connection can't write: {refusal.diag.message_primary}")
    else:
        raise DemoError("the read-only connection can write")
    run = stage.play("-e", f'{{"embedded_connect_params": {{"options": "{READ_ONLY}"}}}}')
    unchanged(run)
    written = differences(before, snapshot(stage.server))
    claim(not written, f"the second run has written to {', '.join(written)}")
    screen.proved(f"it has written nothing: {len(before)} catalogs are as they were")


def reach_what_is_there(stage: Stage) -> None:
    """Let an analyst be refused on a table that was there before the run, and read it afterwards."""
    screen.heading(4, "A table is there already, made by a role that nobody declared: apply makes it readable")
    stage.superuser("; ".join(LEGACY), "gitlab")
    screen.block("By hand in gitlab, as a superuser", [f"{statement};" for statement in LEGACY])
    screen.say()
    screen.proved(f"analyst_ada has logged in to gitlab and is refused: {legacy_refusal(stage)}")
    run = stage.play("--check", "--diff")
    sentences.show(run, sentences.sql)
    screen.say()
    named = sorted(summary for _task, summary in run.changes())
    claim(named == LEGACY_GRANTS, f"check mode names other changes: {named}")
    screen.proved(
        f"check mode shows these {len(named)} statements; analyst_ada is still refused: {legacy_refusal(stage)}"
    )
    claim(stage.play().changes() == run.changes(), "the apply made other changes than check mode named")
    screen.say()
    legacy_is_readable(stage)
    screen.proved(
        "the apply made exactly these: analyst_ada has logged in and reads the table, and may not delete from it"
    )
    claim(not stage.superuser(LEGACY_DEFAULTS, "gitlab"), "legacy has default privileges in gitlab")
    screen.proved("all without default privileges for legacy: it has none")


def legacy_refusal(stage: Stage) -> str:
    """Return the server's words to an analyst who wants to read the table; there have to be some."""
    with stage.login("analyst_ada", "gitlab") as connection:
        refusal = proof.attempt(connection, "", READ_LEGACY)
    claim(bool(refusal), "analyst_ada reads legacy.invoices")
    return refusal


def legacy_is_readable(stage: Stage) -> None:
    """Claim that an analyst reads the table, and doesn't write it."""
    with stage.login("analyst_ada", "gitlab") as connection:
        read, written = (proof.attempt(connection, "", statement) for statement in (READ_LEGACY, WRITE_LEGACY))
    claim(not read, f"analyst_ada doesn't read legacy.invoices: {read}")
    claim(bool(written), "analyst_ada writes legacy.invoices")


def break_and_repair(stage: Stage) -> None:
    """Break it by hand, let check mode name each difference, and repair it."""
    screen.heading(5, "Somebody breaks it by hand: check mode names each difference, apply repairs it")
    for statement, database, _repair in BREAKS:
        stage.superuser(statement, database)
    screen.block("By hand, as a superuser", [f"{statement};" for statement, *_more in BREAKS])
    run = stage.play("--check", "--diff")
    screen.diff(sentences.diffs(run))
    named = sorted(summary for _task, summary in run.changes())
    claim(named == sorted(repair for *_more, repair in BREAKS), f"check mode names other differences: {named}")
    screen.proved(f"check mode names these {len(BREAKS)} differences, and no other")
    repaired = stage.play()
    sentences.show(repaired, sentences.sentences)
    screen.say()
    claim(repaired.changes() == run.changes(), "the repair made other changes than check mode named")
    screen.proved("the repair made exactly these changes")
    unchanged(stage.play())


def unchanged(run: Run) -> None:
    """Claim that a run found nothing to do."""
    recap = next((line for line in run.output.splitlines() if "changed=" in line), "")
    claim(run.changed == 0 and " changed=0 " in recap, f"the run should have changed nothing: {run.changes()}")
    screen.say("  ".join(recap.split()[:5]), indent=2)
    screen.proved("nothing was left to do: changed=0")


def prove(stage: Stage) -> None:
    """Log in as everybody, try everything, and compare with what is expected."""
    screen.heading(6, "Proof by doing: everybody logs in and tries")
    rows = proof.try_all(stage)
    proof.show(rows)
    wrong = proof.mismatches(rows)
    claim(not wrong, "not as expected:\n" + "\n".join(wrong))
    tried = sum(len(row.outcomes) for row in rows)
    screen.proved(f"{tried} attempts by {len({row.who for row in rows})} kinds of users, each with the expected end")
    screen.proved("the offline user reads gitlab, and nothing else: it is read-only")
