# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what a declaration of databases names and the server hasn't."""

from __future__ import annotations

from collections.abc import Iterator

from ..databases.model import DatabaseSpec
from .model import Isolation, IsolationState


def missing_names(declared: Isolation, state: IsolationState) -> tuple[list[str], list[str]]:
    """Judge the roles, templates and databases that are named and aren't there: problems, and warnings."""
    roles = declared.assume.missing("role", declared.roles() - frozenset(state.roles))
    databases = declared.assume.missing("database", missing_databases(declared, state))
    more = [text for spec in declared.ordered() for text in missing_for(spec, state)]
    unknown = [f"parameters: the server knows no {name}; correct the name" for name in sorted(state.unknown_parameters)]
    return [*roles[0], *databases[0], *more, *unknown], [*roles[1], *databases[1]]


def missing_databases(declared: Isolation, state: IsolationState) -> frozenset[str]:
    """Give the databases that are named and neither there nor assumed; a template has to be there before."""
    there = frozenset(state.databases) | {database.name for database in declared.assume.databases}
    templates = {spec.template for spec in declared.ordered() if spec.name not in state.databases}
    return (frozenset(declared.public_schema_in) - there - frozenset(declared.specs)) | (templates - there)


def missing_for(spec: DatabaseSpec, state: IsolationState) -> Iterator[str]:
    """Name what one item needs and the server hasn't."""
    if spec.name not in state.databases and spec.tablespace and spec.tablespace not in state.tablespaces:
        yield f"database {spec.name}: there is no tablespace {spec.tablespace}; create it first"
    if spec.encoding and not state.encodings[spec.encoding]:
        yield f"database {spec.name}: {spec.encoding} isn't an encoding; correct the name"
    for extension in (one for one in spec.extensions if not one.absent):
        offer = state.offers.get(extension.name)
        if offer is None:
            yield (
                f"database {spec.name}: the server doesn't offer the extension {extension.name}; install its package, "
                f"or correct the name"
            )
        elif extension.version and extension.version not in offer.schemas:
            known = ", ".join(sorted(offer.schemas))
            yield (
                f"database {spec.name}: extension {extension.name} has no version {extension.version}; there is {known}"
            )
