"""The catalogue against what it describes: pulumi-aws on one side, botocore on the other."""

from __future__ import annotations

import importlib
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from emulator import catalogue
from emulator.botocore_model import service_model
from emulator.catalogue import coverage
from emulator.catalogue.inputs import updatable_inputs
from emulator.catalogue.parameters import sent_by

if TYPE_CHECKING:
    from emulator.catalogue.model import ResourceType

TYPES = sorted(catalogue.all_types())
# Outputs that every type has by itself, or that only repeat inputs.
_EVERYWHERE = frozenset({"id", "urn", "region", "tags", "tagsAll"})


def entry(token: str) -> ResourceType:
    return catalogue.entry(token)


@cache
def pulumi_class(token: str) -> Any:
    """The class of pulumi-aws that registers a type."""
    _, path, name = re.split(r"[:]", token)
    module, _, file = path.partition("/")
    folder = {"lambda": "lambda_"}.get(module, module)
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", file).lower()
    with warnings.catch_warnings():
        # Importing a service's package touches what pulumi-aws itself has deprecated in it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(importlib.import_module(f"pulumi_aws.{folder}.{snake}"), name)


def provider_inputs(token: str) -> set[str]:
    from pulumi._types import input_type_py_to_pulumi_names

    module = importlib.import_module(pulumi_class(token).__module__)
    # Named `<Type>Args`, or `<Type>InitArgs` where a nested block has that name already.
    arguments = next(
        each
        for name, each in vars(module).items()
        if name.endswith("Args") and getattr(each, "__module__", "") == module.__name__
    )
    return set(input_type_py_to_pulumi_names(arguments).values())


def provider_outputs(token: str) -> set[str]:
    from pulumi._types import resource_py_to_pulumi_names

    return set(resource_py_to_pulumi_names(pulumi_class(token)).values())


@pytest.mark.parametrize("token", TYPES)
def test_every_input_of_pulumi_aws_is_known_or_refused_by_name(token: str) -> None:
    kind = entry(token)
    ours = {*kind.inputs, *kind.absent_inputs()}
    ours |= {"region"} if kind.scope == "region" else set()
    ours |= {"tags"} if kind.tags else set()
    theirs = provider_inputs(token)
    assert sorted(theirs - ours) == [], "inputs of pulumi-aws the entry says nothing about"
    assert sorted(ours - theirs) == [], "inputs the entry knows and pulumi-aws does not"
    assert not kind.absent_inputs() & kind.inputs.keys()


@pytest.mark.parametrize("token", TYPES)
def test_every_output_of_pulumi_aws_is_computed_or_declared_missing(token: str) -> None:
    kind = entry(token)
    ours = {*kind.outputs, *kind.not_computed.split(), *kind.inputs, *kind.absent_inputs()}
    silent = provider_outputs(token) - ours - _EVERYWHERE
    assert sorted(silent) == [], "these outputs would silently be None"
    strange = {*kind.outputs, *kind.not_computed.split()} - provider_outputs(token)
    assert sorted(strange) == [], "outputs that pulumi-aws does not have"


@pytest.mark.parametrize("token", TYPES)
def test_every_input_reaches_aws_or_says_why_not(token: str) -> None:
    kind = entry(token)
    sent = {name for call in kind.create for name in (*sent_by(kind, call), *call.triggers())}
    for name, rule in kind.inputs.items():
        reached = name in sent or rule.unread
        assert reached, f"{name} is sent by no create call and does not say why (`unread`)"


@pytest.mark.parametrize("token", TYPES)
def test_every_input_can_be_updated_or_forces_a_new_resource(token: str) -> None:
    kind = entry(token)
    updatable = updatable_inputs(kind)
    for name, rule in kind.inputs.items():
        settled = rule.force_new or name in updatable or rule.unread
        assert settled, f"{name}: a change would neither update nor replace"
    assert not kind.tags or "tags" in updatable


@pytest.mark.parametrize("token", TYPES)
def test_every_operation_exists_and_names_are_those_of_the_entry(token: str) -> None:
    kind = entry(token)
    for call in (*kind.create, *kind.update, *kind.delete):
        service_model(call.service or kind.service).operation_model(call.operation)
        named = {*call.triggers(), *(call.only or "").split()}
        assert named <= kind.inputs.keys(), f"{call.operation} names inputs that are not there"
    for read in kind.reads:
        service_model(read.service or kind.service).operation_model(read.operation)
        assert set(read.when.split()) <= {*kind.inputs, "tags"}
    assert set(kind.identity_inputs()) <= kind.inputs.keys()


def test_the_coverage_table_has_a_row_for_each_input_and_a_reason_for_each_recorded_one() -> None:
    rows = coverage.rows()
    assert {row.type for row in rows} == set(TYPES)
    assert all(row.reason for row in rows if row.treatment == "recorded")
    shown = coverage.coverage(["aws:ec2/vpc:Vpc", "aws:lb/targetGroup:TargetGroup"])
    assert "aws:lb/targetGroup:TargetGroup healthCheck" in shown["emulated"]
    assert any("cidrBlock (no packets flow" in each for each in shown["recorded"])
    assert "aws:ec2/vpc:Vpc ipv6CidrBlock" in shown["absent"]
