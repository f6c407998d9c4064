# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan default privileges in one database: from facts to facts, so that an undo is the same plan back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..acl import DEFAULT_CLASSES, LETTER_OF, OBJECT_CLASSES, grantee_sql, grantee_text
from ..change import GRANT_DEFAULT, REVOKE_DEFAULT, Change
from ..quoting import ident
from .model import DefaultPrivilege, Defaults, Facts

OPTION = " WITH GRANT OPTION"
OPTION_FOR = "GRANT OPTION FOR "
PLACES = {name: place for place, name in enumerate(DEFAULT_CLASSES)}
Group = list[DefaultPrivilege]


def diff_defaults(before: Defaults, after: Defaults) -> tuple[Change, ...]:
    """Grant what is new, revoke what is gone; a grant option comes and goes without its privilege."""
    old, new = identified(before.facts - after.facts), identified(after.facts - before.facts)
    fresh = [fact for key, fact in new.items() if key not in old or fact.grantable]
    gone = [fact for key, fact in old.items() if key not in new]
    narrowed = [fact for key, fact in new.items() if key in old and not fact.grantable]
    return (
        *(grant(group) for group in grouped(fresh)),
        *(revoke(group, "") for group in merged(gone)),
        *(revoke(group, OPTION_FOR) for group in grouped(narrowed)),
    )


def undo_defaults(former: Defaults, present: Defaults) -> tuple[Change, ...]:
    """Give the changes that lead back."""
    return diff_defaults(present, former)


def identified(facts: Facts) -> dict[tuple[str, ...], DefaultPrivilege]:
    """Index facts by what makes them one, whatever the grant option."""
    return {(fact.creator, *fact.place()): fact for fact in facts}


def target_of(fact: DefaultPrivilege) -> tuple[str, str, int, str]:
    """Tell whose objects of which class where, and for whom: what one statement can be about."""
    return (fact.creator, fact.schema, PLACES[fact.object_class], fact.grantee)


def rank(fact: DefaultPrivilege) -> int:
    """Give a privilege's place in the order in which its class lists them."""
    return OBJECT_CLASSES[fact.object_class].letters.index(LETTER_OF[fact.privilege])


def merged(facts: Iterable[DefaultPrivilege]) -> list[Group]:
    """Group facts that one statement can be about, whatever their grant options."""
    found = sorted(facts, key=lambda fact: (target_of(fact), rank(fact)))
    return [list(group) for _key, group in groupby(found, key=target_of)]


def grouped(facts: Iterable[DefaultPrivilege]) -> list[Group]:
    """Group facts that one statement can grant: all with the grant option, or all without."""
    return [list(group) for one in merged(sorted(facts)) for group in by_option(one)]


def by_option(group: Group) -> Iterator[Group]:
    """Part a group into what is without and what is with the grant option."""
    yield from (part for part in ([f for f in group if not f.grantable], [f for f in group if f.grantable]) if part)


def grant(group: Group) -> Change:
    """Give one statement that grants."""
    fact = group[0]
    option = OPTION if fact.grantable else ""
    sql = f"{head(fact)} GRANT {listed(group)} ON {fact.object_class} TO {grantee_sql(fact.grantee)}{option}"
    words = f"grant {listed(group)} on {objects(fact)} to {grantee_text(fact.grantee)}{option.lower()}"
    return change(GRANT_DEFAULT, fact, listed(group) + option, words, sql)


def revoke(group: Group, option: str) -> Change:
    """Give one statement that revokes privileges, or just the option to grant them."""
    fact = group[0]
    sql = f"{head(fact)} REVOKE {option}{listed(group)} ON {fact.object_class} FROM {grantee_sql(fact.grantee)}"
    words = f"revoke {option.lower()}{listed(group)} on {objects(fact)} from {grantee_text(fact.grantee)}"
    return change(REVOKE_DEFAULT, fact, option + listed(group), words, sql)


def change(action: str, fact: DefaultPrivilege, privilege: str, summary: str, sql: str) -> Change:
    """Say which default privileges of which creator change for whom."""
    return Change(
        action,
        f"DEFAULT PRIVILEGES ON {fact.object_class}",
        fact.creator + in_schema(fact),
        summary,
        sql,
        role=grantee_text(fact.grantee),
        privilege=privilege,
        grantor=fact.creator,
        destructive=action == REVOKE_DEFAULT,
    )


def head(fact: DefaultPrivilege) -> str:
    """Give the words before GRANT and REVOKE."""
    schema = f" IN SCHEMA {ident(fact.schema)}" if fact.schema else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {ident(fact.creator)}{schema}"


def listed(group: Group) -> str:
    """Give the privileges of a group."""
    return ", ".join(fact.privilege for fact in group)


def in_schema(fact: DefaultPrivilege) -> str:
    """Give the schema in words, if it is about one."""
    return f" in schema {fact.schema}" if fact.schema else ""


def objects(fact: DefaultPrivilege) -> str:
    """Give the objects in words."""
    return f"future {fact.object_class.lower()} of {fact.creator}{in_schema(fact)}"


def defaults_lines(state: Defaults, other: Defaults) -> tuple[str, ...]:
    """Give what somebody has on future objects as one line, where it differs from the other state."""
    differing = {target_of(fact) for fact in state.facts ^ other.facts}
    shown = [fact for fact in state.facts if target_of(fact) in differing] if differing else []
    return tuple(line(group) for group in merged(shown))


def line(group: Group) -> str:
    """Give what one grantee has on one class of future objects."""
    fact = group[0]
    held = ", ".join(f"{one.privilege}{' with grant option' if one.grantable else ''}" for one in group)
    return f"{objects(fact)}: {grantee_text(fact.grantee)} has {held}"
