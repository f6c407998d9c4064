"""The cells of the matrix: what runs, with which versions, and on what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from matrix.environments import Environment

VERSIONS = (18, 17, 16, 15, 14, 13)
ENDS = (18, 13)
BUILD = {"PG_BUILD": "npm"}
SERVER_TESTS = ("-m", "pytest", "tests/server")
ROLE_TESTS = ("-m", "pytest", "tests/role")
# Where an ansible-core between the oldest and the newest could differ: what the role does, and what it shows.
CORE_TESTS = tuple(
    f"tests/role/test_{name}.py"
    for name in ("site", "model_inventory", "doors", "secrets", "secrets_modules", "secrets_refused")
)
VERSION_TESTS = ("-m", "pytest", "tests/role/test_versions.py")
DRIVER_TESTS = ("-m", "pytest", "tests/server/test_drivers.py")
WIDE = {"LEASTPRIV_TESTS": "wide"}
SANITY = ("scripts/ansible_test.py", "sanity")

# From the oldest ansible-core of the README's table to the newest, each with a Python that its controller supports.
CORES = {
    "2.16.19": "3.11",
    "2.17.14": "3.11",
    "2.18.19": "3.11",
    "2.19.14": "3.11",
    "2.20.10": "3.12",
    "2.21.5": "3.13",
    "2.22.0rc1": "3.13",
}
CORE_ENDS = ("2.16.19", "2.21.5")
OLD_RESOLVER = dict.fromkeys(("2.16.19", "2.17.14", "2.18.19"), ("resolvelib==1.0.1",))

# The drivers of Debian 12 and of RHEL 9 with their Pythons, and the newest of each driver for Python 3.9.
RHEL9 = "psycopg2 2.8.6 on Python 3.9 (RHEL 9)"
TARGETS = {
    "psycopg2 2.9.5 on Python 3.11 (Debian 12)": Environment("3.11", ("psycopg2-binary==2.9.5",)),
    RHEL9: Environment("3.9", ("psycopg2-binary==2.8.6",)),
    "psycopg2 2.9.12 on Python 3.9": Environment("3.9", ("psycopg2-binary==2.9.12",)),
    "psycopg 3.2.13 on Python 3.9": Environment(
        "3.9", ("psycopg==3.2.13", "psycopg-binary==3.2.13", "typing_extensions==4.16.0")
    ),
}
# Which PostgreSQL the modules meet there: that of the same system, and others for the two that belong to none.
SERVED = dict(zip(TARGETS, (15, 13, 18, 16), strict=True))
BARE = Environment("3.9", ())


@dataclass(frozen=True)
class Cell:
    """One run of tests: Python's arguments, and who runs them.

    `controller` runs the tests and Ansible (without one, the checkout's own environment does); `target`, if it isn't
    the same, runs the modules.
    """

    name: str
    arguments: tuple[str, ...]
    versions: tuple[int, ...] = ()
    controller: Environment | None = None
    target: Environment | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def cells() -> list[Cell]:
    """Give all cells, the longest first."""
    return [*servers(), *cores(), *targets(), *roles(), *sanity()]


def servers() -> Iterator[Cell]:
    """Give every version of PostgreSQL with both drivers, all tests of the modules; the ends in their full width.

    With psycopg it is a build of 18 that has TLS and ICU, as those of the others have.
    """
    for driver, more in (("psycopg2", {}), ("psycopg", BUILD)):
        for version in VERSIONS:
            wide = WIDE if driver == "psycopg2" and version in ENDS else {}
            name = f"PostgreSQL {version}, {driver}"
            yield Cell(name, SERVER_TESTS, (version,), variables={"PG_DRIVER": driver, **more, **wide})


def roles() -> Iterator[Cell]:
    """Give every version of PostgreSQL with the role: check mode, apply, again, break, repair."""
    for version in VERSIONS:
        yield Cell(f"PostgreSQL {version}, role", VERSION_TESTS, (version,))


def targets() -> Iterator[Cell]:
    """Give other interpreters with other drivers as targets of the modules and of the role, and one with none."""
    for name, target in TARGETS.items():
        yield Cell(f"target {name}, modules", SERVER_TESTS, (SERVED[name],), target=target)
        yield Cell(f"target {name}, role", VERSION_TESTS, ENDS, target=target, variables=WIDE)
    yield Cell("target without a driver on Python 3.9", DRIVER_TESTS, target=BARE)


def cores() -> Iterator[Cell]:
    """Give every ansible-core with tests of the role, and with an old Python and driver on the target.

    The oldest and the newest that is released run all tests of the role.
    """
    for core, python in CORES.items():
        tests = ROLE_TESTS if core in CORE_ENDS else ("-m", "pytest", *CORE_TESTS)
        yield Cell(f"core {core} on Python {python}, role", tests, ENDS, controller=with_core(core))
        name = f"core {core} on Python {python}, target {RHEL9}"
        yield Cell(name, VERSION_TESTS, (13,), controller=with_core(core), target=TARGETS[RHEL9])


def sanity() -> Iterator[Cell]:
    """Give every ansible-core with its own sanity tests."""
    for core, python in CORES.items():
        yield Cell(f"core {core} on Python {python}, sanity", SANITY, controller=with_core(core))


def with_core(core: str) -> Environment:
    """Give the environment of an ansible-core."""
    pins = (f"ansible-core=={core}", *OLD_RESOLVER.get(core, ()))
    return Environment(CORES[core], pins, ("requirements-core.txt",))
