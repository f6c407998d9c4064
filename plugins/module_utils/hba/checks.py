# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check rules against each other and against what the server has.

A problem is what the server refuses; all the rest are warnings, as a role may be made later and trust may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .addresses import is_loopback, network
from .cluster import Cluster, Facts
from .expressions import SINCE as EXPRESSIONS_SINCE
from .grammar import refusal
from .model import Instance, Line, Rule, Token
from .reach import unreachable, useless
from .shadow import coverers
from .words import DATABASE_KEYWORDS, is_file, is_group

VERIFIED = ("clientcert", "verify-full")
ENCRYPTED = ("hostssl", "hostgssenc")


@dataclass(frozen=True)
class Findings:
    """What is wrong: ``problems`` the server would refuse (raise them), ``warnings`` are to be told."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def checks(rules: Sequence[Rule], instance: Instance, facts: Facts) -> Findings:
    """Give every finding of the cross-checks, each with its item's name; the active rules of the instance count."""
    active = [rule for rule in rules if instance.takes(rule.role)]
    problems = tuple(dict.fromkeys(problem for rule in active for problem in _refused(rule, facts.version)))
    if not any(rule.lines for rule in active):
        problems += (f"no rule is for this instance ({instance.role}): the server takes no file without a line",)
    warnings = [
        *(warning for rule in active for warning in _of_rule(rule, facts)),
        *_shadowed(active, facts.cluster()),
        *unreachable(rules, active, facts),
        *useless(active, facts),
    ]
    return Findings(problems, tuple(dict.fromkeys(warnings)))


def _refused(rule: Rule, version: int) -> Iterator[str]:
    found = (refusal(line, version) for line in rule.lines)
    yield from (f"{rule.label()}: {problem}" for problem in found if problem)


def _of_rule(rule: Rule, facts: Facts) -> Iterator[str]:
    if not rule.lines:
        yield f"{rule.label()} makes no line: its addr or user is an empty list; fill it, or remove the rule"
    found = [*(warning for line in rule.lines for warning in _unknown(line, facts)), *_risky(rule.lines)]
    if not facts.ssl and any(line.type == "hostssl" for line in rule.lines):
        found.append("its hostssl lines let nobody in while ssl is off: switch it on, or choose auth pwd")
    yield from (f"{rule.label()}: {warning}" for warning in found)


def _unknown(line: Line, facts: Facts) -> Iterator[str]:
    roles, databases = {*facts.roles, *facts.assumed_roles}, {*facts.databases, *facts.assumed_databases}
    for token in line.users:
        name = token.text[1:] if is_group(token) else token.text
        plain = is_group(token) or token.quoted or token.text != "all"
        if plain and name not in roles and not _is_pattern(token, facts.version):
            yield f"role {name} doesn't exist: create it, or correct the name"
    for token in line.databases:
        plain = token.quoted or token.text not in DATABASE_KEYWORDS
        if plain and token.text not in databases and not _is_pattern(token, facts.version):
            yield f"database {token.text} doesn't exist: create it, or correct the name"


def _is_pattern(token: Token, version: int) -> bool:
    expression = token.text.startswith("/") and version >= EXPRESSIONS_SINCE
    return not token.quoted and (expression or is_file(token.text))


def _risky(lines: Sequence[Line]) -> Iterator[str]:
    far = [line for line in lines if not _is_near(line)]
    trusting = [_where(line) for line in far if line.method == "trust" and VERIFIED not in line.options]
    clear = [_where(line) for line in far if line.method == "password" and line.type not in ENCRYPTED]
    if trusting:
        yield f"trust lets anybody from {', '.join(trusting)} in without a password: choose auth ssl or cert"
    if clear:
        yield f"password sends passwords from {', '.join(clear)} in clear text: choose auth ssl or pwd"


def _is_near(line: Line) -> bool:
    return line.type == "local" or line.address == "samehost" or is_loopback(network(line.address, line.mask))


def _where(line: Line) -> str:
    return " ".join(filter(None, (line.address, line.mask)))


def _shadowed(active: Sequence[Rule], cluster: Cluster) -> Iterator[str]:
    earlier: list[tuple[Line, Rule]] = []
    for rule in active:
        before = dict(reversed(earlier))
        found = [coverers(line, [line for line, _rule in earlier], cluster) for line in rule.lines]
        if found and None not in found:
            names = dict.fromkeys(before[line].label() for lines in found for line in lines or ())
            yield f"{rule.label()} never decides: what it is for is decided before, by {', '.join(names)}"
        earlier += [(line, rule) for line in rule.lines]
