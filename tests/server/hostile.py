# ruff: noqa: RUF001  letters that look like others are what this is about
"""Hostile names and texts, what has to become of them, and a canary that an injected statement would kill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from testbed import servers
from tests.width import WIDE

READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}
CANARY = "canary"

# Pieces that break out of quotes, are read as something else by a template, a shell, a driver or psql, look like
# something else, or mean something to PostgreSQL; the canary is what an injected statement would drop or make.
PIECES = [
    *("'", '"', '""', "''", "\\", "\\'", "\\\\", "`", "$", "$$", "$1", "$tag$", "%", "%%", "%s", "%(name)s", "%(x)d"),
    *("{", "}", "{}", "{0}", "{{", "}}", "{{ 1+1 }}", "{% raw %}", "{# #}", "${HOME}", "$(touch x)", "|", "&", "!"),
    *(
        ";",
        "--",
        "/*",
        "*/",
        "#",
        ",",
        ".",
        "..",
        ":",
        "::text",
        ":'x'",
        ':"x"',
        "@",
        "=",
        "=r/postgres",
        "/",
        "(",
        ")",
    ),
    *(" ", "  ", "\t", "\n", "\r\n", "\v", "\f", "\x01", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u00a0", "\u3000"),
    *("é", "e\u0301", "\u00c5", "A\u030a", "\u212b", "ß", "ſ", "ı", "İ", "K", "ﬁ", "ẞ", "Ω", "Ω", "ё", "е", "Ж"),
    *(
        "\u05d0\u05d1",
        "\u0627\u0644",
        "\u202e",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u0300",
        "😀",
        "👩\u200d🔧",
        "\U0010ffff",
    ),
    *("a", "A", "b_1", "public", "PUBLIC", "none", "NULL", "null", "true", "0", "1e3", "pg_", "select", "user"),
    *("x'; DROP ROLE canary; --", 'x"; DROP ROLE canary; --', "\\'; DROP ROLE canary; --", "$$; DROP ROLE canary; $$"),
    *("\nDROP ROLE canary;\n", "\\connect template1\n", "\\! touch x\n", "E'\\x27'", "U&", "*", "?", "[]", "ARRAY"),
]
WHOLE = [
    *(
        "",
        " ",
        "\n",
        "'",
        '"',
        "\\",
        ".",
        "public",
        "PUBLIC",
        "Public",
        "publıc",
        "none",
        "NONE",
        "None",
        "pg_x",
        "PG_X",
    ),
    *("current_user", "CURRENT_USER", "session_user", "current_role", "user", "all", "ALL", "select", "table", "null"),
    *("DEFAULT", "default", "true", "0", "-1", "1.5", "\0", "a\0b", "\ud800", "a\udcffb", "é", "e\u0301", "ı", "i"),
    *("a" * 63, "a" * 64, "é" * 31 + "a", "é" * 31 + "ab", "é" * 32, "😀" * 15 + "abc", "😀" * 15 + "abcd", "😀" * 16),
    *("postgres://x/y", "postgresql://x", "dbname=x", "host=/tmp", "-d", "--", "~", "*", "t*", "a.b", "a.b.c", '"a"'),
    *("a b", " a", "a ", "A", "a", "ａ", "{{ lookup('pipe','touch x') }}", "{{ 1+1 }}", "{{", "!unsafe x", "&a", "*a"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), min_size=1, max_size=8).map("".join)
NAMES = st.sampled_from(WHOLE) | TEXTS | TEXTS.flatmap(lambda text: st.sampled_from(at_the_border(text)))


def at_the_border(text: str) -> list[str]:
    """Give texts of 62 to 64 bytes that end as this one does, whole or cut in the middle of something."""
    size = len(text.encode("utf-8", "surrogatepass"))
    return ["x" * (length - size) + text for length in (62, 63, 64)]


def batches(least: int, most: int) -> st.SearchStrategy[list[str]]:
    """Give lists of different names."""
    return st.lists(NAMES, min_size=least, max_size=most, unique=True)


def examples(usual: int, wide: int) -> hypothesis.settings:
    """Try so many batches, more in a wide run; the usual ones are the same every time."""
    return hypothesis.settings(
        max_examples=wide if WIDE else usual,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=not WIDE,
        phases=[Phase.generate],  # a failed batch is shown as it is: on a server, making it smaller takes minutes
    )


def is_name(text: str) -> bool:
    """Tell, independently of the code under test, whether a server can have something of this name."""
    if "\0" in text or any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return False
    return 1 <= len(text.encode()) <= 63


def is_role(text: str) -> bool:
    """Tell whether a role may be called so: names like PUBLIC would be taken for everybody in a list of grantees."""
    reserved = text == "none" or (text.isascii() and text.lower() == "public")
    return is_name(text) and not reserved and not text.startswith("pg_")


def read(server: servers.Server, text: str, dbname: str = "postgres", **values: Any) -> list[tuple[Any, ...]]:
    """Run one statement as the superuser, with names as bind parameters, and give its rows."""
    utf8 = {"client_encoding": "UTF8"}
    with closing(servers.connect(server, dbname, **utf8)) as connection, connection.cursor() as cursor:
        cursor.execute(text, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def run(server: servers.Server, statements: Iterable[str], dbname: str = "postgres") -> None:
    """Run statements as the superuser, each by itself: their names can contain whatever separates statements."""
    utf8 = {"client_encoding": "UTF8"}
    with closing(servers.connect(server, dbname, **utf8)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def tidied(server: servers.Server) -> Iterator[None]:
    """Drop in the end every database and every role that is new, whatever its name is."""
    before = (databases(server), roles(server))
    try:
        yield
    finally:
        run(server, [f"DROP DATABASE {quoted(name)} WITH (FORCE)" for name in databases(server) - before[0]])
        gone = sorted(map(quoted, roles(server) - before[1]))
        run(server, [f"{words} {name}" for words in ("DROP OWNED BY", "DROP ROLE") for name in gone])


def stored(server: servers.Server, text: str, dbname: str = "postgres") -> set[str]:
    """Give one column of names as the bytes that the catalog has, decoded here."""
    rows = read(server, f"SELECT pg_catalog.convert_to(n::text, 'UTF8') FROM ({text}) AS s (n)", dbname)
    return {bytes(name).decode() for (name,) in rows}


def roles(server: servers.Server) -> set[str]:
    """Give the names of all roles."""
    return stored(server, "SELECT rolname FROM pg_authid")


def databases(server: servers.Server) -> set[str]:
    """Give the names of all databases."""
    return stored(server, "SELECT datname FROM pg_database")


def quoted(name: str) -> str:
    """Quote a name for SQL, independently of the code under test."""
    return '"' + name.replace('"', '""') + '"'


def is_text(text: str) -> bool:
    """Tell whether a server with encoding UTF8 can store a text."""
    return "\0" not in text and not any(0xD800 <= ord(char) <= 0xDFFF for char in text)


def name_shown(name: str, message: str) -> bool:
    """Tell whether a message names a name, as it is or with escapes; an empty one is called empty."""
    return any(text in message for text in (name, repr(name)[1:-1])) if name else "empty" in message


def fold(name: str) -> str:
    """Fold a parameter's name as the server does: ASCII letters only."""
    return "".join(char.lower() if char.isascii() else char for char in name)
