# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write an audit as JUnit XML, which tells drift (failure) from errors (error) and from what was not compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from .drift_text import harmless

Report = Mapping[str, Any]

NAME = "leastpriv.pgsql.audit"
ALL_HOSTS = "all hosts"
KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def junit_of(summary: Mapping[str, Any]) -> str:
    """Give JUnit XML: a suite for all hosts together and one for each, with the number of deviations as property."""
    suites = [suite(ALL_HOSTS, summary["drift"], [overall(summary)])]
    suites += [suite(host, report["drift"], cases(host, report)) for host, report in summary["hosts"].items()]
    root = ElementTree.Element("testsuites", {"name": NAME, **counted(case for each in suites for case in each[1:])})
    root.extend(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def suite(name: str, drift: int, found: Sequence[ElementTree.Element]) -> ElementTree.Element:
    """Give the suite of a host."""
    attributes = {"name": harmless(name), **counted(found), "time": "0"}
    element = ElementTree.Element("testsuite", attributes)
    properties = ElementTree.SubElement(element, "properties")
    ElementTree.SubElement(properties, "property", {"name": "drift", "value": str(drift)})
    element.extend(found)
    return element


def counted(found: Iterable[ElementTree.Element]) -> dict[str, str]:
    """Count test cases, and how they ended."""
    listed = list(found)
    ended = {plural: sum(case.find(kind) is not None for case in listed) for kind, plural in KINDS.items()}
    return {name: str(number) for name, number in {"tests": len(listed), **ended}.items()}


def overall(summary: Mapping[str, Any]) -> ElementTree.Element:
    """Give the one test case about all hosts."""
    case = case_of(ALL_HOSTS, "audit")
    said = f"drift: {summary['drift']}, errors: {summary['errors']}"
    if summary["errors"]:
        ended(case, "error", said, "")
    elif summary["drift"]:
        ended(case, "failure", said, "")
    return case


def cases(host: str, report: Report) -> list[ElementTree.Element]:
    """Give a test case for each part, and one more for each part that was not compared completely."""
    errors = {error["part"]: error["message"] for error in report["errors"]}
    parts = list(dict.fromkeys([*errors, *report["parts"]]))
    found = [judged(host, part, errors, [row for row in report["rows"] if row["part"] == part]) for part in parts]
    return [*found, *(left_out(host, part, report["unchecked"]) for part in unchecked_parts(report))]


def judged(host: str, part: str, errors: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> ElementTree.Element:
    """Give a part's test case."""
    case = case_of(host, part)
    if part in errors:
        ended(case, "error", errors[part], errors[part])
    elif rows:
        ended(case, "failure", f"drift: {len(rows)}", "\n".join(harmless(line_of(row)) for row in rows))
    return case


def line_of(row: Mapping[str, Any]) -> str:
    """Give a deviation as a line of text."""
    where = f"database {row['database']}: " if row["database"] else ""
    subject = " ".join(word for word in (row["role"], row["privilege"]) if word)
    return f"{row['state']}: {where}{row['object_class'].lower()} {row['object']}: {subject} ({row['summary']})"


def unchecked_parts(report: Report) -> list[str]:
    """Name the parts that were not compared completely."""
    return list(dict.fromkeys(gap["part"] for gap in report["unchecked"]))


def left_out(host: str, part: str, gaps: Iterable[Mapping[str, str]]) -> ElementTree.Element:
    """Give the test case that says what was not compared."""
    case = case_of(host, f"{part} (not checked)")
    text = "; ".join(gap["message"] for gap in gaps if gap["part"] == part)
    ended(case, "skipped", text, text)
    return case


def case_of(host: str, part: str) -> ElementTree.Element:
    """Give a test case that has passed."""
    return ElementTree.Element("testcase", {"classname": harmless(host), "name": harmless(part), "time": "0"})


def ended(case: ElementTree.Element, kind: str, message: str, text: str) -> None:
    """Say how a test case ended otherwise than well."""
    attributes = {"message": harmless(message)} if kind == "skipped" else {"message": harmless(message), "type": kind}
    lines = "\n".join(harmless(line) for line in text.splitlines())
    ElementTree.SubElement(case, kind, attributes).text = lines
