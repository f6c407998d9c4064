"""What a document in Markdown holds: code in fences, rows of tables, headings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """Code in a fence, and its language."""

    path: Path
    language: str
    text: str


def blocks(path: Path, *languages: str) -> list[Block]:
    """Give the fenced code of a document, of some languages or of all."""
    found = [Block(path, match[2], dedent(match[3])) for match in FENCE.finditer(path.read_text())]
    return [block for block in found if block.language in languages or not languages]


def prose(path: Path) -> str:
    """Give a document without its fenced code."""
    return FENCE.sub("", path.read_text())


def rows(path: Path) -> Iterator[list[str]]:
    """Give the cells of all rows of all tables."""
    for line in prose(path).splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield [cell.strip() for cell in line.strip("|").split(" |")]


def code(text: str) -> list[str]:
    """Give what stands between backticks."""
    return CODE.findall(text)


def links(path: Path) -> list[str]:
    """Give the targets of a document's links."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(path))


def anchors(path: Path) -> set[str]:
    """Give what a link can point at in a document: its headings, as GitHub and Galaxy name them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
