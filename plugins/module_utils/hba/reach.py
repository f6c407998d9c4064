# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find roles that no rule lets in, and rules for databases that those they let in can't connect to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .cluster import Attempt, Cluster, Facts, RoleFact
from .matching import database_matches, user_matches
from .model import Line, Rule, Token
from .shadow import coverers
from .words import DATABASE_KEYWORDS, is_group

ALL, REPLICATION = Token("all"), Token("replication")
OF_USER = (Token("sameuser"), Token("samerole"), Token("samegroup"))
Users = frozenset[str]
Admitting = Sequence[tuple[Rule, Line, Users]]


class Logins:
    """Tell which login roles a line is for, or may be for; each column of users is looked at once."""

    def __init__(self, facts: Facts) -> None:
        self.cluster = facts.cluster()
        self.names = frozenset(name for name, role in facts.roles.items() if role.login)
        self.supers = frozenset(name for name in self.names if facts.roles[name].superuser)
        self._members: dict[str, set[str]] = {}
        for name in self.names:
            for group in (name, *facts.roles[name].groups):
                self._members.setdefault(group, set()).add(name)
        self._known: dict[Token, Users] = {}

    def of(self, line: Line) -> Users:
        """Give the login roles of a line."""
        return frozenset().union(*(self._of(token) for token in line.users))

    def _of(self, token: Token) -> Users:
        if token not in self._known:
            self._known[token] = self._looked_up(token)
        return self._known[token]

    def _looked_up(self, token: Token) -> Users:
        if is_group(token):
            return frozenset(self._members.get(token.text[1:], ()))
        if token == ALL:
            return self.names
        if token.text[:1] not in ("/", "@"):
            return self.names & {token.text}
        return frozenset(name for name in self.names if user_matches(token, name, self.cluster) is not False)


def unreachable(rules: Sequence[Rule], active: Sequence[Rule], facts: Facts) -> Iterator[str]:
    """Warn of login roles that nothing lets in here; one that a rule for other instances lets in is meant so."""
    logins = Logins(facts)
    here, everywhere = _lines_by_user(active, logins), _lines_by_user(rules, logins)
    for name in sorted(logins.names):
        role, ways = facts.roles[name], (here.get(name, ()), everywhere.get(name, ()))
        if not any(_is_let_in(name, role, lines, logins.cluster) for lines in ways):
            yield f"no rule lets the login role {name} in: add one, or take its LOGIN away"


def _lines_by_user(rules: Sequence[Rule], logins: Logins) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in (line for rule in rules for line in rule.lines):
        for name in logins.of(line):
            found.setdefault(name, []).append(line)
    return found


def _is_let_in(name: str, role: RoleFact, lines: Sequence[Line], cluster: Cluster) -> bool:
    rejecting: list[Line] = []
    for line in lines:
        if line.method == "reject":
            rejecting.append(line)
        elif coverers(_for_one(line, name, role), rejecting, cluster) is None:
            return True
    return False


def _for_one(line: Line, name: str, role: RoleFact) -> Line:
    """Give a line as it is for one role: only REPLICATION makes something of its keyword."""
    able = role.replication or role.superuser
    databases = tuple(token for token in line.databases if able or token != REPLICATION)
    return Line(line.type, databases, (Token(name, name == "all"),), line.address, line.method, line.mask)


def useless(active: Sequence[Rule], facts: Facts) -> Iterator[str]:
    """Warn where PUBLIC has no CONNECT and those who are let in have none, either."""
    logins = Logins(facts)
    lines = [(rule, line) for rule in active for line in rule.lines if line.method != "reject"]
    admitting = [(rule, line, logins.of(line)) for rule, line in lines]
    for name in sorted(facts.databases):
        if not facts.databases[name].public_connect:
            able = facts.databases[name].connect | logins.supers
            found = [(rule, line, _entering(line, name, users, logins.cluster)) for rule, line, users in admitting]
            yield from _named_in_vain(name, able, found)
            yield from _all_in_vain(name, able, logins.supers, found)


def _entering(line: Line, database: str, users: Users, cluster: Cluster) -> Users:
    """Give the users of a line whom it lets into a database; only the words with same depend on who it is."""
    if any(token not in OF_USER and _is_for(token, database, "", cluster) for token in line.databases):
        return users
    own = [token for token in line.databases if token in OF_USER]
    able = (user for user in users if any(_is_for(token, database, user, cluster) for token in own))
    return frozenset(able if own else ())


def _is_for(token: Token, database: str, user: str, cluster: Cluster) -> bool:
    return database_matches(token, Attempt(user, database), cluster) is not False


def _named_in_vain(name: str, able: Users, found: Admitting) -> Iterator[str]:
    """Warn of each rule that names a database for users of whom none can connect."""
    naming = {rule.label() for rule, line, users in found if users and _is_named(line, name)}
    useful = {rule.label() for rule, _line, users in found if not users.isdisjoint(able)} if naming else set()
    for label in dict.fromkeys(rule.label() for rule, _line, _users in found if naming):
        if label in naming - useful:
            yield f"{label} is for database {name}, and nobody whom it lets in has CONNECT there: grant it"


def _all_in_vain(name: str, able: Users, supers: Users, found: Admitting) -> Iterator[str]:
    """Warn of a database that lets in only users who can't connect."""
    others = able - supers
    if all(users.isdisjoint(others) for _rule, _line, users in found):
        labels = ", ".join(dict.fromkeys(rule.label() for rule, _line, users in found if users - supers))
        if labels:
            yield f"nobody but superusers gets into database {name}: whom {labels} let in has no CONNECT there"


def _is_named(line: Line, database: str) -> bool:
    named = (token for token in line.databases if token.quoted or token.text not in DATABASE_KEYWORDS)
    return database in (token.text for token in named)
