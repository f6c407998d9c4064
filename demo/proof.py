"""Who may do what, found out by trying, and compared with what is expected."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from demo import screen
from demo.stage import Stage
from demo.table import render

DATABASES = ("confluence", "gitlab", "jira")
# The first was made by the database's owner, the second, with its schema, by the role dbrole_admin.
OWN, TEAM = TABLES = ("public.notes", "team.notes")
AS_ADMIN = "SET ROLE dbrole_admin"
STATEMENTS = {
    "SELECT": "SELECT title FROM {}",
    "INSERT": "INSERT INTO {} (id, title) VALUES (0, 'tried')",
    "DELETE": "DELETE FROM {}",
    "CREATE": "CREATE TABLE {}_tried (id int)",
    "DROP": "DROP TABLE {}",
}
READS = frozenset({"CONNECT", "SELECT"})
WRITES = READS | {"INSERT", "DELETE"}
ALL = WRITES | {"CREATE", "DROP"}


@dataclasses.dataclass(frozen=True)
class Part:
    """Somebody, and what they may do: by database and table; everything else has to be refused."""

    user: str
    what: str
    may: Mapping[tuple[str, str], frozenset[str]]
    first: str = ""

    @property
    def who(self) -> str:
        """Return how the table names them."""
        return f"{self.user}, {self.what}"


PARTS = (
    Part("analyst_ada", "an analyst", {("gitlab", OWN): READS, ("gitlab", TEAM): READS}),
    Part("offline_etl", "offline user", {("gitlab", OWN): READS, ("gitlab", TEAM): READS}),
    Part("dbuser_gitlab", "writer and owner", {("gitlab", OWN): ALL, ("gitlab", TEAM): WRITES}),
    Part("dbuser_confluence", "admin and owner", {("confluence", OWN): ALL, ("confluence", TEAM): ALL}),
    Part("dbuser_jira", "admin and owner", {("jira", OWN): ALL, ("jira", TEAM): ALL}),
    Part("dbuser_jira", "as dbrole_admin", {("jira", OWN): ALL - {"DROP"}, ("jira", TEAM): ALL}, AS_ADMIN),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """What came of the attempts on one table: the server's message, or nothing where it allowed them."""

    part: Part
    database: str
    table: str
    outcomes: Mapping[str, str]

    @property
    def who(self) -> str:
        """Return who tried."""
        return self.part.who

    def wrong(self) -> Iterator[str]:
        """Return a sentence for each outcome that isn't the expected one."""
        may = self.part.may.get((self.database, self.table), frozenset())
        for action, message in self.outcomes.items():
            if (action in may) is bool(message):
                expected = "allowed" if action in may else "refused"
                place = f"{action} in {self.database}" + (f" on {self.table}" if self.table else "")
                yield f"{self.who}: {place} should be {expected}, and was {message or 'allowed'}"


def try_all(stage: Stage) -> list[Row]:
    """Let everybody try everything; what they do is rolled back."""
    return [row for part in PARTS for database in DATABASES for row in try_in(stage, part, database)]


def try_in(stage: Stage, part: Part, database: str) -> list[Row]:
    """Log in to a database and try everything there."""
    try:
        with stage.login(part.user, database) as connection:
            return [Row(part, database, table, try_on(connection, part, table)) for table in TABLES]
    except psycopg2.OperationalError as refusal:
        message = str(refusal).partition("FATAL:  ")[2].partition("\n")[0]
        if not message.startswith("permission denied for database"):
            raise
    return [Row(part, database, "", {"CONNECT": message})]


def try_on(connection: psycopg2.extensions.connection, part: Part, table: str) -> dict[str, str]:
    """Try every statement on one table."""
    statements = {action: statement.format(table) for action, statement in STATEMENTS.items()}
    return {"CONNECT": "", **{action: attempt(connection, part.first, sql) for action, sql in statements.items()}}


def attempt(connection: psycopg2.extensions.connection, first: str, statement: str) -> str:
    """Return why the server refused a statement, or nothing; any other failure is an error."""
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {first}")
        try:
            cursor.execute(statement)
        except psycopg2.errors.InsufficientPrivilege as refusal:
            return refusal.diag.message_primary or "refused"
        finally:
            cursor.execute("ROLLBACK")
    return ""


def mismatches(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each outcome that isn't the expected one."""
    return [sentence for row in rows for sentence in row.wrong()]


def show(rows: Sequence[Row]) -> None:
    """Print the table, and below it what the server said."""
    messages: dict[str, int] = {}
    cells = [["who", "database", "table", "CONNECT", *STATEMENTS]]
    for row in rows:
        marks = [mark(row.outcomes.get(action), messages) for action in cells[0][3:]]
        cells.append([row.who, row.database, row.table, *marks])
    screen.say()
    for line in render(cells):
        screen.say(line, indent=2)
    screen.block("The server's words", [f"{number:>2}  {message}" for message, number in messages.items()])
    screen.say()


def mark(message: str | None, messages: dict[str, int]) -> str:
    """Return a cell: yes, no with the number of the server's message, or nothing where nothing was tried."""
    if not message:
        return "" if message is None else "yes"
    return f"no {messages.setdefault(message, len(messages) + 1)}"
