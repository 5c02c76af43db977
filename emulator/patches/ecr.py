"""ECR: what is pushed is copied to other Regions, as the registry's replication rules say.

Stock moto keeps the rules and copies nothing; it names an image by its layers instead of by its
manifest, and has another error for a tag that cannot move. AWS copies within minutes; here it is
at once.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any

from emulator.patches.mending import replace


def apply() -> None:
    """Copy pushed images."""
    from moto.core.exceptions import ServiceException
    from moto.ecr.models import ECRBackend, ecr_backends

    stock = ECRBackend.put_image

    class TagTakenError(ServiceException):
        """The tag names another image, and tags of this repository do not move."""

        code = "ImageTagAlreadyExistsException"

    def put(  # moto's own signature
        self: Any,
        repository_name: str,
        image_manifest: str,
        image_tag: str,
        image_manifest_mediatype: str | None = None,
        digest: str | None = None,
    ) -> Any:
        repository = self._get_repository(repository_name)
        digest = digest or f"sha256:{hashlib.sha256(image_manifest.encode()).hexdigest()}"
        holders = [each for each in repository.images if image_tag in each.image_tags]
        if repository.is_tag_immutable() and any(
            each.get_image_digest() != digest for each in holders
        ):
            raise TagTakenError(
                f"The image tag '{image_tag}' already exists in the '{repository_name}' repository"
                " and cannot be overwritten because the repository is immutable."
            )
        args = (image_manifest, image_tag, image_manifest_mediatype, digest)
        image = stock(self, repository_name, *args)
        for region in _destinations(self, repository_name):
            other = ecr_backends[self.account_id][region]
            if repository_name not in other.repositories:
                # AWS makes one with its defaults, whatever those of the source are.
                other.create_repository(repository_name, None, None, None, "MUTABLE", [])  # pyright: ignore[reportArgumentType]  # moto's own defaults
            # What cannot be copied (an immutable tag that is taken) stays uncopied, as in AWS.
            with contextlib.suppress(ServiceException):
                stock(other, repository_name, *args)
        return image

    replace(ECRBackend, "put_image", put)


def _destinations(backend: Any, repository: str) -> list[str]:
    """Regions that a repository's images are copied to. A rule without filters is for all."""
    found: list[str] = []
    for rule in backend.replication_config.get("rules", []):
        filters = [each["filter"] for each in rule.get("repositoryFilters") or []]
        if not filters or any(repository.startswith(each) for each in filters):
            found += [each["region"] for each in rule["destinations"]]
    return found
