# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide who comes in through the pool, and with which verifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from ..assume import Assume
from ..scram import classify, matches
from ..secret import Secret
from .model import Account, Accounts, Pool, PoolUser

UNKNOWN = Secret("made by an earlier task")
UNREADABLE = (
    "the login {login} may not read verifiers (pg_authid), which the pool's list of users is made of: log in as a "
    "superuser, or use auth_query, with which the pool asks the server"
)


@dataclass(frozen=True)
class Members:
    """Who comes in: ``users`` all of them, ``listed`` those in the list with their secrets, ``left_out`` why not."""

    users: tuple[PoolUser, ...] = ()
    listed: Mapping[str, Secret] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What becomes of one user: its secret in the list, or why not; neither if the pool asks the server."""

    secret: Optional[Secret] = None
    left_out: str = ""
    problem: str = ""


def decide_members(pool: Pool, accounts: Accounts, assume: Assume, login: str) -> Members:
    """Give who comes in, and what is wrong."""
    known = accounts.roles.keys() | {role.name for role in assume.roles}
    problems, warnings = assume.missing("role", (user.name for user in pool.users if user.name not in known))
    verdicts = {user: verdict(pool, user, accounts, assume) for user in pool.users}
    given = {user: one for user, one in verdicts.items() if not one.left_out}
    listed = {user.name: one.secret for user, one in given.items() if one.secret is not None}
    twice = sorted(listed.keys() & set(pool.console_users))
    wrong = [f"role {name} is in console_users and has pgbouncer: true: keep one of them" for name in twice]
    wrong += [UNREADABLE.format(login=login)] if blind(pool, accounts) else []
    return Members(
        tuple(given),
        {**{name: Secret("") for name in pool.console_users}, **listed, **pool.askers},
        tuple(f"{user.name} ({one.left_out})" for user, one in verdicts.items() if one.left_out),
        (*problems, *wrong, *(one.problem for one in verdicts.values() if one.problem)),
        warnings,
    )


def blind(pool: Pool, accounts: Accounts) -> bool:
    """Tell whether the list needs verifiers that the login can't read."""
    if accounts.readable or pool.auth_query:
        return False
    return any(pool.verifiers == "server" or not user.password for user in pool.users)


def verdict(pool: Pool, user: PoolUser, accounts: Accounts, assume: Assume) -> Verdict:
    """Decide about one user, by what the server says of the role and what the item says of the password."""
    account = accounts.roles.get(user.name)
    if user.login is False or (account and not account.login):
        return Verdict(left_out="can't log in")
    if account and account.expired:
        return Verdict(left_out="its password has expired")
    if pool.auth_query and not never_told(user, account, assume):
        return Verdict()
    if pool.verifiers == "declared" and user.password and user.password.reveal():
        return declared_verifier(user.name, user.password)
    if account is None:
        return Verdict(UNKNOWN)
    return stored_verifier(user, account, accounts, assume)


def never_told(user: PoolUser, account: Optional[Account], assume: Assume) -> bool:
    """Tell whether the server will tell the pool nothing of somebody, whom an earlier task may make a superuser."""
    made = any(role.name == user.name and role.superuser for role in assume.roles)
    return made or (account is not None and account.never_told)


def stored_verifier(user: PoolUser, account: Account, accounts: Accounts, assume: Assume) -> Verdict:
    """Take the server's verifier, byte for byte; in check mode, know when an earlier task will have replaced it."""
    if assume.check and not assume.anything and user.password and will_change(user, account):
        return Verdict(UNKNOWN) if user.password.reveal() else Verdict(left_out="it has no password")
    if account.verifier is None:
        return Verdict(left_out="it has no password" if accounts.readable else "its verifier can't be read")
    return Verdict(account.verifier)


def will_change(user: PoolUser, account: Account) -> bool:
    """Tell whether the declared password isn't the stored one."""
    password, stored = user.password, account.verifier
    if password is None or stored is None or not password.reveal():
        return True
    if classify(password.reveal()) == "plain":
        return not matches(password, stored, user.name)
    return password != stored


def declared_verifier(name: str, password: Secret) -> Verdict:
    """Take the item's own verifier, which the server is to have later."""
    if classify(password.reveal()) == "plain":
        return Verdict(problem=f"role {name}: password has to be a verifier, not plain text, with verifiers: declared")
    return Verdict(password)


def group_members(pool: Pool, accounts: Accounts, members: Members) -> Mapping[str, tuple[str, ...]]:
    """Give who of each group comes in through the pool; if the pool asks the server, that is whoever can log in."""
    inside = {user.name for user in members.users} | members.listed.keys()
    inside |= accounts.logins if pool.auth_query else frozenset()
    return {group: tuple(sorted(found & inside)) for group, found in accounts.members.items()}
