"""Property values between Pulumi's wire form (protobuf structs) and plain JSON values.

Numbers arrive as doubles; whole ones become integers. Secrets arrive wrapped: they are unwrapped
at every depth, and the top-level property that held one is remembered, as the SDK itself does.
Assets, archives and unknowns stay in their wire form (`is_asset`, `UNKNOWN`). The signatures are
those of https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from google.protobuf import json_format, struct_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a marker, not a secret
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

Values = dict[str, Any]


@dataclass(frozen=True)
class Decoded:
    """Plain values and the names of the top-level properties that held a secret."""

    values: Values
    secrets: frozenset[str]


def decode(struct: struct_pb2.Struct) -> Decoded:
    """Plain values of a wire struct; properties that are null are left out."""
    raw = json_format.MessageToDict(struct)
    return Decoded(
        values={name: _plain(value) for name, value in raw.items() if value is not None},
        secrets=frozenset(name for name, value in raw.items() if _holds_secret(value)),
    )


def encode(values: Mapping[str, Any], secrets: Iterable[str] = ()) -> struct_pb2.Struct:
    """The wire struct of plain values, with `secrets` wrapped as secrets."""
    hidden = frozenset(secrets)
    struct = struct_pb2.Struct()
    struct.update(
        {
            name: {SIGNATURE: _SECRET, "value": value} if name in hidden else value
            for name, value in values.items()
        }
    )
    return struct


def is_asset(value: object) -> bool:
    """Whether `value` is an asset or an archive in its wire form."""
    return isinstance(value, dict) and value.get(SIGNATURE) in (ASSET, ARCHIVE)  # pyright: ignore[reportUnknownMemberType]  # any JSON object


def unknown_paths(value: object, path: str = "") -> Iterator[str]:
    """Paths (`rules[0].prefix`) of every unknown inside `value`."""
    if value == UNKNOWN:
        yield path
    elif isinstance(value, dict):
        for key, inner in cast("Values", value).items():
            yield from unknown_paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from unknown_paths(inner, f"{path}[{index}]")


def without_unknown_outputs(value: Any) -> Any:
    """`value` where every resource in it (a block with `urn` and `id`) has only known outputs.

    A program that exports a whole resource asks for none of its outputs in particular.
    """
    if isinstance(value, list):
        return [without_unknown_outputs(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    mapping = cast("Values", value)
    whole = {"urn", "id"} <= mapping.keys()
    return {
        key: without_unknown_outputs(each)
        for key, each in mapping.items()
        if not (whole and each == UNKNOWN)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return _plain_mapping(cast("Values", value))
    return value


def _plain_mapping(mapping: Values) -> Any:
    """A block, or what a signed block stands for; a reference to a resource becomes its id."""
    match mapping.get(SIGNATURE):
        case signature if signature == _SECRET:
            return _plain(mapping.get("value"))
        case signature if signature == _OUTPUT:
            return _plain(mapping.get("value", UNKNOWN))
        case signature if signature == _RESOURCE:
            return mapping.get("id") or mapping["urn"]
        case _:
            return {key: _plain(each) for key, each in mapping.items()}


def _holds_secret(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_secret(each) for each in cast("list[Any]", value))
    if not isinstance(value, dict):
        return False
    mapping = cast("Values", value)
    signature = mapping.get(SIGNATURE)
    if signature == _SECRET or (signature == _OUTPUT and mapping.get("secret")):
        return True
    return any(_holds_secret(each) for each in mapping.values())
