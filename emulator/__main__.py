"""`python -m emulator serve`: an emulated AWS as a process; `status`: how it does."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import urllib.request
from pathlib import Path
from typing import Final

from emulator import guard, moto_environment
from emulator.process_group import READY_FILE

_EXIT_BROKEN: Final = 3


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    work_dir: Path = options.work_dir.resolve()
    if options.command == "status":
        return _status(work_dir)
    guard.only_loopback()
    moto_environment.apply()  # before anything imports moto
    gc.disable()  # half a million objects are made now that stay for good
    from emulator import botocore_model

    botocore_model.share()
    from emulator.server import Settings, serve

    serve(
        Settings(
            work_dir=work_dir,
            speed=options.speed,
            seed=options.seed,
            lifeline=options.lifeline,
        )
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="An emulated AWS on loopback addresses: deploy a Pulumi program into it, "
        "reach what it serves, lose parts of it.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve until SIGTERM or Ctrl-C")
    serve.add_argument(
        "--speed", type=_speed, default=1.0, help="emulated seconds a real second (default: 1)"
    )
    serve.add_argument("--seed", type=int, default=0, help="seed of every draw (default: 0)")
    serve.add_argument("--lifeline", action="store_true", help="stop when standard input is closed")
    status = commands.add_parser("status", help="print the state of a running emulator as JSON")
    for command in (serve, status):
        command.add_argument(
            "--work-dir",
            type=Path,
            required=True,
            metavar="DIR",
            help=f"folder of the emulator's files ({READY_FILE}, certificates, stacks)",
        )
    return parser


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; expected a number above 0")
    return speed


def _status(work_dir: Path) -> int:
    try:
        ready = json.loads((work_dir / READY_FILE).read_text(encoding="utf-8"))
        with urllib.request.urlopen(f"{ready['control']}/status", timeout=5) as answer:  # noqa: S310  # an http URL that the emulator wrote
            print(json.dumps(json.load(answer), indent=2))  # noqa: T201  # the command's answer
    except FileNotFoundError:
        problem = f"no emulator serves from {work_dir}: there is no {READY_FILE}"
    except (OSError, ValueError) as error:
        problem = f"the emulator of {work_dir} does not answer: {error}"
    else:
        return 0
    print(problem, file=sys.stderr)  # noqa: T201  # the command's answer
    return _EXIT_BROKEN


if __name__ == "__main__":
    sys.exit(main())
