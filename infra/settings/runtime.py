"""Settings of what the prediction function runs on: a zip, or a container image."""

import re
from dataclasses import dataclass
from typing import Final

from infra.settings import fields
from infra.settings.reading import Reading

ZIP: Final = "zip"
CONTAINER: Final = "container"


@dataclass(frozen=True, kw_only=True)
class RuntimeSettings:
    """What the prediction function runs on.

    Attributes:
        kind: "zip": the release as it is; "container": an image that holds it and scikit-learn.
        image_digest: With "container", the image: `sha256:` and 64 hex digits; empty otherwise.
        registry_replication: Whether this stack owns the replication rules of the account's
            registries in its Regions; there is one set of them a registry.
    """

    kind: str
    image_digest: str
    registry_replication: bool

    @property
    def container(self) -> bool:
        """Whether it is a container image."""
        return self.kind == CONTAINER


def read(reading: Reading) -> RuntimeSettings:
    """Read the group."""
    return RuntimeSettings(
        kind=reading.read("runtime", fields.choice(ZIP, CONTAINER)),
        image_digest=reading.read("containerImage", _digest),
        registry_replication=reading.read("registryReplication", fields.boolean),
    )


def contradictions(reading: Reading) -> None:
    """Note what cannot be true together."""
    raw = reading.raw
    kind, image = raw.get("runtime"), raw.get("containerImage")
    if kind == CONTAINER and image == "":
        reading.note(
            "containerImage",
            'the digest of an image with runtime "container"',
            "build one (docs/how-to/serve-from-a-container.md) and put its digest here",
        )
    if kind == ZIP and image:
        step = 'remove it, or set runtime to "container"'
        reading.note("containerImage", 'empty with runtime "zip", which runs no image', step)
    if kind == CONTAINER and raw.get("snapStart") == "true":
        # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes
        reading.note(
            "snapStart",
            'false with runtime "container": Lambda takes no snapshots of images',
            "set provisionedConcurrency instead",
        )


def _digest(text: str) -> str:
    """Read a digest. A tag names whatever was pushed under it; only a digest is one image."""
    if text and not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        raise fields.FieldError('empty, or a digest: "sha256:" and 64 hex digits')
    return text
