"""EC2: AWS's own list of Route 53's health checkers, and security-group rules that name a list.

Stock moto has no such list, takes a rule for a list that does not exist, and loses the rule's
description.
"""

from __future__ import annotations

from typing import Any

from emulator.addresses import CHECKER_ADDRESSES
from emulator.patches.mending import replace


def apply() -> None:
    """Add the lists and mend the rules."""
    _add_lists()
    _mend_rules()


def _add_lists() -> None:
    from moto.ec2.models.managed_prefixes import ManagedPrefixListBackend

    stock = ManagedPrefixListBackend.create_default_pls

    def create(self: Any) -> None:
        stock(self)
        # https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
        for family, infix, address in (
            ("IPv4", "", CHECKER_ADDRESSES),
            ("IPv6", "ipv6.", "2001:db8::/32"),
        ):
            self._create_aws_managed_prefix_list(
                name=f"com.amazonaws.{self.region_name}.{infix}route53-healthchecks",
                address_family=family,
                entries=[{"Cidr": address, "Description": "default"}],
            )

    replace(ManagedPrefixListBackend, "create_default_pls", create)


def _mend_rules() -> None:
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.security_groups import SecurityGroupRule

    stock = SecurityGroupRule.__init__
    stock_description: Any = vars(SecurityGroupRule)["description"]

    def make(self: Any, ec2_backend: Any, *args: Any, **named: Any) -> None:
        stock(self, ec2_backend, *args, **named)
        given = named.get("prefix_list_id") or (args[6] if len(args) > 6 else None)  # noqa: PLR2004  # moto's eighth parameter
        if given is None:
            return
        if given["PrefixListId"] not in ec2_backend.managed_prefix_lists:
            message = f"The prefix list ID '{given['PrefixListId']}' does not exist"
            raise EC2ClientError("InvalidPrefixListID.NotFound", message)
        self.prefix_list_description = given.get("Description")

    def description(self: Any) -> str | None:
        found = getattr(self, "prefix_list_description", None)
        return found or stock_description.fget(self)

    replace(SecurityGroupRule, "__init__", make)
    replace(SecurityGroupRule, "description", property(description))
