"""What can go wrong between a caller and an emulator."""

from __future__ import annotations

from dataclasses import dataclass


class EmulatorError(Exception):
    """Anything that goes wrong between a caller and an emulator.

    ```
    EmulatorError
     +-- EmulatorStartError    it did not come up
     +-- EmulatorGoneError     it does not answer any more
     +-- EmulatorRequestError  it refuses what was asked for
     +-- DeployRefusedError    the program breaks a rule of AWS or of the emulator
     +-- ProgramFailedError    the program itself crashed
    ```
    """


class EmulatorStartError(EmulatorError):
    """The emulator did not come up; the message ends with its log's tail."""


class EmulatorGoneError(EmulatorError):
    """The emulator does not answer: it has ended, or was never there."""


class EmulatorRequestError(EmulatorError):
    """The emulator refuses a request; the message says which value and what it expected."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason for a refusal, with the resource it is about, where there is one."""

    message: str
    urn: str | None = None


class DeployRefusedError(EmulatorError):
    """A deploy was refused. `problems` holds every reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        lines = [f"{each.urn}: {each.message}" if each.urn else each.message for each in problems]
        super().__init__("the emulator refuses the program:\n  " + "\n  ".join(lines))


class ProgramFailedError(EmulatorError):
    """The program crashed. `traceback` is the end of what it wrote."""

    def __init__(self, traceback: str) -> None:
        self.traceback = traceback
        super().__init__(f"the program failed:\n{traceback}")
