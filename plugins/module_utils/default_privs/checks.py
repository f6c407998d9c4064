# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a declaration against the cluster, before any database is entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Optional

from ..change import Change
from ..databases.model import DEFAULT_TEMPLATE, INVALID, DatabaseState
from ..errors import raise_problems
from ..plan import Resolved
from ..privileges.entering import not_enterable
from ..quoting import ident
from .inspect import foreseen_database
from .model import Cluster, DefaultPrivs
from .wanted import wants_by_database


def resolve_cluster(declared: DefaultPrivs, cluster: Cluster) -> Resolved[Cluster]:
    """Raise one error for everything that is missing or wrong; give the cluster with the databases assumed."""
    named = tuple(dict.fromkeys((*(declared.databases or ()), *declared.databases_of_rules())))
    after, problems, warnings = with_databases(replace(declared, databases=named), cluster)
    problems += [text for name in named for text in unusable(after.databases.get(name))]
    problems += closed(declared, after)
    _wants, wrong = wants_by_database(declared.rules, worked_on(declared, after) or ("",), cluster.server.version)
    problems += [*wrong, *pointless(declared, after)]
    for what, names in (("creator", all_named(declared, after)), ("grantee", declared.grantees())):
        absent, assumed = declared.assume.missing(what, names - cluster.roles)
        problems += absent
        warnings += assumed
    raise_problems(problems)
    return Resolved(after, (*warnings, *left_out(declared, after)))


def left_out(declared: DefaultPrivs, cluster: Cluster) -> list[str]:
    """Name the databases that all of them don't include, because nobody can enter; template0 is always such a one."""
    others = sorted(set(cluster.databases) - {"template0"}) if declared.databases is None else ()
    return [f"not worked on: {text}" for name in others for text in unusable(cluster.databases[name])]


def all_named(declared: DefaultPrivs, cluster: Cluster) -> frozenset[str]:
    """Give all creators that are named, for the call or for a rule, and the owners that are meant."""
    limits = (name for rule in declared.rules for name in rule.creators or ())
    owned = (creator for name in worked_on(declared, cluster) for creator in creators_in(declared, cluster, name))
    return declared.creators.names.union(limits, owned)


def pointless(declared: DefaultPrivs, cluster: Cluster) -> Iterator[str]:
    """Name the rules that are limited to what the call isn't about."""
    work, creators = worked_on(declared, cluster), declared.creators
    for rule in declared.rules:
        for name in rule.databases or ():
            if declared.databases is not None and name not in declared.databases:
                yield f"'{rule.source}': the call doesn't work on database {name}: name it in databases, too"
        for name in rule.creators or ():
            places = (creators_in(declared, cluster, one) for one in work if rule.counts_in(one))
            if not creators.everyone and name not in creators.names and all(name not in found for found in places):
                yield f"'{rule.source}': {name} isn't among the creators there: name it in creators, too"


def with_databases(declared: DefaultPrivs, cluster: Cluster) -> tuple[Cluster, list[str], list[str]]:
    """Judge the databases that are named and not there; those that may be assumed are added."""
    named = {*(declared.databases or ()), *declared.creators.owners_of}
    absent = sorted(named - set(cluster.databases))
    problems, warnings = declared.assume.missing("database", absent)
    new = {name: foreseen_database(name, cluster.server.current_user) for name in absent}
    after = replace(
        cluster,
        databases=MappingProxyType({**cluster.databases, **new}),
        unborn={**cluster.unborn, **dict.fromkeys(absent, DEFAULT_TEMPLATE)},
    )
    return after, list(problems), list(warnings)


def worked_on(declared: DefaultPrivs, cluster: Cluster) -> tuple[str, ...]:
    """Give the databases to work on; all of them are those that can be entered."""
    if declared.databases is not None:
        return tuple(name for name in declared.databases if name in cluster.databases)
    return tuple(name for name in sorted(cluster.databases) if not list(unusable(cluster.databases[name])))


def closed(declared: DefaultPrivs, cluster: Cluster) -> list[str]:
    """Name the databases, and the templates of new ones, that the login may not connect to."""
    work = worked_on(declared, cluster)
    looked_into = dict.fromkeys((origin(cluster, name) or "") if name in cluster.unborn else name for name in work)
    return [text for name in looked_into for text in not_enterable(cluster.server, cluster.closed, name)]


def creators_in(declared: DefaultPrivs, cluster: Cluster, database: str) -> tuple[str, ...]:
    """Give the creators in one database that are known without looking into it."""
    return declared.creators.in_database(cluster.databases[database])


def unusable(database: Optional[DatabaseState]) -> Iterator[str]:
    """Say why a database can't be entered, and what to do."""
    if database is None:
        return
    if database.name == "template0":
        yield "database template0 has to stay as it is: leave it out, and take template1 for what new databases get"
    elif database.connlimit == INVALID:
        yield f"database {database.name} is invalid, for a drop was interrupted: drop it, or leave it out"
    elif not database.allowconn:
        sql = f"ALTER DATABASE {ident(database.name)} ALLOW_CONNECTIONS true"
        yield f"database {database.name} allows no connections: run {sql}, or leave it out"


def origin(cluster: Cluster, name: str) -> Optional[str]:
    """Give the database whose default privileges a new one will start with; None if it is the built-in ones."""
    passed = {name}
    template = cluster.unborn[name]
    while template in cluster.unborn and template not in passed:
        passed.add(template)
        template = cluster.unborn[template]
    state = cluster.databases.get(template)
    enterable = state is not None and template not in cluster.unborn and not list(unusable(state))
    return template if enterable else None


def no_changes(_before: Cluster, _after: Cluster) -> tuple[Change, ...]:
    """Say that roles and databases stay as they are."""
    return ()


def no_lines(_state: Cluster, _other: Cluster) -> tuple[str, ...]:
    """Say that there is nothing to be shown of the cluster."""
    return ()
