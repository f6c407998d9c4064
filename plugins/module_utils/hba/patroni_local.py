# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patroni's local configuration: YAML in a file, in the files of a folder, or in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Optional

from ..errors import AccessError
from .patroni_model import FILES, SETTINGS
from .patroni_process import PREFIX

ENVIRONMENT = {
    "RESTAPI_LISTEN": ("restapi", "listen"),
    "RESTAPI_CONNECT_ADDRESS": ("restapi", "connect_address"),
    "RESTAPI_CERTFILE": ("restapi", "certfile"),
    "RESTAPI_CAFILE": ("restapi", "cafile"),
    "RESTAPI_USERNAME": ("restapi", "authentication", "username"),
    "RESTAPI_PASSWORD": ("restapi", "authentication", "password"),
    "CTL_CACERT": ("ctl", "cacert"),
    "CTL_CERTFILE": ("ctl", "certfile"),
    "CTL_KEYFILE": ("ctl", "keyfile"),
    "POSTGRESQL_DATA_DIR": ("postgresql", "data_dir"),
    "POSTGRESQL_CONFIG_DIR": ("postgresql", "config_dir"),
}
NEEDS_YAML = (
    "Patroni's configuration {path} can't be read, for this Python interpreter has no PyYAML: install it "
    "(package python3-yaml, or pip install PyYAML)"
)


@dataclass(frozen=True)
class Local:
    """One member's configuration as a whole, and for each file of it its text."""

    path: str
    content: Mapping[str, Any]
    texts: Mapping[str, str]

    def section(self, *names: str) -> Mapping[str, Any]:
        """Give a section; empty where there is none."""
        found: Any = self.content
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def text(self, *names: str) -> str:
        """Give a value as text, "" where there is none."""
        value = self.section(*names[:-1]).get(names[-1])
        return "" if value is None else str(value)

    def file_of(self, key: str) -> str:
        """Give the path of the file that Patroni writes for a key, unless a parameter names another one."""
        return str(self.folder() / FILES[key])

    def folder(self) -> Path:
        """Give the folder of the server's configuration."""
        return Path(self.text("postgresql", "config_dir") or self.text("postgresql", "data_dir"))

    def other_file(self, key: str, shared: Mapping[str, Any]) -> bool:
        """Tell whether a parameter names another file; Patroni then leaves its list alone."""
        parameters = {**mapping(shared.get("parameters")), **self.section("postgresql", "parameters")}
        named = parameters.get(SETTINGS[key])
        return bool(named) and str(self.folder() / str(named)) != self.file_of(key)


def yaml_for(path: str) -> Any:
    """Import PyYAML; AccessError with what to do where it is missing."""
    try:
        return import_module("yaml")
    except ImportError:
        raise AccessError(NEEDS_YAML.format(path=path)) from None


def read_local(path: str, environ: Mapping[str, str]) -> Local:
    """Read a configuration as Patroni does: files in the order of their names, then the environment."""
    texts = {name: read_text(name) for name in files_of(path)} if path else {}
    sources = texts or {"PATRONI_CONFIGURATION": environ.get("PATRONI_CONFIGURATION", "")}
    content: dict[str, Any] = {}
    for name, text in sources.items():
        merge(content, parsed(text, name))
    for variable, place in ENVIRONMENT.items():
        if environ.get(PREFIX + variable):
            put(content, place, environ[PREFIX + variable])
    return Local(path or "the environment variable PATRONI_CONFIGURATION", content, texts)


def files_of(path: str) -> list[str]:
    """Give the files of a configuration."""
    if not Path(path).is_dir():
        return [path]
    found = sorted(Path(path).iterdir(), key=lambda file: file.name)
    return [str(file) for file in found if file.name.endswith((".yml", ".yaml")) and file.is_file()]


def read_text(path: str) -> str:
    """Read a file; AccessError says what to do where that fails."""
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise AccessError(
            f"Patroni's configuration {path} can't be read: {why}; run this as a user who may read it, or name it in "
            "patroni.config_file"
        ) from None


def parsed(text: str, path: str) -> Mapping[str, Any]:
    """Give a document as a mapping; its text can hold passwords, so that an error only says where."""
    yaml = yaml_for(path)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark: Optional[Any] = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise AccessError(f"Patroni's configuration {path} isn't valid YAML{where}") from None
    if not isinstance(content, Mapping):
        raise AccessError(f"Patroni's configuration {path} holds no mapping")
    return content


def merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put one configuration over another: mappings are merged, null removes, everything else replaces."""
    for key, value in more.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def put(content: dict[str, Any], place: tuple[str, ...], value: str) -> None:
    """Set one value of a configuration."""
    for name in place[:-1]:
        if not isinstance(content.get(name), dict):
            content[name] = {}
        content = content[name]
    content[place[-1]] = value


def mapping(value: Any) -> Mapping[str, Any]:
    """Give a value if it is a mapping, or else an empty one."""
    return value if isinstance(value, Mapping) else {}
