"""Who may do what: roles and the documents that bind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.iam import actions_that_could_name_a_resource, complaints
from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

# Services that say on whose behalf they act; Lambda and AWS Backup are not documented to.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
_SAYS_FOR_WHOM: Final = frozenset(
    {
        *("firehose.amazonaws.com", "logs.amazonaws.com", "s3.amazonaws.com"),
        *("scheduler.amazonaws.com", "states.amazonaws.com"),
    }
)


_RESOURCE_POLICIES: Final = (
    *("BucketPolicy", "Key", "ReplicaKey", "TopicPolicy", "QueuePolicy"),
    *("SecretPolicy", "VaultPolicy", "RepositoryPolicy"),
)
_DOCUMENTS: Final = ("RolePolicy", *_RESOURCE_POLICIES)


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownArgumentType]  # JSON


@alone("RolePolicy")
def roles_allow_no_wildcard_action(policy: Resource) -> Iterator[str]:
    """A role's policy allows actions by name.

    A wildcard allows tomorrow's actions too, and `Delete*` is one of today's.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """
    for statement in policy.document("policy"):
        if statement.get("Effect") != "Allow":
            continue
        if "NotAction" in statement:
            yield "allows everything but what it names"
        for action in _list(statement.get("Action", [])):
            if "*" in action:
                yield f"allows {action}"


@alone("RolePolicy")
def roles_name_what_they_reach(policy: Resource) -> Iterator[str]:
    """A role's policy names each resource; a wildcard stands only after a name.

    What a broken function can reach is what it can break, in this Region and in others. `*` is
    left to actions for which IAM knows no type of resource.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
    """
    for statement in policy.document("policy"):
        if statement.get("Effect") != "Allow":
            continue
        if "NotResource" in statement:
            yield "reaches everything but what it names"
        for resource in _list(statement.get("Resource", [])):
            if resource == "*":
                if found := actions_that_could_name_a_resource(_list(statement.get("Action", []))):
                    yield f"reaches * by {', '.join(found)}"
                continue
            named = resource.removesuffix(":*").removesuffix("*").removesuffix("/")
            if "*" in named or not named.startswith("arn:"):
                yield f"reaches {resource}"


@whole
def roles_have_one_policy_of_their_own(graph: Graph) -> Iterator[Said]:
    """Every role has one inline policy and none of anybody else's.

    A managed policy changes without a deploy; two policies are read as one by nobody.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
    """
    for role in graph.of("Role"):
        count = sum(
            role in graph.behind(policy, "role", "Role") for policy in graph.all("RolePolicy")
        )
        if count != 1:
            yield role, f"has {count} policies"
        if role.asked("managedPolicyArns") or role.asked("inlinePolicies"):
            yield role, "has policies beside its own"
    for attachment in graph.all("RolePolicyAttachment"):
        yield attachment, f"attaches {attachment.inputs.get('policyArn')}"


@alone("Role")
def roles_trust_one_service_for_this_account(role: Resource) -> Iterator[str]:
    """A role is taken by one AWS service, on behalf of this account alone.

    Without the account, a service that is tricked into acting for somebody else takes the role
    (the confused deputy).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    statements = role.document("assumeRolePolicy")
    if len(statements) != 1:
        yield f"is trusted to {len(statements)} statements' principals"
    for statement in statements:
        principal = statement.get("Principal")
        if not isinstance(principal, dict) or set(principal) != {"Service"}:  # pyright: ignore[reportUnknownArgumentType]  # JSON
            yield f"trusts {principal}"
            continue
        services = _list(principal["Service"])
        if len(services) != 1:
            yield f"trusts {len(services)} services"
        condition = statement.get("Condition") or {}
        bound = "aws:SourceAccount" in (condition.get("StringEquals") or {})
        if not bound and _SAYS_FOR_WHOM & set(services):
            yield f"is taken by {services[0]} on behalf of any account"


@alone(*_DOCUMENTS)
def policies_name_what_exists(policy: Resource) -> Iterator[str]:
    """What a policy names, actions, resources and conditions, exists in IAM and fits together.

    IAM takes an action that does not exist, or a resource that its action never meets, and the
    statement allows nothing: found out when the role is first needed.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    yield from complaints(policy.document("policy"), policy.kind)


@each("Function")
def evacuation_switches_tell_missing_from_forbidden(
    function: Resource, graph: Graph
) -> Iterator[str]:
    """An evacuation switch may list the bucket whose flags it reads.

    Without that S3 answers 403 for a flag that is not there: the switch fails at every question,
    and the day when it really may not read its flags looks like every other.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    if not str(function.get("name")).endswith("-evacuation"):
        return
    roles = graph.behind(function, "role", "Role")
    allowed = [
        action
        for policy in graph.all("RolePolicy")
        if any(role in roles for role in graph.behind(policy, "role", "Role"))
        for statement in policy.document("policy")
        for action in _list(statement.get("Action", []))
    ]
    if "s3:ListBucket" not in allowed:
        yield "cannot tell a flag that is not set from one it may not read"


@alone(*_RESOURCE_POLICIES)
def resource_policies_allow_nobody_everything(policy: Resource) -> Iterator[str]:
    """A resource's policy allows named principals only.

    `*` is everybody in every account.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    for statement in policy.document("policy"):
        if statement.get("Effect") == "Allow" and statement.get("Principal") in ("*", {"AWS": "*"}):
            yield f"allows {statement.get('Action')} to everybody"
