"""The credentials that may do everything in the emulated AWS: the engine's and the operator's."""

from __future__ import annotations

from typing import Final

ACCESS_KEY: Final = "AKIAEMULATORADMIN000"
SECRET_KEY: Final = "emulator"  # noqa: S105  # opens nothing but the emulator
