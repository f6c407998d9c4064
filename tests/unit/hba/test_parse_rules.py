"""Declared items as rules: what aliases mean, what is refused, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Line, Names, Token
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.parse import parse_rules

from tests.unit.hba.model_inventory import NAMES, RULES

ALL = (Token("all"),)


def lines(version: int = 0, names: Names = NAMES, **keys: Any) -> tuple[Line, ...]:
    (rule,) = parse_rules([{"addr": "local", **keys}], names, version=version)
    return rule.lines


def refused(items: list[Any], version: int = 0, names: Names = NAMES) -> str:
    with pytest.raises(InputError) as caught:
        parse_rules(items, names, "pg_hba_rules", version)
    return caught.value.message


def users(value: Any, version: int = 0) -> tuple[Token, ...]:
    return lines(user=value, version=version)[0].users


def databases(value: Any) -> tuple[Token, ...]:
    return lines(db=value)[0].databases


def places(addr: Any, auth: str = "pwd") -> list[tuple[str, str]]:
    return [(line.type, line.address) for line in lines(addr=addr, auth=auth)]


def test_the_models_default_rules_are_read() -> None:
    rules = parse_rules(RULES, NAMES)
    assert [len(rule.lines) for rule in rules] == [1, 1, 3, 3, 3, 3, 2, 3, 2, 3, 3, 3]
    assert rules[0].lines == (Line("local", ALL, (Token("postgres"),), "", "ident"),)
    assert rules[8].lines[1] == Line("hostssl", ALL, (Token("dbuser_dba"),), "::/0", "scram-sha-256")
    assert [rule.role for rule in rules][-2:] == ["default", "offline"]


def test_items_with_an_order_come_first_and_equal_ones_stay_in_the_order_of_the_list() -> None:
    items = [
        {"title": "z", "addr": "local"},
        *({"title": t, "addr": "local", "order": o} for t, o in [("c", 20), ("a", 10), ("b", "10"), ("first", -1)]),
    ]
    assert [rule.title for rule in parse_rules(items, NAMES)] == ["first", "a", "b", "c", "z"]


def test_a_rule_knows_its_place_in_the_list_whatever_its_order() -> None:
    items = [{"addr": "local", "order": 2}, {"addr": "local", "order": 1}]
    assert [rule.index for rule in parse_rules(items, NAMES)] == [2, 1]


@pytest.mark.parametrize(
    ("addr", "expected"),
    [
        ("local", [("local", "")]),
        ("localhost", [("local", ""), ("host", "127.0.0.1/32"), ("host", "::1/128")]),
        ("admin", [("host", "10.10.10.10/32")]),
        ("infra", [("host", "10.10.10.10/32"), ("host", "10.10.10.11/32")]),
        ("intranet", [("host", "10.0.0.0/8"), ("host", "192.168.0.0/16"), ("host", "172.16.0.0/12")]),
        ("world", [("host", "0.0.0.0/0"), ("host", "::/0")]),
        ("all", [("host", "0.0.0.0/0"), ("host", "::/0")]),
        ("samehost,samenet", [("host", "samehost"), ("host", "samenet")]),
        ("10.1.2.3", [("host", "10.1.2.3/32")]),
        ("2001:db8::5", [("host", "2001:db8::5/128")]),
        ("10.1.2.3/8", [("host", "10.0.0.0/8")]),
        ("2001:DB8::/32", [("host", "2001:db8::/32")]),
        ("db1.example.com, .example.org", [("host", "db1.example.com"), ("host", ".example.org")]),
        (["admin", "10.10.10.10", "::1"], [("host", "10.10.10.10/32"), ("host", "::1/128")]),
    ],
)
def test_an_address_alias_stands_for_its_places(addr: Any, expected: list[tuple[str, str]]) -> None:
    assert places(addr) == expected


def test_ssl_makes_addresses_hostssl_but_neither_the_socket_nor_localhost() -> None:
    kinds = [kind for kind, _address in places("local,localhost,10.0.0.0/8,samenet,db1.example.com", "ssl")]
    assert kinds == ["local", "host", "host", "hostssl", "hostssl", "hostssl"]


@pytest.mark.parametrize(
    ("auth", "kind", "method"),
    [
        ("pwd", "host", "md5"),
        ("ssl", "hostssl", "md5"),
        ("ssl-sha", "hostssl", "scram-sha-256"),
        ("ssl-md5", "hostssl", "md5"),
        ("sha", "host", "scram-sha-256"),
        ("scram-sha-256", "host", "scram-sha-256"),
        ("md5", "host", "md5"),
        ("cert", "hostssl", "cert"),
        ("trust", "host", "trust"),
        ("os", "host", "ident"),
        ("ident", "host", "ident"),
        ("deny", "host", "reject"),
        ("reject", "host", "reject"),
        ("password", "host", "password"),
        ("gss", "host", "gss"),
    ],
)
def test_an_auth_alias_stands_for_a_type_and_a_method(auth: str, kind: str, method: str) -> None:
    (line,) = lines(addr="10.0.0.0/8", auth=auth, names=Names(password_method="md5"))
    assert (line.type, line.method) == (kind, method)


def test_os_on_the_socket_stays_ident_which_postgresql_reads_as_peer() -> None:
    assert [line.method for line in lines(addr="local", auth="os")] == ["ident"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("all", ALL),
        ("${dbsu},${admin}", (Token("postgres"), Token("dbuser_dba"))),
        ("+${admin}", (Token("+dbuser_dba"),)),
        ('"all"', (Token("all", quoted=True),)),
        ('"+x", +x', (Token("+x", quoted=True), Token("+x"))),
        ('+"my group"', (Token("+my group"),)),
        ("a b", (Token("a b"),)),
        ('"a,b",c', (Token("a,b"), Token("c"))),
        ('"a""b"', (Token('a"b'),)),
        (["a,b", 'c"d', '"all"', "all"], (Token("a,b"), Token('c"d'), Token("all", quoted=True), Token("all"))),
        ("a,a, ,a", (Token("a"),)),
        ("sameuser", (Token("sameuser"),)),
        ("/^a", (Token("/^a"),)),
        (["/^a{1,2}$"], (Token("/^a{1,2}$"),)),
        ("@admins", (Token("@admins"),)),
        ('"@admins"', (Token("@admins", quoted=True),)),
        ("@", (Token("@"),)),
    ],
)
def test_a_user_key_is_read_word_by_word(value: Any, expected: tuple[Token, ...]) -> None:
    assert users(value) == expected


def test_a_placeholder_for_a_role_called_all_is_that_role_only() -> None:
    assert lines(user="${admin}", names=Names({"admin": "all"}))[0].users == (Token("all", quoted=True),)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("all,replication", (Token("all"), Token("replication"))),
        ('"replication",sameuser', (Token("replication", quoted=True), Token("sameuser"))),
        ("+x", (Token("+x"),)),
        (["samerole", '"samerole"'], (Token("samerole"), Token("samerole", quoted=True))),
    ],
)
def test_a_database_key_has_its_own_keywords(value: Any, expected: tuple[Token, ...]) -> None:
    assert databases(value) == expected


def test_a_name_that_begins_with_a_slash_is_an_expression_for_it_alone_since_16_and_itself_before() -> None:
    assert users('"/a.b"') == users('"/a.b"', 160000) == (Token(r"/^\/a\.b$"),)
    assert users('"/a.b"', 150000) == (Token("/a.b"),)


def test_an_expression_is_refused_before_16() -> None:
    message = refused([{"addr": "local", "user": "/^a"}], 150004)
    assert "pg_hba_rules 1: user: /^a is a regular expression, which needs PostgreSQL 16" in message


def test_options_are_written_in_the_order_of_their_names() -> None:
    (line,) = lines(addr="10.0.0.0/8", auth="cert", options={"map": "staff", "clientcert": "verify-full"})
    assert line.options == (("clientcert", "verify-full"), ("map", "staff"))


def test_an_alias_for_no_address_makes_no_line() -> None:
    assert lines(addr="infra", names=Names(USERS_ONLY)) == ()


USERS_ONLY = {"dbsu": "postgres"}


def test_null_is_as_if_the_key_were_missing() -> None:
    assert lines(user=None, db=None, auth=None, role=None, order=None, title=None, rules=None, options=None) == lines()


def test_raw_lines_win_over_the_keys() -> None:
    assert lines(rules=["local all bob trust"], addr="nonsense", user="${nobody}")[0].users == (Token("bob"),)


def test_an_empty_list_of_raw_lines_leaves_the_keys() -> None:
    assert lines(rules=[], user="bob")[0].users == (Token("bob"),)


def test_raw_lines_are_read_as_postgresql_does() -> None:
    raw = [
        'host "a b",all +"x y" 10.0.0.1 255.255.255.0 md5 # why',
        "",
        "# only this",
        'local all al"l" peer map="m n"',
    ]
    assert lines(rules=raw) == (
        Line("host", (Token("a b"), Token("all")), (Token("+x y"),), "10.0.0.1", "md5", "255.255.255.0"),
        Line("local", ALL, ALL, "", "peer", "", (("map", "m n"),)),
    )


def test_raw_lines_know_the_placeholders_of_users() -> None:
    (line,) = lines(rules="local all ${dbsu},+${admin} peer")
    assert line.users == (Token("postgres"), Token("+dbuser_dba"))
    (line,) = lines(rules="local all ${admin} peer", names=Names({"admin": "all"}))
    assert line.users == (Token("all", quoted=True),)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("hots all all all md5", "unknown type hots: did you mean host?"),
        ("local all all", "the line ends before its method"),
        ("host all all", "the line ends before its address"),
        ("local all all scram", "unknown method scram: did you mean scram-sha-256?"),
        ("host all all 10.0.0.1 md5", "address 10.0.0.1 has no mask: write 10.0.0.1/32"),
        ("host all all ::1 md5", "address ::1 has no mask: write ::1/128"),
        ("host all all 10.0.0.0/33 md5", "the mask of 10.0.0.0/33 doesn't fit"),
        ("host all all 10.0.0.1 ffff:: md5", "the mask of 10.0.0.1 ffff:: doesn't fit"),
        ("host all all 10.0.0.256 md5", "10.0.0.256 isn't an address"),
        ("host all all 10.1/16 md5", "10.1/16 isn't an address"),
        ("host all all db1.example.com/32 md5", "neither an address with a mask nor a host name without one"),
        ("host all all 10.0.0.1/32,10.0.0.2/32 md5", "several words for its address: write a line for each"),
        ("host all all all peer", "method peer is only for the local socket"),
        ("host all all all cert", "method cert is only for hostssl lines"),
        ("local all all gss", "method gss isn't for the local socket"),
        ("local all all md5 maps=x", "unknown option maps: did you mean map?"),
        ("local all all md5 map=x", "option map is only for the methods ident, peer"),
        ("local all all peer map = x", "2 of the words after the method aren't options"),
        ("host all all all md5 clientcert=verify-ca", "option clientcert is only for hostssl lines"),
        ("hostssl all all all md5 clientcert=1", "option clientcert has to be one of verify-ca, verify-full"),
        ("hostssl all all all cert clientcert=verify-ca", "option clientcert has to be verify-full"),
        ("local all all radius radiusservers=a", "method radius needs the option radiussecrets"),
        ("local all all ldap ldapserver=a", "method ldap needs the option ldapbasedn"),
        ('local all "all trust', "a quote isn't closed"),
        ("include other.conf", "other files can't be included"),
        ("local all ${who} trust", "${who} is unknown: known are ${admin}, ${dbsu}, ${monitor}, ${repl}"),
        ("local all /a[ trust", "in the regular expression /a[ brackets [] aren't balanced"),
        ("local all /a{1,2} trust", "where a comma is meant, have it in quotes"),
    ],
)
def test_a_raw_line_that_postgresql_would_refuse_is_refused_with_a_remedy(raw: str, says: str) -> None:
    message = refused([{"title": "x", "rules": ["# comment", raw]}])
    assert message.startswith("pg_hba_rules 1 (x): rules 2: ")
    assert says in message


@pytest.mark.parametrize(
    ("raw", "version"),
    [
        ("hostssl all all all md5 clientcert=1", 130000),
        ("hostssl all all all cert clientcert=verify-ca", 130000),
        ("hostssl all all all cert clientname=DN", 140000),
        ("local all /a[ trust", 150000),
        ("host all all all oauth issuer=i scope=s", 180000),
    ],
)
def test_what_only_some_versions_take_is_taken_for_them(raw: str, version: int) -> None:
    assert len(lines(rules=[raw], version=version)) == 1


def test_what_a_version_does_not_know_yet_is_refused() -> None:
    assert "needs PostgreSQL 18" in refused([{"rules": ["host all all all oauth issuer=i scope=s"]}], 170000)
    assert "needs PostgreSQL 14" in refused([{"rules": ["hostssl all all all cert clientname=DN"]}], 130000)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"addr": "wrold"}, "addr: 'wrold' is no place: did you mean world?"),
        ({"addr": "10.0.0"}, "addr: 10.0.0 is no address: write it as 10.1.2.0/24 or 2001:db8::/32"),
        ({"addr": "010.1.1.1"}, "addr: 010.1.1.1 is no address"),
        ({"addr": "10.0.0.0/255.0.0.0"}, "addr: 10.0.0.0/255.0.0.0 is no address"),
        ({"addr": "fe80::1%eth0/64"}, "is no address"),
        ({"addr": "[::1]"}, "is no address"),
        ({"addr": "a b"}, "addr: 'a b' is no place"),
        ({"addr": []}, "addr has to be text or a list of texts, with something in it"),
        ({"user": ""}, "user has to be text or a list of texts, with something in it"),
        ({"db": 5}, "db has to be text or a list of texts"),
        ({"user": "${dbs}"}, "user: ${dbs} is unknown: known are ${admin}"),
        ({"user": "+"}, "user: a name is empty"),
        ({"user": "x" * 64}, "user: name 'xxx"),
        ({"user": ["a\nb"]}, "has a line break, which can't be written to the file"),
        ({"db": ["/a\nb"]}, "a line break can't be written to the file"),
        ({"user": 'a"b'}, "user: a quote isn't closed"),
        ({"auth": "pdw"}, "auth: 'pdw' is unknown: did you mean pwd?"),
        ({"auth": 3}, "auth: 3 is unknown"),
        ({"role": "master"}, "role has to be one of default, common, primary, replica, offline, standby, delayed"),
        ({"order": "soon"}, "order has to be a whole number"),
        ({"order": True}, "order has to be a whole number"),
        ({"titel": "x"}, "unknown key titel; did you mean title?"),
        ({"options": "map=x"}, "options has to be a dictionary"),
        ({"auth": "os", "options": {"map": "a\nb"}}, "options: a line break can't be written"),
        (
            {"addr": "localhost", "auth": "cert"},
            "method cert is only for hostssl lines, which local and localhost don't",
        ),
        ({"addr": "localhost", "auth": "peer"}, "method peer is only for the local socket: choose another one"),
        ({"auth": "pwd", "options": {"map": "x"}}, "option map is only for the methods"),
    ],
)
def test_a_wrong_key_is_refused_with_the_item_the_key_and_a_remedy(keys: dict[str, Any], says: str) -> None:
    message = refused([{"addr": "local", "title": "fine"}, {"addr": "local", "title": "wrong", **keys}])
    assert message.startswith("pg_hba_rules 2 (wrong): ")
    assert says in message


def test_a_missing_address_is_refused() -> None:
    assert "pg_hba_rules 1: addr is missing: name a place, or write lines under rules" in refused([{"user": "x"}])


def test_an_item_that_is_no_dictionary_is_refused() -> None:
    assert "pg_hba_rules 1 has to be a dictionary" in refused(["local all all trust"])


def test_one_error_names_all_that_is_wrong_with_all_items() -> None:
    message = refused([{"addr": "wrold", "auth": "pdw", "role": "x"}, {"rules": ["x", "local all all"]}, 3])
    parts = ("1: addr", "1: auth", "1: role", "2: rules 1", "2: rules 2", "3 has to be")
    assert all(f"pg_hba_rules {part}" in message for part in parts)


def test_a_secret_option_is_never_shown() -> None:
    raw = "local all all ldap ldapserver=a ldapbindpasswd=hunter2 ldapbindpass=hunter2 hunter2"
    assert "hunter2" not in refused([{"rules": [raw]}])
    keys = {"auth": "radius", "options": {"radiussecrets": "hunter2"}}
    assert "hunter2" not in refused([{"addr": "local", **keys}])


@pytest.mark.parametrize(
    "words",
    [
        "ldap ldapserver=a ldapprefix=x ldapbindpasswd=my hunter2=word",
        "radius radiusservers=a,b radiussecrets=c2Vj,hunter2=",
        "ldapbindpasswd=hunter2",
        'ldap ldapserver=a ldapprefix=x ldap"bindpasswd=x" hunter2==',
    ],
)
def test_a_secret_that_is_taken_for_something_else_is_not_shown(words: str) -> None:
    assert "hunter2" not in refused([{"rules": [f"local all all {words}"]}])
    assert "hunter2" not in refused([{"rules": [words]}])
    assert "hunter2" not in refused([{"addr": "local", "auth": words}])


def test_a_secret_is_not_shown_where_it_does_not_belong() -> None:
    assert "hunter2" not in refused([{"addr": "local", "auth": {"method": "radius", "radiussecrets": "hunter2"}}])
    assert "hunter2" not in refused([{"rules": "local all all ldap ldapserver=a ldapbindpasswd=x\nhunter2"}])


def test_a_secret_has_no_placeholders() -> None:
    (line,) = lines(rules=["local all all ldap ldapserver=a ldapprefix=x ldapbindpasswd=a${dbsu}${hunter2}"])
    assert dict(line.options)["ldapbindpasswd"] == "a${dbsu}${hunter2}"
