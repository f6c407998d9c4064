"""Whether HBA files are read here as PostgreSQL reads them, and its decisions foretold."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from typing import Any

import psycopg2
import psycopg2.errors
import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.cluster import Attempt, Cluster
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.decide import decide
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.expressions import broken, found
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Broken, Instance, Line, Names
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.parse import parse_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.render import active_lines, render
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.tokens import read_lines
from psycopg2 import sql

from testbed import servers

IN_FORCE = "local all postgres trust\n"
VIEW = """
SELECT line_number, type, database, user_name, address, netmask, auth_method, options
FROM pg_catalog.pg_hba_file_rules ORDER BY line_number
"""
ODD_NAMES = [
    "all",
    "+x",
    "a b",
    'a"b',
    '"',
    "a,b",
    "a#b",
    "@a",
    "sameuser",
    "replication",
    "/x",
    "ü\u00a0",
    "a\tb\\",
    "x=y",
]
SEARCH = 'SELECT p, n, n ~ (p COLLATE "C") FROM unnest(%s) AS p, unnest(%s) AS n'
SUBJECTS = ["", "a", "b", "ab", "aab", "a1", "_", "a.b", "a b", "b\n", "é", "A", "-", "a|b", "^a"]
PARTS = [
    *r"ab1_$^.*+?|()[]{}-\,",
    "a",
    "b",
    r"\d",
    r"\w",
    "{1}",
    "{0,2}",
    "[ab]",
    "[^a]",
    "[a-c]",
    r"\.",
    "^a",
    "b$",
    "é",
]
USERS = ("direct", "indirect", "apart", "chief", "grp", "all", "+grp", "a b", 'q"x', "/odd", "app")
DATABASES = ("app", "grp", "direct", "all", "replication", "a,b")
HOSTILE = (
    r"""# a comment \
local all never trust
local	all,app , "a b",al"l" "a""b",+"my group","+x",a#b trust
local "all","sameuser",sameuser,samegroup,replication """
    '"",""x,@,"@f" trust'
    r"""
