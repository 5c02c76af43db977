"""Which Region and which default tags a resource gets: its own, its provider's, the stack's."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.engine.wire import Values

PROVIDER_TYPE: Final = "pulumi:providers:aws"

# What a provider may say that means nothing here: credentials and where to find AWS are ours.
_WITHOUT_EFFECT: Final = frozenset(
    {
        "accessKey",
        "allowedAccountIds",
        "endpoints",
        "maxRetries",
        "profile",
        "s3UsePathStyle",
        "secretKey",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "token",
        "version",
    }
)
_KNOWN: Final = frozenset({"region", "defaultTags"})


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What one provider, explicit or the stack's own, fills in."""

    region: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def region_of(self, inputs: Values) -> str:
        """The Region of a resource with these inputs.

        Raises:
            RefusedError: Nothing says which.
        """
        region = inputs.get("region") or self.region
        if not region:
            raise RefusedError(
                "no Region: expected the resource's `region`, its provider's, `aws:region` in the "
                "stack's configuration, or AWS_REGION in the environment"
            )
        return str(region)

    def tags_of(self, inputs: Values) -> dict[str, str]:
        """The resource's tags on top of the default ones."""
        return {**self.tags, **cast("Mapping[str, str]", inputs.get("tags") or {})}


def from_inputs(inputs: Values) -> Defaults:
    """Defaults of an explicit provider.

    Raises:
        RefusedError: The provider is configured in a way that the emulator does not know.
    """
    strange = sorted(inputs.keys() - _KNOWN - _WITHOUT_EFFECT)
    if strange:
        raise RefusedError(
            f"provider configuration {', '.join(map(repr, strange))} is not supported by the "
            f"emulator; it knows {', '.join(sorted(_KNOWN))}"
        )
    tags = _parsed(inputs.get("defaultTags"))
    return Defaults(
        region=str(inputs.get("region", "")),
        tags=cast("Mapping[str, str]", (tags or {}).get("tags") or {}),
    )


def from_config(config: Mapping[str, str]) -> Defaults:
    """Defaults of the default provider: the `aws:` keys of the stack's configuration."""
    own = {key.removeprefix("aws:"): value for key, value in config.items() if key[:4] == "aws:"}
    defaults = from_inputs(dict(own))
    if defaults.region:
        return defaults
    found = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    return Defaults(region=found, tags=defaults.tags)


def _parsed(value: object) -> dict[str, Any] | None:
    found = json.loads(value) if isinstance(value, str) else value
    return cast("dict[str, Any] | None", found)
