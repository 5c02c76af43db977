"""Starts the Pulumi program as a child process and waits for its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from emulator import guard

if TYPE_CHECKING:
    from emulator.engine.project import Project

_CHILD: Final = Path(__file__).with_name("child.py")
_TAIL_LINES: Final = 40


@dataclass(frozen=True)
class Finished:
    """How the program ended: its exit code and the end of its standard error."""

    exit_code: int
    stderr_tail: str


def run(project: Project, *, address: str, dry_run: bool) -> Finished:
    """Run the program against the monitor and engine at `address` (`host:port`).

    The child ends with this process: its standard input is a pipe that only we hold.
    """
    spec = {
        "project": project.name,
        "stack": project.stack,
        "root": str(project.root),
        "program": str(project.program.resolve()),
        "monitor": address,
        "engine": address,
        "dry_run": dry_run,
        "guard": guard.__file__,
    }
    environment = {
        **os.environ,
        "PULUMI_CONFIG": json.dumps(project.config),
        "PULUMI_CONFIG_SECRET_KEYS": "[]",
        "PYTHONUNBUFFERED": "1",
    }
    with tempfile.TemporaryFile() as stderr:
        # -P: this package's folder must not come first on the program's sys.path.
        with subprocess.Popen(
            [sys.executable, "-P", str(_CHILD), json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=stderr,
            stderr=stderr,
            cwd=project.root,
            env=environment,
        ) as child:
            exit_code = child.wait()
        stderr.seek(0)
        lines = stderr.read().decode(errors="replace").splitlines()
    return Finished(exit_code, "\n".join(lines[-_TAIL_LINES:]))
