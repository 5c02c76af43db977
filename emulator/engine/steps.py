"""The steps of a run: same, create, update, replace, delete; each leaves the state continuable."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator import catalogue
from emulator.engine.registration import Options, select
from emulator.engine.request import Op, RefusedError
from emulator.engine.state import ResourceState, StackState
from emulator.engine.wire import UNKNOWN, Values

if TYPE_CHECKING:
    from emulator.catalogue.model import ResourceType
    from emulator.catalogue.provider import Diff, Provider

Done = tuple[Op, ResourceState]


class Steps:
    """Carries out steps against AWS, or only in thought during a preview."""

    def __init__(self, provider: Provider, state: StackState, *, preview: bool) -> None:
        self._provider = provider
        self._state = state
        self._preview = preview

    def check(
        self,
        kind: ResourceType,
        given: Values,
        *,
        name: str,
        urn: str,
        old: ResourceState | None,
    ) -> Values:
        """Inputs with defaults and names filled in; raises `RefusedError` naming misfits."""
        before = old.inputs if old else None
        return self._provider.check(kind, given, name=name, urn=urn, old=before)

    def carry_out(  # noqa: PLR0913  # what a step is made of
        self,
        kind: ResourceType,
        wanted: ResourceState,
        old: ResourceState | None,
        given: Values,
        tags: Mapping[str, str],
        options: Options,
    ) -> Done:
        """Bring the resource to what is wanted; returns the step taken and the new state."""
        if old is not None and old.status == "creating":
            old = self._settle_interrupted(kind, old)
        if old is not None and not self._provider.exists(
            kind, old.id, old.inputs, region=old.region
        ):
            old = None  # gone behind the state's back (or with the emulator that had it)
        if old is None:
            return "create", self._create(kind, wanted, tags)
        diff = self._diff(kind, old, wanted, tags, options)
        if diff.replace or old.status != "complete":
            return "replace", self._replace(kind, wanted, old, given, tags, options, diff)
        if diff.changed:
            return "update", self._update(kind, wanted, old, tags, diff)
        same = dataclasses.replace(
            wanted, id=old.id, outputs=old.outputs, inputs=old.inputs | wanted.inputs
        )
        self._state.put(same, replaces=old.urn)
        return "same", same

    def look_up(self, kind: ResourceType, identity: str, inputs: Values, *, region: str) -> Values:
        """Outputs of a resource that already exists.

        Raises:
            RefusedError: It does not exist.
        """
        outputs = self._provider.read(kind, identity, inputs, region=region)
        if outputs is None:
            raise RefusedError(f"{kind.token} with the id {identity!r} does not exist")
        return outputs

    def delete(self, resource: ResourceState) -> None:
        """Delete one resource from AWS and from the state.

        Raises:
            RefusedError: It is protected.
        """
        if resource.protect:
            raise RefusedError(
                "it is protected; remove `protect` and deploy once before deleting it"
            )
        if resource.custom and not resource.external and not resource.retain_on_delete:
            self._delete_in_aws(resource)
        self._state.remove(resource)

    def _delete_in_aws(self, resource: ResourceState) -> None:
        if self._preview or resource.type.startswith("pulumi:"):
            return
        kind = catalogue.entry(resource.type)
        if resource.status == "creating":
            return  # never got an id: nothing that could be deleted by it
        self._provider.delete(kind, resource.id, resource.inputs, region=resource.region)

    # --- single steps -------------------------------------------------------------------------

    def _settle_interrupted(self, kind: ResourceType, old: ResourceState) -> ResourceState | None:
        """A create whose answer never came: look for what it would have made, by its name."""
        found = self._provider.guess_id(kind, old.inputs, region=old.region)
        if found is None:
            return None
        return dataclasses.replace(old, id=found, status="unfinished")

    def _create(
        self, kind: ResourceType, wanted: ResourceState, tags: Mapping[str, str]
    ) -> ResourceState:
        if self._preview:
            return self._imagined(kind, wanted, tags)
        self._state.put(dataclasses.replace(wanted, status="creating"))

        def note_id(identity: str) -> None:
            self._state.put(dataclasses.replace(wanted, status="unfinished", id=identity))

        identity, outputs = self._provider.create(
            kind, wanted.inputs, region=wanted.region, tags=tags, on_id=note_id
        )
        created = dataclasses.replace(wanted, id=identity, outputs=outputs)
        self._state.put(created)
        return created

    def _imagined(
        self, kind: ResourceType, wanted: ResourceState, tags: Mapping[str, str]
    ) -> ResourceState:
        """What a preview knows of a resource that is not there: its inputs and tags."""
        tagged = {"tagsAll": dict(tags)} if kind.tags else {}
        return dataclasses.replace(wanted, outputs=wanted.inputs | tagged)

    def _update(
        self,
        kind: ResourceType,
        wanted: ResourceState,
        old: ResourceState,
        tags: Mapping[str, str],
        diff: Diff,
    ) -> ResourceState:
        if self._preview:
            return dataclasses.replace(wanted, id=old.id, outputs=old.outputs | wanted.inputs)
        before: Mapping[str, str] = old.outputs.get("tagsAll") or {}
        outputs = self._provider.update(
            kind,
            old.id,
            old.inputs,
            wanted.inputs,
            changed=diff.changed,
            region=old.region,
            tags=(before, tags),
        )
        updated = dataclasses.replace(wanted, id=old.id, outputs=outputs)
        self._state.put(updated, replaces=old.urn)
        return updated

    def _replace(  # noqa: PLR0913  # what a step is made of
        self,
        kind: ResourceType,
        wanted: ResourceState,
        old: ResourceState,
        given: Values,
        tags: Mapping[str, str],
        options: Options,
        diff: Diff,
    ) -> ResourceState:
        if old.protect:
            raise RefusedError(
                f"it is protected, and {', '.join(sorted(diff.replace))} can only change by "
                "replacing it; remove `protect` and deploy once first"
            )
        inputs = self._provider.rename(kind, wanted.inputs, given, urn=wanted.urn)
        wanted = dataclasses.replace(wanted, inputs=inputs)
        if self._preview:
            return self._imagined(kind, wanted, tags)
        first = options.delete_before_replace
        if first is None:
            first = old.status != "complete" or _clash(kind, old, wanted)
        if first:
            for dependent in self._dependents(old):
                self.delete(dependent)
            self.delete(old)
        else:
            self._state.doom(old)
        return self._create(kind, wanted, tags)

    def _dependents(self, old: ResourceState) -> list[ResourceState]:
        """What cannot outlive `old`: made from it by inputs that cannot change; newest first."""
        doomed: dict[str, ResourceState] = {old.urn: old}
        for each in self._state.resources():
            if not each.custom or each.urn in doomed or each.type.startswith("pulumi:"):
                continue
            rules = catalogue.entry(each.type).inputs
            for name, urns in each.property_dependencies.items():
                fixed = name in rules and rules[name].force_new
                if fixed and doomed.keys() & set(urns):
                    doomed[each.urn] = each
        del doomed[old.urn]
        return list(reversed(doomed.values()))

    def _diff(
        self,
        kind: ResourceType,
        old: ResourceState,
        wanted: ResourceState,
        tags: Mapping[str, str],
        options: Options,
    ) -> Diff:
        before: Mapping[str, str] = old.outputs.get("tagsAll") or {}
        diff = self._provider.diff(
            kind,
            {**old.inputs, "tags": dict(before), "region": old.region},
            {**wanted.inputs, "tags": dict(tags), "region": wanted.region},
        )
        forced = {
            path
            for path in options.replace_on_changes
            if path == "*" or select(old.inputs, path) != select(wanted.inputs, path)
        }
        if forced and diff.changed:
            return dataclasses.replace(diff, replace=diff.replace | forced)
        return diff


def _clash(kind: ResourceType, old: ResourceState, wanted: ResourceState) -> bool:
    """Whether the new resource would bear the old one's name, where names are unique."""
    names = kind.identity_inputs()
    if not names or old.region != wanted.region:
        return False
    values = [wanted.inputs.get(name) for name in names]
    return UNKNOWN not in values and values == [old.inputs.get(name) for name in names]
