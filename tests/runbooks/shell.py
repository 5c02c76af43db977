"""A shell like an operator's: what one block sets, the next one has; every block has a deadline."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.infra.graph import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BLOCK = """\
set -a
[ ! -f .vars ] || . ./.vars
. ./.block
code=$?
export -p > .vars
exit $code
"""
# The AWS CLI takes no endpoint from the environment for SQS: its older name there differs.
_AWS = """\
#!/bin/sh
exec {python} -m awscli --endpoint-url "$AWS_ENDPOINT_URL" "$@"
"""
_RUN = """\
#!/bin/sh
exec {python} -m resilience "$@"
"""
# Emulated time runs ahead: commands that ask for the last hour mean its last hour.
_DATE = """\
#!{python} -IS
import sys, time
now_s = {then_s} + (time.time() - {real_s}) * {speed}
print(time.strftime(sys.argv[-1][1:].replace("%s", str(int(now_s))), time.gmtime(now_s)))
"""


@dataclass(frozen=True, kw_only=True)
class EmulatedClock:
    """What the time is there: `then_s` when it was `real_s` here."""

    then_s: float
    real_s: float
    speed: float


def tools(folder: Path, clock: EmulatedClock) -> Path:
    """Put `aws` and `date` into a folder for the search path."""
    folder.mkdir()
    date = _DATE.format(
        python=sys.executable, then_s=clock.then_s, real_s=clock.real_s, speed=clock.speed
    )
    for name, text in (("aws", _AWS.format(python=sys.executable)), ("date", date)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


class Shell:
    """A folder of its own to work in, with `./run` in it, as in the project's."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir()
        self.folder = folder
        self._environment = {**environment, "PYTHONPATH": str(ROOT)}
        (folder / "run").write_text(_RUN.format(python=sys.executable))
        (folder / "run").chmod(0o755)
        for settings in ROOT.glob("Pulumi*.yaml"):
            (folder / settings.name).symlink_to(settings)

    def give(self, block: str, *, within_s: float) -> str:
        """Give the shell a block, and return what it prints.

        Raises:
            AssertionError: it did not end in time.
        """
        (self.folder / ".block").write_text(f"{block}\n")
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", _BLOCK],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=within_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AssertionError(
                f"{within_s:g} s passed, and this had not ended:\n{block}"
            ) from error
        return done.stdout