local all a, b,,c peer map="m n" # why
local all a ,b trust
local all bo\
b ident map=x
LOCAL all all trust
local,host all all trust
local all all trust,md5
local all all "trust"
"host" all all all reject
local all "unclosed trust
local all
local
local all all
local all all pear
local all all peer map = x
local all all trust map=x
local all all md5 nothing=x
local all all peer map=a,map=b map=
local all a{vt}b{nbsp}c trust
local all /a[ trust
local all /a{1,2} trust
local all "/a{1,2}$",/^b trust
local all all radius radiusservers=127.0.0.1 radiussecrets=s
local all all radius radiusservers=127.0.0.1
host all all all peer
host all all all md5 clientcert=verify-full
host all all samehost ident map=x
host all all samenet md5
host all all "all" md5
host all all ALL md5
host all all "" md5 ,
host all all .suffix md5
host all all some_host md5
host all all some.host/32 md5
host all all 10.0.0.256 md5
host all all 300.0.0.1/32 md5
host all all 10.1.2.3/8 md5
host all all 10.1/16 md5
host all all 0x7f.1/+8 md5
host all all 010.0.0.1/08 md5
host all all "10.0.0.0/ 8" md5
host all all 10.0.0.0/33 md5
host all all 10.0.0.0/ md5
host all all 10.0.0.0/-1 md5
host all all 10.0.0.1 md5
host all all 10.0.0.1 255.0.255.0 md5
host all all 10.0.0.1 all md5
host all all 10.0.0.1 ffff:: md5
host all all 10.0.0.1,10.0.0.2 md5
host all all 127.0.0.1/255.0.0.0 md5
host all all ::1 md5
host all all ::1/128 md5
host all all ::ffff:10.0.0.1/129 md5
host all all 2001:DB8::/32 md5
host all all ::1 ffff:: md5
host all all fe80::1%lo/64 md5
host all all [::1]/128 md5
hostnossl all all all password
hostnogssenc all all all scram-sha-256
bogus all all all md5
include a b
local all all trust # \
and more
local all all trust"""
)
LOGINS = """
local all,sameuser postgres trust
local app chief reject
local "all" "all" trust
local samerole +grp reject
local samegroup all trust
local all "+grp" reject
local replication apart trust
local "replication" apart reject
local app +grp,"a b" trust
local grp,"a,b" apart,"q""x" trust
host app +grp 127.0.0.1/32 reject
host app +"grp" ::/0 trust
hostssl all all all reject
host all indirect,chief 127.1.2.3 255.0.0.0 trust
host all chief ::2/128 trust
host sameuser all samehost trust
host all all 0.0.0.0/0 reject
host app,direct /odd samenet trust
host grp all all trust
"""


@pytest.fixture(scope="module")
def doors(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """Give a server of this file, with roles and databases of odd names."""
    running = servers.start(
        pg_version, tmp_path_factory.mktemp("doors"), settings={"listen_addresses": "127.0.0.1,::1"}
    )
    with closing(servers.connect(running)) as connection, connection.cursor() as cursor:
        for user in USERS:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(user)))
        for database in DATABASES:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        cursor.execute("ALTER ROLE chief SUPERUSER")
        cursor.execute("CREATE ROLE middle ROLE indirect; GRANT grp TO direct, middle; ALTER ROLE indirect NOINHERIT")
    yield running
    servers.stop(running)


def number(server: servers.Server) -> int:
    return server.version * 10000


def shown(server: servers.Server, text: str) -> dict[int, tuple[Any, ...]]:
    """Show what the server reads in a file, by the number of the line; the file in force stays in force."""
    path = server.data_dir / "pg_hba.conf"
    before = path.read_bytes()
    path.write_bytes((IN_FORCE + text).encode())
    try:
        with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
            cursor.execute(VIEW)
            return {row[0] - 1: tuple(row[1:]) for row in cursor.fetchall()[1:]}
    finally:
        path.write_bytes(before)


def as_shown(line: Line) -> tuple[Any, ...]:
    """Show a line as the view does: ident on the socket is peer, and a mask is always spelt out."""
    method = "peer" if (line.type, line.method) == ("local", "ident") else line.method
    options = [f"{name}={value}" for name, value in dict(line.options).items()] or None
    names = ([token.text for token in line.databases], [token.text for token in line.users])
    return (line.type, *names, *place(line), method, options)


def place(line: Line) -> tuple[str | None, str | None]:
    """Show an address as the view does."""
    address, slash, prefix = line.address.partition("/")
    if line.type == "local":
        return (None, None)
    if not slash:
        return (address.strip('"'), line.mask or None)
    mask = str(ip_network(("::" if ":" in address else "0.0.0.0") + f"/{int(prefix)}").netmask)
    spelt = {"10.1": "10.0.0.1", "0x7f.1": "127.0.0.1", "010.0.0.1": "8.0.0.1"}
    return (spelt.get(address, address.partition("%")[0].lower()), mask)


def read(text: str, version: int) -> dict[int, tuple[Any, ...]]:
    """Show what is read here, in the same form."""
    refused = (None,) * 7
    return {
        located.number: refused if isinstance(located.content, Broken) else as_shown(located.content)  # type: ignore[arg-type]
        for located in read_lines(text, version)
    }


def test_a_hostile_file_is_read_as_the_server_reads_it(doors: servers.Server) -> None:
    text = HOSTILE.replace("{vt}", "\x0b").replace("{nbsp}", "\u00a0")
    assert read(text, number(doors)) == shown(doors, text)


def test_options_about_certificates_are_read_as_the_server_reads_them(doors: servers.Server) -> None:
    values = ("verify-ca", "verify-full", "1", "0", "no-verify", "x")
    methods = [("trust", value) for value in values] + [("cert", "verify-ca"), ("cert", "verify-full")]
    text = "\n".join(f"hostssl all all all {method} clientcert={value}" for method, value in methods)
    theirs = shown(doors, text)
    if any(row[6] is None for row in shown(doors, "hostssl all all all cert").values() if row[5] is None):
        pytest.skip("this build of PostgreSQL has no TLS, so that it takes no certificates; with PG_BUILD=npm it has")
    ours = read(text, number(doors))
    assert {at for at, row in theirs.items() if row[5] is None} == {at for at, row in ours.items() if row[5] is None}


def test_rules_of_odd_names_are_rendered_so_that_the_server_reads_those_names(doors: servers.Server) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in ODD_NAMES]
    item = {"title": "odd \\", "addr": "local", "user": quoted, "db": quoted, "auth": "trust"}
    version = number(doors)
    rules = parse_rules([item], Names(), version=version)
    (row,) = shown(doors, render(rules, Instance("primary"), "header \\")).values()
    slash = r"/^\/x$" if doors.version >= 16 else "/x"
    assert row[1] == row[2] == [slash if name == "/x" else name for name in ODD_NAMES]


def test_odd_names_let_in_those_roles_only(doors: servers.Server) -> None:
    names = ["all", "+grp", "/odd", 'q"x', "a b"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    item = {"addr": "local", "user": quoted, "db": ['"all"', '"a,b"'], "auth": "trust"}
    rules = parse_rules([item], Names(), version=number(doors))
    put(doors, render(rules, Instance("primary")))
    entered = {user for user in USERS if enters(doors, Attempt(user, "a,b"))}
    assert (entered, enters(doors, Attempt("all", "app"))) == (set(names), False)


def put(server: servers.Server, text: str) -> None:
    """Let a file be in force; a line for the superuser is before all others."""
    (server.data_dir / "pg_hba.conf").write_text(IN_FORCE + text)
    before = loaded(server)
    servers.reload(server)
    for _attempt in range(200):
        if loaded(server) != before:
            return
        time.sleep(0.02)
    pytest.fail("the server didn't read its files again")


def loaded(server: servers.Server) -> Any:
    """Tell when a session's server had read its files."""
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.pg_conf_load_time()")
        return cursor.fetchone()


def enters(server: servers.Server, attempt: Attempt) -> bool:
    """Tell whether the file lets an attempt in, whatever is in its way behind that door."""
    where: dict[str, Any] = {"host": attempt.address} if attempt.address else {}
    where |= {"replication": "true"} if attempt.replication else {}
    where |= {"sslmode": "require" if attempt.ssl else "disable"}
    try:
        servers.connect(server, attempt.database, attempt.user, **where).close()
    except psycopg2.OperationalError as error:
        behind = ("does not exist", "permission denied", "REPLICATION attribute", "replication role")
        if "pg_hba.conf" in str(error):
            return False
        if not any(words in str(error) for words in behind):
            raise
    return True


def groups(server: servers.Server) -> dict[str, frozenset[str]]:
    """Read who is in which groups, directly or not."""
    query = """
    WITH RECURSIVE up (member, grp) AS (
        SELECT member, roleid FROM pg_catalog.pg_auth_members
        UNION SELECT up.member, more.roleid FROM up JOIN pg_catalog.pg_auth_members AS more ON more.member = up.grp)
    SELECT rolname, ARRAY(SELECT pg_catalog.pg_get_userbyid(grp) FROM up WHERE member = pg_roles.oid)
    FROM pg_catalog.pg_roles"""
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return {name: frozenset(found) for name, found in cursor.fetchall()}


def test_logins_are_decided_as_foretold(doors: servers.Server) -> None:
    put(doors, LOGINS)
    version = number(doors)
    lines = [located.content for located in read_lines(IN_FORCE + LOGINS, version)]
    known = Cluster(groups(doors), ("127.0.0.1/8", "::1/128"), version)
    attempts = [Attempt(*each) for each in itertools.product((*USERS, "ghost"), DATABASES, (None, "127.0.0.1", "::1"))]
    attempts += [Attempt(user, "replication", replication=True) for user in ("apart", "direct", "chief")]
    wrong = [attempt for attempt in attempts if enters(doors, attempt) != admits(lines, attempt, known)]
    decided = {decide(lines, attempt, known) for attempt in attempts}
    idle = [(line.type, line.address) for line in lines if line not in decided and line.users[0].text != "postgres"]
    assert (wrong, idle) == ([], [("hostssl", "all"), ("host", "::2/128")])


def admits(lines: list[Any], attempt: Attempt, known: Cluster) -> bool:
    line = decide(lines, attempt, known)
    return line is not None and line.method != "reject"


@pytest.mark.since(16)
def test_expressions_decide_as_foretold(doors: servers.Server) -> None:
    item = {"addr": "local", "user": ["/^(in)?direct$", "/^a{1}[l-p]{2}$"], "db": ["/^(app|grp)$"], "auth": "trust"}
    rules = parse_rules([item], Names(), version=number(doors))
    put(doors, render(rules, Instance("primary")))
    known = Cluster(groups(doors), version=number(doors))
    attempts = [Attempt(*each) for each in itertools.product(USERS, DATABASES)]
    lines = list(active_lines(rules, Instance("primary")))
    entered = [attempt for attempt in attempts if enters(doors, attempt)]
    assert entered == [attempt for attempt in attempts if admits(lines, attempt, known)]
    assert {attempt.user for attempt in entered} == {"direct", "indirect", "all", "app"}


@pytest.mark.since(16)
def test_expressions_mean_here_what_they_mean_there(doors: servers.Server) -> None:
    chance = random.Random(5)
    made = ["".join(chance.choice(PARTS) for _letter in range(chance.randint(0, 6))) for _text in range(400)]
    known = [text for text in dict.fromkeys(made) if found(text, "a") is not None]
    refused = [text for text in dict.fromkeys(made) if broken(text)]
    assert (len(known) > 100, len(refused) > 30) == (True, True)
    with closing(servers.connect(doors)) as connection, connection.cursor() as cursor:
        cursor.execute(SEARCH, (known, SUBJECTS))
        wrong = [(text, name) for text, name, theirs in cursor.fetchall() if found(text, name) != theirs]
        assert wrong == []
        for text in refused:
            with pytest.raises(psycopg2.errors.InvalidRegularExpression):
                cursor.execute("SELECT 'a' ~ %s COLLATE \"C\"", (text,))


TLS = """
hostssl app direct all trust
hostnossl app apart all trust
hostssl grp all all reject
host grp all all trust
"""


def test_lines_for_tls_decide_as_foretold(doors: servers.Server) -> None:
    if shutil.which("openssl") is None or "not supported by this build" in str(errors(doors)):
        pytest.skip("this build of PostgreSQL has no TLS (with PG_BUILD=npm it has), or openssl is missing")
    encrypt(doors)
    put(doors, TLS)
    lines = [located.content for located in read_lines(IN_FORCE + TLS)]
    ways = itertools.product(("direct", "apart"), ("app", "grp"), ("127.0.0.1", "::1"), (False, True))
    wrong = [way for way in ways if enters(doors, Attempt(*way)) != admits(lines, Attempt(*way), Cluster())]
    assert wrong == []


def errors(server: servers.Server) -> list[Any]:
    """Give what the server says of a line for TLS."""
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        (server.data_dir / "pg_hba.conf").write_text(IN_FORCE + "hostssl all all all reject\n")
        cursor.execute("SELECT error FROM pg_catalog.pg_hba_file_rules")
        return cursor.fetchall()


def encrypt(server: servers.Server) -> None:
    """Switch TLS on with a certificate of its own."""
    put(server, "")
    key, certificate = server.data_dir / "server.key", server.data_dir / "server.crt"
    subject = ("-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    made = ("openssl", "req", "-x509", *subject, "-keyout", str(key), "-out", str(certificate))
    subprocess.run(made, check=True, capture_output=True)
    owner = (server.data_dir / "PG_VERSION").stat()
    for path in (key, certificate):
        path.chmod(0o600)
        shutil.chown(path, owner.st_uid, owner.st_gid)
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET ssl = on")
    put(server, "")
