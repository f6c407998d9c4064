"""Run ansible-test on a copy of the checkout, where its path is what ansible-test wants, and without a download."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from export import CHECKOUT, export

sys.path.insert(0, str(CHECKOUT))
from testbed import servers

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
GET_PIP_VERSIONS = ("23_1_2", "24_2", "25_2")
GET_PIP = '''\
"""Stand in for get-pip.py: install pip from Python's own copy, then what else is asked for."""
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
arguments = [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
if arguments:
    subprocess.check_call([sys.executable, "-m", "pip", "install", *arguments])
'''
NOTHING_TESTED = ("All targets skipped", "No tests found", "WARNING: All")


def home(command: str) -> Path:
    """Return a home folder of this ansible-test's own, where it finds what it would download."""
    folder = CHECKOUT / ".cache" / "ansible-test" / f"{command}-{version('ansible-core')}"
    cache = folder / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for number in GET_PIP_VERSIONS:
        (cache / f"get_pip_{number}.py").write_text(GET_PIP)
    return folder


def environment(command: str, programs: Path) -> dict[str, str]:
    """Return the environment that ansible-test runs in: nothing of the checkout's Ansible, programs from one folder."""
    drop = ("ANSIBLE_CONFIG", "ANSIBLE_HOME", "ANSIBLE_COLLECTIONS_PATH")
    own = {"HOME": str(home(command)), "PIP_QUIET": "1", "PATH": f"{programs}:{os.environ['PATH']}"}
    return {key: value for key, value in os.environ.items() if key not in drop} | own


def run(arguments: list[str], checkout: Path, command: str) -> tuple[int, str]:
    """Run ansible-test, print its output as it comes, and return its exit code and output.

    It is called through a link, because it writes scripts whose first lines can't hold a space.
    """
    programs = checkout.parents[2] / "venv" / "bin"
    if not programs.parent.is_symlink():
        programs.parent.symlink_to(sys.prefix)
    lines = []
    with subprocess.Popen(
        [str(programs / "python"), str(programs / "ansible-test"), command, *arguments],
        cwd=checkout,
        env=environment(command, programs),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def sanity(checkout: Path) -> int:
    """Run every sanity test."""
    code, output = run(["--color", "no", "--python", PYTHON], checkout, "sanity")
    tests = set(re.findall(r'^Running sanity test "([\w-]+)"', output, re.MULTILINE))
    return verdict("sanity", code, output, len(tests))


def integration(checkout: Path) -> int:
    """Run every integration target, each on a real server of its own."""
    targets = sorted(path.name for path in (checkout / "tests" / "integration" / "targets").iterdir())
    results = [on_a_server(target, checkout) for target in targets]
    output = "".join(text for _code, text in results)
    count = len(re.findall(r"^Running .+ integration test role", output, re.MULTILINE))
    return verdict("integration", max((code for code, _text in results), default=0), output, count)


def on_a_server(target: str, checkout: Path) -> tuple[int, str]:
    """Run one target on a server whose address is in integration_config.yml."""
    with tempfile.TemporaryDirectory() as root:
        server = servers.start(18, Path(root))
        address = {"socket": server.socket_dir, "port": server.port, "user": server.superuser}
        lines = [f"testbed_{name}: {value}\n" for name, value in address.items()]
        (checkout / "tests" / "integration" / "integration_config.yml").write_text("".join(lines))
        try:
            return run(["--color", "no", "--local", "--python", PYTHON, target], checkout, "integration")
        finally:
            servers.stop(server)


def verdict(command: str, code: int, output: str, count: int) -> int:
    """Say how it went; a run that tested nothing has failed."""
    skipped = [text for text in NOTHING_TESTED if text in output]
    if code == 0 and (count == 0 or skipped):
        print(f"{command}: nothing was tested", file=sys.stderr)
        code = 1
    print(f"{command}: {count} tests run, {'with findings' if code else 'no findings'}", flush=True)
    return code


def main() -> int:
    """Run the command that is asked for in a fresh copy."""
    commands = {"sanity": sanity, "integration": integration}
    with tempfile.TemporaryDirectory() as folder:
        checkout = export(Path(folder) / "ansible_collections" / "leastpriv" / "pgsql")
        return commands[sys.argv[1]](checkout)


if __name__ == "__main__":
    sys.exit(main())
