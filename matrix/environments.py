"""Virtual environments below .cache/matrix, each with an exact list of packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from matrix.errors import NotHere
from matrix.interpreters import find
from testbed.binaries import exclusively

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "matrix"
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True)
class Environment:
    """A Python with these packages and no others: exact pins, and files of exact pins in this folder."""

    python: str
    pins: tuple[str, ...]
    files: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Return where it lies, by its interpreter and what makes it different."""
        return CACHE / "-".join(["python" + self.python, *(pin.replace("==", "-") for pin in self.pins[:1])])

    def wanted(self) -> list[str]:
        """Return all pins, sorted; a pin of the environment's own wins over one of a file."""
        lines = [line for name in self.files for line in (HERE / name).read_text().splitlines() if line[:1].isalnum()]
        by_name = {line.partition("==")[0]: line for line in [*lines, *self.pins]}
        return sorted(by_name.values())


def python_of(environment: Environment) -> Path:
    """Return an environment's interpreter, after making it unless it is complete; NotHere if that can't be."""
    interpreter = find(environment.python)
    stamp = environment.folder / "complete"
    python = environment.folder / "bin" / "python"
    content = "\n".join([str(environment.folder), str(interpreter), *environment.wanted()])
    with exclusively(environment.folder.with_name(environment.folder.name + ".lock")):
        if not python.exists() or not stamp.exists() or stamp.read_text() != content:
            make(environment, interpreter)
            stamp.write_text(content)
    return python


def make(environment: Environment, interpreter: Path) -> None:
    """Make a virtual environment and install what is pinned, without looking for anything else."""
    shutil.rmtree(environment.folder, ignore_errors=True)
    pip = [] if environment.wanted() else ["--without-pip"]
    carefully([str(interpreter), "-m", "venv", *pip, str(environment.folder)], "make a virtual environment")
    if environment.wanted():
        python = str(environment.folder / "bin" / "python")
        install = [python, *PIP, "install", "--no-deps", "--only-binary=:all:", *environment.wanted()]
        carefully(install, f"install the pins of {environment.folder.name}")
        subprocess.run([python, *PIP, "check"], check=True)  # wrong pins are a failure of ours


def carefully(command: list[str], purpose: str) -> None:
    """Run a command; NotHere with its error if it fails."""
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("ERROR", "Error"))]
        said = next(iter(reversed(errors or lines)), "it said nothing")
        raise NotHere(f"could not {purpose}: {said}")
