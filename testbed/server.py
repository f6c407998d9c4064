"""What is known about a running server."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Server:
    """A running server; `superuser` needs no password over the socket, everybody else does everywhere."""

    version: int
    bin_dir: Path
    data_dir: Path
    socket_dir: Path
    port: int
    log_file: Path
    superuser: str
