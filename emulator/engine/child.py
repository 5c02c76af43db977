"""Runs a Pulumi program against a resource monitor: started as a script, by `program.py`.

The real SDK on the real wire, as the CLI's language host would start it. The process ends when
its standard input closes (its parent is gone) and reaches loopback addresses only.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import runpy
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

_PARENT_GONE = 3


def main() -> int:
    """Run the program described by the JSON object in the first argument."""
    spec: dict[str, Any] = json.loads(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    guard: dict[str, Any] = runpy.run_path(spec["guard"], run_name="loopback_guard")
    guard["only_loopback"]()
    sys.path.insert(0, spec["program"])
    sys.argv = [spec["program"]]
    try:
        _run(spec)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # noqa: BLE001  # whatever the user's program raised
        _report(error)
        return 1
    return 0


def _run(spec: dict[str, Any]) -> None:
    gc.disable()  # a program ends long before its garbage could fill anything
    import pulumi.log
    import pulumi.runtime

    # Three lines a resource, each a call that the program waits for; the engine keeps none.
    pulumi.log.debug = _discard
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=spec["project"],
            stack=spec["stack"],
            monitor=spec["monitor"],
            engine=spec["engine"],
            dry_run=spec["dry_run"],
            organization="emulator",
            root_directory=spec["root"],
        )
    )
    program = Path(spec["program"])
    entry = program / "__main__.py" if program.is_dir() else program
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(
            pulumi.runtime.run_in_stack(
                lambda: _discard(runpy.run_path(str(entry), run_name="__main__"))
            )
        )
    finally:
        loop.close()


def _discard(*_: object, **_named: object) -> None:
    """`run_in_stack` awaits what the program returns; a module's globals are nothing to await."""


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(_PARENT_GONE)


def _report(error: BaseException) -> None:
    """Print the traceback from the user's own code on, without the frames that ran it."""
    step: TracebackType | None = error.__traceback__
    while step is not None and not _is_users(step):
        step = step.tb_next
    shown = traceback.TracebackException(type(error), error, step or error.__traceback__)
    if step is None:  # raised by the SDK on its own account: its message says it all
        print("".join(shown.format_exception_only()), file=sys.stderr, end="")  # noqa: T201
        return
    print("".join(shown.format()), file=sys.stderr, end="")  # noqa: T201


def _is_users(step: TracebackType) -> bool:
    file = step.tb_frame.f_code.co_filename
    ours = file == __file__ or file.startswith("<")
    return not ours and not any(
        part in file for part in (f"{os.sep}pulumi{os.sep}", f"{os.sep}asyncio{os.sep}", "runpy.py")
    )


if __name__ == "__main__":
    exit_code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking the interpreter and its thousands of pulumi_aws classes apart would cost a second.
    os._exit(exit_code)
