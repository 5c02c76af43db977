"""Uniform resource names, as Pulumi forms them.

`urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`,
https://www.pulumi.com/docs/iac/concepts/resources/names/#urns.
"""

from __future__ import annotations

from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"


def make(stack: str, project: str, parent: str, kind: str, name: str) -> str:
    """The URN of a resource; the stack itself, as a parent, leaves no trace in it."""
    above = qualified_type(parent) if parent else ""
    qualified = f"{above}${kind}" if above and above != STACK_TYPE else kind
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def qualified_type(urn: str) -> str:
    """The chain of types in a URN (`my:Component$aws:s3/bucket:Bucket`)."""
    return urn.split("::")[2]


def name(urn: str) -> str:
    """The resource's own name."""
    return urn.split("::", 3)[3]
