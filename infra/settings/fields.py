"""How one setting is read from its text: each reader returns a value or says what it expected."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast

from infra.aws_regions import REGIONS

T = TypeVar("T")
Reader = Callable[[str], T]

_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")

# The longest name a certificate may carry as its first is 64 characters, and ours begins with
# "predict.": https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
_ZONE_NAME_MAX_LENGTH: Final = 64 - len("predict.")

# The way to the last Region is one CNAME from the clients' name, one from each link to the next,
# and one to the load balancer. Resolvers give up on long chains: PowerDNS Recursor after 10
# (`max-cnames-followed`), BIND and Unbound after 11.
# https://doc.powerdns.com/recursor/settings.html
_REGIONS_MIN: Final = 2
_REGIONS_MAX: Final = 8

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class FieldError(Exception):
    """A setting's text is not what its reader takes.

    Attributes:
        expected: What the reader takes, in words.
    """

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


def integer(low: int, high: int) -> Reader[int]:
    """Make a reader of whole numbers from `low` to `high`, both included."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise FieldError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def integer_of(*allowed: int) -> Reader[int]:
    """Make a reader of the whole numbers given and no others."""

    def read(text: str) -> int:
        if text not in {str(number) for number in allowed}:
            raise FieldError("one of " + ", ".join(map(str, allowed)))
        return int(text)

    return read


def choice(*allowed: str) -> Reader[str]:
    """Make a reader of the words given and no others."""

    def read(text: str) -> str:
        if text not in allowed:
            raise FieldError(" or ".join(f'"{word}"' for word in allowed))
        return text

    return read


def boolean(text: str) -> bool:
    """Read true or false, as Pulumi writes them."""
    if text not in {"true", "false"}:
        raise FieldError("true or false")
    return text == "true"


def ratio(text: str) -> float:
    """Read a decimal number above 0 and at most 1."""
    if not re.fullmatch(r"[0-9](\.[0-9]{1,9})?", text) or not 0 < float(text) <= 1:
        raise FieldError('a ratio above 0 and at most 1, such as "0.99"')
    return float(text)


def zone_name(text: str) -> str:
    """Read the DNS name of a zone: lower case, two labels or more, no dot at its end."""
    labels = text.split(".")
    if (
        len(text) > _ZONE_NAME_MAX_LENGTH
        or len(labels) < 2  # noqa: PLR2004 - a label and its parent
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise FieldError(
            "a DNS name in lower case with two labels or more, no dot at its end, at most"
            f" {_ZONE_NAME_MAX_LENGTH} characters"
        )
    return text


def zip_path(text: str) -> Path:
    """Read the path of a zip file; whether it exists is seen when it is opened."""
    if not text.endswith(".zip"):
        raise FieldError("the path of a .zip file")
    return Path(text)


def region_list(text: str) -> tuple[str, ...]:
    """Read the Regions in order: two or more different ones that exist."""
    names = _strings(text)
    unknown = [name for name in names if name not in REGIONS]
    if unknown:
        raise FieldError(f"names of AWS Regions; {', '.join(unknown)} is not one")
    if len(set(names)) != len(names):
        raise FieldError("each Region once")
    if not _REGIONS_MIN <= len(names) <= _REGIONS_MAX:
        raise FieldError(f"{_REGIONS_MIN} to {_REGIONS_MAX} Regions, not {len(names)}")
    return names


def _strings(text: str) -> tuple[str, ...]:
    try:
        items = json.loads(text)
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise FieldError('a list of Regions, such as ["us-east-1", "us-west-2"]')
    return tuple(str(item) for item in cast("list[object]", items))
