"""The container image that a function runs: its repository in every Region, and how it gets there.

An image is pushed once, to any Region's repository, and copied to the others by the registry. It is
deployed by digest, so that each Region runs the same bytes, and no tag can be moved under it.
"""

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import policies
from infra.naming import RegionNames

# An image without a tag was pushed by halves, or its tag was taken away by hand: tags cannot move.
# Lambda runs an image by digest, so nothing with a tag may ever be expired: a Region may serve it,
# or be rolled back to it.
_UNTAGGED_DAYS: Final = 30


@dataclass(frozen=True, kw_only=True)
class ImageRepositoryArgs:
    """What a repository needs to know.

    Attributes:
        names: Names in its Region.
        key_arn: What it is encrypted with.
        copies_to: The Regions whose registries get what is pushed here; empty: somebody else's
            concern.
        deletion_protection: Whether it refuses to be deleted while there is an image in it.
    """

    names: RegionNames
    key_arn: pulumi.Input[str]
    copies_to: tuple[str, ...]
    deletion_protection: bool


class ImageRepository(pulumi.ComponentResource):
    """A repository whose tags never move, whose images are scanned, and which only Lambda reads.

    Attributes:
        url: Registry and name, without tag or digest; the name is the same in every Region.
    """

    url: pulumi.Output[str]

    def __init__(
        self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:ImageRepository", name, None, opts)
        names, child = args.names, pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            f"{name}-repository",
            region=names.region,
            name=names.name("predict"),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            force_delete=not args.deletion_protection,
            tags=names.tags(names.name("predict")),
            opts=child,
        )
        aws.ecr.LifecyclePolicy(
            f"{name}-lifecycle",
            region=names.region,
            repository=repository.name,
            policy=lifecycle_policy(),
            opts=child,
        )
        aws.ecr.RepositoryPolicy(
            f"{name}-readers",
            region=names.region,
            repository=repository.name,
            policy=reading_policy(names),
            opts=child,
        )
        if args.copies_to:
            self._replicate(name, args)
        self.url = repository.repository_url
        self.register_outputs({"url": self.url})

    def _replicate(self, name: str, args: ImageRepositoryArgs) -> None:
        """Copy what is pushed here to every other Region; a copy is not copied on.

        Each Region does so, so that images can be pushed while any one Region is lost. A registry
        has one set of such rules: an account's other stacks share them or leave them alone.
        https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
        """
        account_id = args.names.stack.account_id
        aws.ecr.ReplicationConfiguration(
            f"{name}-replication",
            region=args.names.region,
            replication_configuration={
                "rules": [
                    {
                        "destinations": [
                            {"region": region, "registry_id": account_id}
                            for region in args.copies_to
                        ],
                        "repository_filters": [
                            {"filter": args.names.name("predict"), "filter_type": "PREFIX_MATCH"}
                        ],
                    }
                ]
            },
            opts=pulumi.ResourceOptions(parent=self),
        )


def lifecycle_policy() -> str:
    """Return the policy that expires what no Region can serve: images that have no tag.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    rule = {
        "rulePriority": 1,
        "description": "what no tag names is no release",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": _UNTAGGED_DAYS,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]}, separators=(",", ":"))


def reading_policy(names: RegionNames) -> str:
    """Return the policy that lets Lambda pull, for this stack's function in this Region alone.

    https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions
    """
    function = (
        f"arn:aws:lambda:{names.region}:{names.stack.account_id}:function:{names.name('predict')}"
    )
    return policies.document(
        [
            {
                "Sid": "LambdaPulls",
                "Effect": "Allow",
                "Principal": {"Service": policies.LAMBDA},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                "Condition": {"StringLike": {"aws:sourceArn": function}},
            }
        ]
    )
