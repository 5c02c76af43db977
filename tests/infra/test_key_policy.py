"""Who may use the stack's key: held against the policy itself, one statement at a time."""

import json
from typing import Any

import pytest

from infra.key_policy import KeyUsers, key_policy

ACCOUNT = "123456789012"
USERS = KeyUsers(
    account_id=ACCOUNT,
    prefix="understudy-prod",
    region="us-west-2",
    operator_roles=("deployer", "ops-*"),
)


def statements(users: KeyUsers = USERS) -> dict[str, dict[str, Any]]:
    return {each["Sid"]: each for each in json.loads(key_policy(users))["Statement"]}


def test_administrators_can_change_the_key_and_never_use_it() -> None:
    administer = statements()["Administer"]
    assert administer["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert "kms:PutKeyPolicy" in administer["Action"], "or nobody could ever change the policy"
    used = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"}
    assert used.isdisjoint(administer["Action"])


def test_roles_use_the_key_of_their_own_region_and_operators_that_of_any() -> None:
    roles = statements()["UseByRolesHere"]["Condition"]["ArnLike"]["aws:PrincipalArn"]
    assert f"arn:aws:iam::{ACCOUNT}:role/understudy-prod-us-west-2-*" in roles
    assert f"arn:aws:iam::{ACCOUNT}:role/ops-*" in roles
    assert not any("us-east-1" in each for each in roles)


def test_other_regions_copy_here_without_reading() -> None:
    copies = statements()["EncryptCopies"]
    assert "kms:Decrypt" not in copies["Action"]
    roles = copies["Condition"]["ArnLike"]["aws:PrincipalArn"]
    assert f"arn:aws:iam::{ACCOUNT}:role/understudy-prod-*-replicate-*" in roles


def test_grants_are_for_aws_services_only() -> None:
    condition = statements()["GrantToServices"]["Condition"]
    assert condition["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert condition["ArnLike"]["aws:PrincipalArn"], "and not everybody's to give"


def test_logs_are_encrypted_for_the_stacks_groups_in_this_region() -> None:
    logs = statements()["EncryptLogs"]
    assert logs["Principal"] == {"Service": "logs.us-west-2.amazonaws.com"}
    (group,) = logs["Condition"]["ArnLike"].values()
    assert group == f"arn:aws:logs:us-west-2:{ACCOUNT}:log-group:*understudy-prod*"


@pytest.mark.parametrize("sid", sorted(statements()))
def test_no_statement_gives_a_wildcard_or_speaks_to_strangers(sid: str) -> None:
    statement = statements()[sid]
    assert not any("*" in action for action in statement["Action"]), "each action is named"
    principal = statement["Principal"]
    assert principal != "*"
    assert "*" not in json.dumps(principal), "the account's own principals or a named service"
    if "Service" in principal:
        assert statement["Condition"], "a service acts for this account or its log groups alone"
