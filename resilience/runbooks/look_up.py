"""Whether what a page names is there, asked of AWS. Reads only.

A lost Region does not answer, and that is when runbooks are read: what could not be seen is said,
and what AWS says is not there is an error.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resilience.aws import AwsError, AwsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resilience.aws import Aws
    from resilience.runbooks.names import LookUp, Name

_THREADS: Final = 16
# Refusals that say nothing about whether the thing is there.
_NO_WORD: Final = ("AccessDenied", "Unauthorized", "Throttl", "Expired", "Unrecognized", "Invalid")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of looking names up.

    Attributes:
        missing: Names that are not deployed, as sentences.
        unseen: Names about which nobody could be asked, as sentences.
    """

    missing: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def look_up(aws: Aws, names: Mapping[str, Name], wanted: Iterable[str]) -> Seen:
    """Look up those of the wanted names that the topology does not hold, all at once."""
    asked = [
        (name, names[name].value, each)
        for name in sorted(set(wanted))
        if (each := names[name].look_up) is not None
    ]
    if not asked:
        return Seen()
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = list(pool.map(lambda one: _ask(aws, one[2]), asked))
    missing: list[str] = []
    unseen: list[str] = []
    for (name, value, each), (there, why) in zip(asked, answers, strict=True):
        sentence = f"{name} {value} in {each.region}: {why}"
        if there is None:
            unseen.append(sentence)
        elif not there:
            missing.append(sentence)
    return Seen(missing=tuple(missing), unseen=tuple(unseen))


def _ask(aws: Aws, asked: LookUp) -> tuple[bool | None, str]:
    """Tell whether a thing is there, None if nobody says, and why."""
    try:
        reply = aws.call(asked.service, asked.operation, region=asked.region, **asked.parameters)
    except AwsRefusedError as error:
        silent = any(word in error.code for word in _NO_WORD)
        return (None if silent else False), error.explanation
    except AwsError as error:
        return None, error.explanation
    if asked.holds and not any(reply.get(part) for part in asked.holds):
        return False, f"{asked.service} {asked.operation} finds none"
    return True, ""
