# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL and PgBouncer take in an HBA line: types, methods, options.

Source: https://www.postgresql.org/docs/current/auth-methods.html, https://www.pgbouncer.org/config.html
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from .addresses import KEYWORDS, network
from .hidden import is_secret
from .model import Line, Token
from .words import is_file, is_group

TYPES = ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")
SIMPLE = ("trust", "reject", "md5", "password", "scram-sha-256", "peer", "cert")
METHODS = (*SIMPLE, "ident", "gss", "sspi", "pam", "bsd", "ldap", "radius", "oauth")
POOL_TYPES = TYPES[:4]
OAUTH_SINCE, CLIENTNAME_SINCE, STRICT_CERT_SINCE = 180000, 140000, 140000
LDAP = "url tls scheme server port binddn bindpasswd searchattribute searchfilter basedn prefix suffix"
OPTIONS = {
    "map": ("ident", "peer", "gss", "sspi", "cert", "oauth"),
    "clientcert": METHODS,
    "clientname": METHODS,
    "pamservice": ("pam",),
    "pam_use_hostname": ("pam",),
    **{f"ldap{name}": ("ldap",) for name in LDAP.split()},
    **{f"radius{name}": ("radius",) for name in ("servers", "secrets", "ports", "identifiers")},
    "krb_realm": ("gss", "sspi"),
    "include_realm": ("gss", "sspi"),
    "compat_realm": ("sspi",),
    "upn_username": ("sspi",),
    **dict.fromkeys(("issuer", "scope", "validator", "delegate_ident_mapping"), ("oauth",)),
}
NEEDED = {"radius": ("radiusservers", "radiussecrets"), "oauth": ("issuer", "scope")}
CERT_VALUES = ("verify-ca", "verify-full")
OLD_CERT_VALUES = (*CERT_VALUES, "0", "1", "no-verify")


def type_problem(word: str) -> str:
    """Say what is wrong with a line's type; empty if nothing."""
    return "" if word in TYPES else f"unknown type {word}: {_known(word, TYPES)}"


def method_problem(line: Line, version: int) -> str:
    """Say why a line can't have its method; empty if it can. ``version`` is 0 where it isn't known."""
    method = line.method
    if method not in METHODS:
        return f"unknown method {method}: {_known(method, METHODS)}"
    if method == "oauth" and 0 < version < OAUTH_SINCE:
        return "method oauth needs PostgreSQL 18: choose another one"
    if method == "peer" and line.type != "local":
        return "method peer is only for the local socket: choose another one for addresses, or have addr local only"
    if method == "cert" and line.type != "hostssl":
        return "method cert is only for hostssl lines, which local and localhost don't make: give addresses instead"
    if method == "gss" and line.type == "local":
        return "method gss isn't for the local socket: choose another one there"
    return ""


def option_problems(line: Line, version: int) -> Iterator[str]:
    """Say what is wrong with a line's options, never showing a value, as some are secrets.

    Of a secret with blanks or commas and without quotes, the rest can look like an option.
    """
    for name, value in line.options:
        yield from _option(line, name, value, version)
    given = {name for name, _value in line.options}
    for name in NEEDED.get(line.method, ()):
        if name not in given:
            yield f"method {line.method} needs the option {name}"
    if line.method == "ldap" and not given & {"ldapbasedn", "ldapprefix", "ldapsuffix", "ldapurl"}:
        yield "method ldap needs the option ldapbasedn, ldapprefix or ldapsuffix"


def _option(line: Line, name: str, value: str, version: int) -> Iterator[str]:
    if name not in OPTIONS:
        secret = any(map(is_secret, dict(line.options))) and not is_secret(name)
        yield f"unknown option{'' if secret else f' {name}'}: {_known(name, tuple(OPTIONS))}"
    elif line.method not in OPTIONS[name]:
        yield f"option {name} is only for the methods {', '.join(OPTIONS[name])}: take it away"
    elif name in ("clientcert", "clientname"):
        yield from _of_client(line, name, value, version)


def _of_client(line: Line, name: str, value: str, version: int) -> Iterator[str]:
    old = 0 < version < STRICT_CERT_SINCE
    values = ("CN", "DN") if name == "clientname" else OLD_CERT_VALUES if old else CERT_VALUES
    if line.type != "hostssl":
        yield f"option {name} is only for hostssl lines: take it away, or make the line one"
    if name == "clientname" and 0 < version < CLIENTNAME_SINCE:
        yield "option clientname needs PostgreSQL 14: take it away"
    if value not in values:
        yield f"option {name} has to be one of {', '.join(values)}"
    elif name == "clientcert" and line.method == "cert" and value != "verify-full" and not old:
        yield "option clientcert has to be verify-full with method cert"


def pool_problems(line: Line) -> Iterator[str]:
    """Say what PgBouncer doesn't know in a line; it would drop such a line, and go on with the next."""
    if line.type not in POOL_TYPES:
        yield f"PgBouncer has no lines of type {line.type}: choose one of {', '.join(POOL_TYPES)}"
    if line.method not in SIMPLE:
        yield f"PgBouncer doesn't know the method {line.method}: choose one of {', '.join(SIMPLE)}"
    yield from (_pool_user(token) for token in line.users if is_group(token) or _is_odd(token))
    yield from (_pool_database(token) for token in line.databases if _is_odd(token) or _is_unknown(token))
    if line.type != "local" and line.address != "all" and network(line.address, line.mask) is None:
        what = "keyword" if line.address in KEYWORDS else "host name"
        yield f"PgBouncer doesn't take the {what} {line.address}: give addresses"
    names = [name for name, _value in line.options if name != "map"]
    yield from (f"PgBouncer doesn't take the option {name}: take it away" for name in names)


def _is_odd(token: Token) -> bool:
    return not token.quoted and (is_file(token.text) or token.text.startswith("/"))


def _is_unknown(token: Token) -> bool:
    return not token.quoted and token.text in ("replication", "samerole", "samegroup")


def _pool_user(token: Token) -> str:
    if is_group(token):
        return f"PgBouncer knows no groups: name the members of {token.text[1:]} instead of {token.text}"
    return f"PgBouncer takes neither files nor regular expressions: name the users instead of {token.text}"


def _pool_database(token: Token) -> str:
    if _is_unknown(token):
        return f"PgBouncer doesn't take {token.text} for a database: name databases, or write all"
    return f"PgBouncer takes neither files nor regular expressions: name the databases instead of {token.text}"


def _known(word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word, known, 1) or [one for one in known if word and one.startswith(word)]
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
