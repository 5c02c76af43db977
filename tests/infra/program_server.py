"""Runs programs against the recorder, each in a fork of a process that has Pulumi loaded.

Reads one JSON object a line, `{"root", "stack", "config", "preview"}`, and answers each with one
line: what the program asked for, or `{"error": what it said, "registered": URNs until then}`.
"""

from __future__ import annotations

import contextvars
import gc
import io
import json
import os
import signal
import sys
import tempfile
import traceback
import warnings
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

_DEADLINE_S = 60


def main() -> None:
    """Answer until standard input ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tests.infra import record_program
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever a program prints is no answer
    warm: str | None = None
    for line in sys.stdin:
        run = json.loads(line)
        if warm is None:
            # The first run loads what programs need. It runs here, in a context of its own, so
            # that every later one finds it loaded.
            warm = run["root"]
            contextvars.copy_context().run(_told, record_program.record, run)
            gc.freeze()
        with tempfile.TemporaryFile() as told:
            if (child := os.fork()) == 0:
                _in_child(record_program.record, run, told.fileno(), fresh=run["root"] != warm)
            os.waitpid(child, 0)
            told.seek(0)
            text = told.read() or json.dumps(_ended("the program's process ended", [])).encode()
        with open(answer_to, "wb", closefd=False) as out:
            out.write(text + b"\n")


def _in_child(record: Any, run: dict[str, Any], told: int, *, fresh: bool) -> None:
    """Run one program and end; never returns."""
    signal.alarm(_DEADLINE_S)
    gc.disable()  # it ends before it could fill anything
    try:
        if fresh:
            for name in [each for each in sys.modules if each.partition(".")[0] == "infra"]:
                del sys.modules[name]
        with open(told, "wb", closefd=False) as out:
            out.write(json.dumps(_told(record, run)).encode())
    finally:
        os._exit(0)


def _ended(said: str, registered: list[str]) -> dict[str, Any]:
    return {"error": said, "registered": registered}


def _told(record: Any, run: dict[str, Any]) -> dict[str, Any]:
    root = Path(run["root"])
    os.chdir(root)
    os.environ["PULUMI_CONFIG"] = json.dumps(run["config"])
    sys.path[:0] = [str(root)]
    said, registered = io.StringIO(), list[str]()
    try:
        with redirect_stderr(said), warnings.catch_warnings():
            found: dict[str, Any] = record(run["stack"], root, registered, preview=run["preview"])
    except BaseException:  # noqa: BLE001 - whatever ends a program is what it ended with
        return _ended(said.getvalue() + traceback.format_exc(), registered)
    finally:
        sys.path.remove(str(root))
    return found


if __name__ == "__main__":
    main()
