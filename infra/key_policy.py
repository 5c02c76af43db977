"""The policy of a stack's KMS key in one Region, as a plain function returning JSON text.

Whoever uses the key needs two yeses: the statement here that names them, and the IAM policy of
their own role. So neither a wide IAM policy elsewhere in the account nor a slip in one role's
policy opens what the key closes. In a key policy, the resource `*` is the key itself.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.policies import document

# All that the default policy's `kms:*` gives, without using the key for data:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
_ADMINISTER: Final = (
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey"),
    *("kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation"),
    *("kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants"),
    *("kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy"),
    *("kms:ReplicateKey", "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion"),
    *("kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
    "kms:UpdatePrimaryRegion",
)
_USE: Final = (
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
)
# Copies and vault copies across accounts' Regions are made by AWS Backup's own role:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
_BACKUP_ROLE: Final = "aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
# Services that publish to the stack's encrypted topics on nobody's behalf:
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
_PUBLISHERS: Final = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com")


@dataclass(frozen=True, kw_only=True)
class KeyUsers:
    """Who may use the key in one Region.

    Attributes:
        account_id: The account.
        prefix: What the names of the stack's roles and log groups begin with or hold.
        region: The Region of this key.
        operator_roles: Names of roles besides the stack's own; `*` and `?` match.
    """

    account_id: str
    prefix: str
    region: str
    operator_roles: Sequence[str]

    @property
    def own_roles(self) -> list[str]:
        """ARNs of the roles that work in this Region, and of those who operate it."""
        mine = (f"{self.prefix}-{self.region}-*", _BACKUP_ROLE, *self.operator_roles)
        return [self._role(each) for each in mine]

    @property
    def copying_roles(self) -> list[str]:
        """ARNs of the roles that bring copies here from other Regions, or a drill's objects."""
        writers = ("replicate-*", "backup", "drill")
        return [self._role(f"{self.prefix}-*-{what}") for what in writers]

    def _role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account_id}:role/{name}"


def key_policy(users: KeyUsers) -> str:
    """Return the policy of the key in one Region."""
    return document(
        [
            _in_account(users, "Administer", _ADMINISTER),
            _in_account(users, "UseByRolesHere", _USE, roles=users.own_roles),
            _grants(users),
            _copies(users),
            _logs(users),
            _publishers(users),
            _table_checks(users),
        ]
    )


def _in_account(
    users: KeyUsers, sid: str, actions: Sequence[str], *, roles: Sequence[str] = ()
) -> dict[str, object]:
    """Let IAM policies of the account give these actions, to these roles or to anybody."""
    statement: dict[str, object] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{users.account_id}:root"},
        "Action": list(actions),
        "Resource": "*",
    }
    # Not as principals: KMS refuses roles that do not exist yet, and theirs name this key.
    return statement | (
        {"Condition": {"ArnLike": {"aws:PrincipalArn": list(roles)}}} if roles else {}
    )


def _grants(users: KeyUsers) -> dict[str, object]:
    """Firehose, DynamoDB, ECR and Backup keep working by grants that their user makes for them.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    allowed = _in_account(users, "GrantToServices", ["kms:CreateGrant"], roles=users.own_roles)
    like = {"ArnLike": {"aws:PrincipalArn": users.own_roles}}
    return allowed | {"Condition": like | {"Bool": {"kms:GrantIsForAWSResource": "true"}}}


def _copies(users: KeyUsers) -> dict[str, object]:
    """Other Regions' roles encrypt what they bring, and read nothing.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    actions = ("kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptTo")
    return _in_account(users, "EncryptCopies", actions, roles=users.copying_roles)


def _logs(users: KeyUsers) -> dict[str, object]:
    """CloudWatch Logs in this Region, for the stack's log groups alone.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    groups = f"arn:aws:logs:{users.region}:{users.account_id}:log-group:*{users.prefix}*"
    return {
        "Sid": "EncryptLogs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{users.region}.amazonaws.com"},
        "Action": list(_USE),
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    }


def _publishers(users: KeyUsers) -> dict[str, object]:
    return {
        "Sid": "PublishToTopics",
        "Effect": "Allow",
        "Principal": {"Service": list(_PUBLISHERS)},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": users.account_id}},
    }


def _table_checks(users: KeyUsers) -> dict[str, object]:
    """DynamoDB looks whether the table's key still works.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    return {
        "Sid": "LookAtTheTablesKey",
        "Effect": "Allow",
        "Principal": {"Service": "dynamodb.amazonaws.com"},
        "Action": ["kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": users.account_id}},
    }
