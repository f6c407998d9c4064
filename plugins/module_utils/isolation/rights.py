# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the login may not do to databases: make them, give them away, set their parameters, enter them."""

from __future__ import annotations

from collections.abc import Iterator

from ..databases.model import DatabaseSpec
from ..databases.removal import SESSION
from ..lockout.model import admitted
from ..privileges.acting import Actor, actor_of, inheriting
from ..privileges.entering import not_enterable
from ..privileges.lacking import Barred, Lack, attribute, told
from ..privileges.sessions import barred_ends
from ..quoting import ident
from ..settings.rights import barred_settings
from .checks import inside_names, is_enterable
from .entry import deprived, way_in
from .model import Isolation, IsolationState

TEMPLATE0 = "template0"


def rights(declared: Isolation, before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say which changes the login may not make, privileges and owners apart."""
    if before.server.superuser:
        return
    actor = actor_of(before.server, before.roles, before.memberships)
    changed = before.settings ^ after.settings
    barred = [
        *(one for spec in declared.ordered() for one in creation(actor, spec, before)),
        *gifts(actor, before, after),
        *barred_settings(actor.name, changed, before.barred_parameters, before.server.version),
        *endings(declared, actor, before, after),
    ]
    yield from told(actor.name, barred)


def creation(actor: Actor, spec: DatabaseSpec, state: IsolationState) -> Iterator[Barred]:
    """Go through what the creation of a database takes: CREATEDB, a template that may be copied, the tablespace."""
    if spec.name in state.databases:
        return
    doing, me = f"create database {spec.name}", state.roles.get(actor.name)
    if me and not me.createdb:
        yield doing, attribute(actor.name, "CREATEDB")
    template = state.databases.get(spec.template)
    if template and not template.is_template and not actor.owns(template.owner):
        yield f"copy database {spec.template}", actor.lacks(template.owner, "privileges of its owner")
    if spec.tablespace in state.barred_tablespaces:
        sql = f"run GRANT CREATE ON TABLESPACE {ident(spec.tablespace or '')} TO {ident(actor.name)}"
        yield doing, Lack(f"CREATE on tablespace {spec.tablespace}", sql)


def gifts(actor: Actor, before: IsolationState, after: IsolationState) -> Iterator[Barred]:
    """Go through the databases that change their owner, which takes CREATEDB besides."""
    me = before.roles.get(actor.name)
    for name, new in sorted(after.databases.items()):
        old = before.databases.get(name)
        if old and old.owner != new.owner and me and not me.createdb:
            yield f"give database {name} to {new.owner}", attribute(actor.name, "CREATEDB")


def endings(declared: Isolation, actor: Actor, before: IsolationState, after: IsolationState) -> Iterator[Barred]:
    """Go through the sessions that are to be ended: of roles that lose CONNECT, and in databases that go."""
    for spec in declared.ordered():
        busy = before.sessions.get(spec.name, frozenset()) if spec.terminate else frozenset()
        users = [name for name in deprived(spec, before, after) if name in busy] if busy else []
        yield from barred_ends(actor, before.roles, users, f" in database {spec.name}")
    for name in sorted(declared.absent.keys() & before.databases.keys()):
        removal, there = declared.absent[name], before.obstacles.get(name, ())
        if removal.force or removal.terminate:
            users = [one.name for one in there if one.kind == SESSION]
            yield from barred_ends(actor, before.roles, users, f" in database {name}")


def kept_out(declared: Isolation, before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Name the databases that have to be entered and that the login can't enter, now or when their ACL is set."""
    server = before.server
    login = before.roles.get(server.session_user)
    if server.superuser or login is None or login.superuser:
        return
    graph = inheriting(server, after.roles, after.memberships)
    grantees = admitted(after.privileges)
    entered = [name for name in inside_names(declared) if is_enterable(declared, before, after, name)]
    for name in entered:
        there = name if name in before.databases else declared.template_of(name)
        if there in before.closed and there != TEMPLATE0:
            yield from not_enterable(server, before.closed, there)
        elif name in declared.specs and not way_in(server.session_user, grantees.get(name, frozenset()), graph, after):
            yield (
                f"database {name}: {server.session_user} would have no CONNECT, and couldn't do what is declared "
                f"inside of it: name it in connect, or log in as a superuser"
            )
