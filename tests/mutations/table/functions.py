"""Mistakes in what serves."""

from tests.mutations.mutation import Mutation, edit

REGION = "infra/region.py"
FUNCTION = "infra/function.py"
TARGET = "infra/lambda_target.py"
IMAGES = "infra/container.py"

CONTAINER = {"runtime": "container", "containerImage": "sha256:" + "ab" * 32}
"""Settings of a stack that serves from an image."""

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "the target group's health check is off, the default",
        TARGET,
        '"enabled": True,',
        '"enabled": False,',
        "rule:lambda-targets-are-checked",
        "calls every function healthy: its health check is off",
    ),
    edit(
        "a function is registered before it may be invoked",
        TARGET,
        "opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),",
        "opts=pulumi.ResourceOptions(parent=self),",
        "rule:permissions-precede-registrations",
        "may be registered before it may be invoked",
    ),
    edit(
        "the permission is for the function, not for the alias that is called",
        TARGET,
        "            qualifier=args.alias_name,\n",
        "",
        "rule:permissions-precede-registrations",
        "is not for that",
    ),
    edit(
        "anybody may invoke the function",
        TARGET,
        'principal="elasticloadbalancing.amazonaws.com"',
        'principal="*"',
        "rule:only-load-balancers-are-public",
        "lets anybody invoke the function",
    ),
    edit(
        "no version is published for the alias",
        FUNCTION,
        "publish=True,",
        "publish=False,",
        "rule:functions-run-their-own-regions-release",
        "publishes no version for its alias",
    ),
    edit(
        "a cold standby: a quarter of the memory in the second Region",
        REGION,
        "memory_mb=settings.function_memory_mb,",
        'memory_mb=settings.function_memory_mb // (4 if args.names.region == "us-west-2" else 1),',
        "rule:standbys-match-the-primary",
        "has memorySize 128 in us-west-2, and 512 in us-east-1",
    ),
    edit(
        "capacity is reserved in the primary alone",
        FUNCTION,
        "reserved_concurrent_executions=args.capacity.reserved or None,",
        "reserved_concurrent_executions=(args.capacity.reserved or None)"
        ' if args.names.region == "us-east-1" else None,',
        "rule:standbys-match-the-primary",
        "has reservedConcurrentExecutions None in us-west-2, and 50 in us-east-1",
    ),
    edit(
        "every Region's code comes from the primary's bucket",
        REGION,
        "else StoredPackage(bucket=stored.bucket, key=stored.key)",
        "else StoredPackage(bucket=stored.bucket.apply("
        'lambda each: each.replace("us-west-2", "us-east-1")), key=stored.key)',
        "rule:functions-run-their-own-regions-release",
        "us-east-1-releases, not from its Region's bucket",
    ),
    edit(
        "one key for every release",
        "infra/release.py",
        'return f"releases/{self.package_digest}.zip"',
        'return "releases/current.zip"',
        "rule:model-keys-are-immutable",
        "is deployed from releases/current.zip, which carries no digest",
    ),
    edit(
        "the function is not told which release it is",
        REGION,
        '                    "UNDERSTUDY_RELEASE_DIGEST": release.release_digest,\n',
        "",
        "rule:model-keys-are-immutable",
        "is not told which release it is",
    ),
    edit(
        "the release before is deleted when another follows",
        REGION,
        "retain_on_delete=True",
        "retain_on_delete=False",
        "rule:releases-stay-where-they-are",
        "is deleted when another release follows",
    ),
    edit(
        "the prediction function is told of a feature store to ask",
        REGION,
        '"UNDERSTUDY_RELEASE_DIGEST": release.release_digest,',
        '"UNDERSTUDY_RELEASE_DIGEST": release.release_digest,\n'
        '                    "UNDERSTUDY_FEATURES": "https://features.example/v1",',
        "rule:the-request-path-calls-no-aws",
        "is told of something to call: UNDERSTUDY_FEATURES=https://features.example/v1",
    ),
    edit(
        "logs are kept for ever, the default",
        FUNCTION,
        "            retention_in_days=args.log_retention_days,\n",
        "",
        "rule:log-groups-forget",
        "is kept for ever",
    ),
    edit(
        "the log group is called something else than Lambda writes to",
        FUNCTION,
        'name=f"/aws/lambda/{function_name}"',
        'name=f"/lambda/{function_name}"',
        "rule:functions-log-where-they-are-expected-to",
        "expected one LogGroup with name /aws/lambda/",
    ),
    edit(
        "the primary's Region, by name, for every function",
        FUNCTION,
        "            region=args.names.region,\n            name=function_name,",
        '            region="us-east-1",\n            name=function_name,',
        "rule:standbys-match-the-primary",
        "is not in us-west-2",
    ),
    edit(
        "a function takes its Region from the provider's default",
        FUNCTION,
        "            region=args.names.region,\n            name=function_name,",
        "            name=function_name,",
        "rule:regional-resources-state-their-region",
        "leaves its Region to the provider",
    ),
    edit(
        "images of old releases expire, whichever Region still serves one",
        "infra/container.py",
        '"tagStatus": "untagged",',
        '"tagStatus": "any",',
        "rule:images-that-may-be-served-never-expire",
        "expires images whose tag status is any",
        **CONTAINER,
    ),
    edit(
        "environments kept started in the primary alone",
        FUNCTION,
        "        if capacity.provisioned:\n",
        '        if capacity.provisioned and args.names.region == "us-east-1":\n',
        "rule:provisioned-capacity-is-the-same-everywhere",
        "environments are provisioned unevenly",
        provisionedConcurrency="5",
    ),
    edit(
        "snapshots in the primary alone",
        FUNCTION,
        "if args.capacity.snap_start else None",
        'if args.capacity.snap_start and args.names.region == "us-east-1" else None',
        "rule:standbys-match-the-primary",
        "has snapStart None in us-west-2",
        snapStart="true",
    ),
    edit(
        "an image by its tag, which can be moved",
        "infra/region.py",
        'repository.url, "@", settings.runtime.image_digest',
        'repository.url, ":", "latest"',
        "rule:model-keys-are-immutable",
        "which is not named by its digest",
        **CONTAINER,
    ),
    edit(
        "image tags can be moved, the default",
        IMAGES,
        '            image_tag_mutability="IMMUTABLE",\n',
        "",
        "rule:images-stay-what-they-are",
        "lets a tag be moved to another image",
        **CONTAINER,
    ),
    edit(
        "images are copied to the first other Region only",
        IMAGES,
        "for region in args.copies_to\n",
        "for region in args.copies_to[:1]\n",
        "rule:images-are-copied-to-every-region",
        "copies nothing to",
        **(CONTAINER | {"regions": '["us-east-1", "us-west-2", "eu-west-1"]'}),
    ),
)
