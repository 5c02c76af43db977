"""The steps of a run: same, create, update, replace, delete; each leaves the state continuable."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator import catalogue
from emulator.catalogue import inputs as checks
from emulator.engine.aws import AwsError
from emulator.engine.registration import Options, select
from emulator.engine.request import Op, RefusedError
from emulator.engine.wire import UNKNOWN, Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.catalogue.inputs import Diff
    from emulator.catalogue.model import ResourceType, Subject
    from emulator.catalogue.provider import Provider
    from emulator.engine.state import ResourceState, StackState


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a registration wants: the resource, as given and as checked, its tags and options."""

    kind: ResourceType
    resource: ResourceState
    given: Values
    tags: Mapping[str, str]
    options: Options


class Steps:
    """Carries out steps against AWS, or only in thought during a preview."""

    def __init__(self, provider: Provider, state: StackState, *, preview: bool) -> None:
        self._provider = provider
        self._state = state
        self._preview = preview
        self.doubts: list[str] = []
        """What a run cannot know of an earlier one that ended in the middle."""

    def carry_out(self, goal: Goal, old: ResourceState | None) -> tuple[Op, ResourceState]:
        """Bring the resource to what is wanted; returns the step taken and the new state.

        Raises:
            AwsError: AWS refused a call.
            RefusedError: The resource is protected, or was not kept as it was sent.
        """
        if old is not None and old.status == "creating":
            old = self._find_interrupted(goal.kind, old)
        if old is not None and not self._provider.exists(self._subject(goal.kind, old)):
            old = None  # gone behind the state's back, or with the emulator that had it
        if old is None:
            return "create", self._create(goal)
        diff = _diff(goal, old)
        if diff.replace or old.status != "complete":
            return "replace", self._replace(goal, old, diff)
        if diff.changed:
            return "update", self._update(goal, old, diff)
        same = dataclasses.replace(goal.resource, id=old.id, outputs=old.outputs)
        self._state.put(same, replaces=old.urn)
        return "same", same

    def look_up(self, kind: ResourceType, identity: str, inputs: Values, *, region: str) -> Values:
        """Outputs of a resource that already exists.

        Raises:
            RefusedError: It does not exist.
        """
        subject = self._provider.subject(kind, inputs, region=region, identity=identity)
        outputs = self._provider.read(subject)
        if outputs is None:
            raise RefusedError(f"{kind.type} with the id {identity!r} does not exist")
        return outputs

    def delete(self, resource: ResourceState) -> None:
        """Delete one resource from AWS and from the state.

        Raises:
            RefusedError: It is protected, and something else asked for it to be replaced.
        """
        if resource.protect:
            raise RefusedError(f"{resource.name!r} would have to go with it, and is protected")
        ours = resource.custom and not resource.external and not resource.retain_on_delete
        in_aws = resource.status != "creating" and not resource.type.startswith("pulumi:")
        if ours and in_aws and not self._preview:
            kind = catalogue.entry(resource.type)
            self._provider.delete(self._subject(kind, resource))
        self._state.remove(resource)

    def keeps(self, resource: ResourceState) -> str | None:
        """Why a deleted resource is left in AWS; None when it is not, or is there no more."""
        if not resource.custom or resource.external or resource.type.startswith("pulumi:"):
            return None
        reason = _reason_to_keep(resource)
        if reason is None or self._preview:
            return reason
        kind = catalogue.entry(resource.type)
        return reason if self._provider.exists(self._subject(kind, resource)) else None

    # --- single steps -------------------------------------------------------------------------

    def _subject(
        self, kind: ResourceType, resource: ResourceState, tags: Mapping[str, str] | None = None
    ) -> Subject:
        return self._provider.subject(
            kind, resource.inputs, region=resource.region, tags=tags, identity=resource.id
        )

    def _find_interrupted(self, kind: ResourceType, old: ResourceState) -> ResourceState | None:
        """A create whose answer never came: look for what it made, by name.

        If it made nothing and was to replace something, that something is still what is deployed.
        """
        found = self._provider.guess_id(self._subject(kind, old))
        if found is None:
            if not self._provider.can_guess(kind):
                self.doubts.append(
                    f"{old.name!r} ({kind.type}) was being created when a run ended; AWS may have"
                    " made it without an answer, and nothing finds it again: look for it there"
                )
            return self._state.revive(old)
        return dataclasses.replace(old, id=found, status="unfinished")

    def _create(self, goal: Goal, *, doom: ResourceState | None = None) -> ResourceState:
        wanted = goal.resource
        if self._preview:
            return _imagined(goal)
        replaces = doom.urn if doom else None
        pending = dataclasses.replace(wanted, status="creating")
        self._state.put(pending, replaces=replaces, doom=doom)

        def note_id(identity: str) -> None:
            self._state.put(dataclasses.replace(wanted, status="unfinished", id=identity))

        subject = self._subject(goal.kind, wanted, goal.tags)
        try:
            identity, outputs = self._provider.create(subject, note_id)
        except AwsError as error:
            # A refused create made nothing. Taken for interrupted, the next run would look for it
            # by its name, and take for ours what stood in its way.
            if error.did_nothing and self._state.get(wanted.urn) == pending:
                self._state.unmake(pending)
            raise
        created = dataclasses.replace(wanted, id=identity, outputs=outputs)
        self._state.put(created)
        return created

    def _update(self, goal: Goal, old: ResourceState, diff: Diff) -> ResourceState:
        wanted = dataclasses.replace(goal.resource, id=old.id)
        if self._preview:
            return dataclasses.replace(wanted, outputs=old.outputs | wanted.inputs)
        subject = self._subject(goal.kind, wanted, goal.tags)
        identity, outputs = self._provider.update(subject, old.inputs, diff.changed, _tags(old))
        updated = dataclasses.replace(wanted, id=identity, outputs=outputs)
        self._state.put(updated, replaces=old.urn)
        return updated

    def _replace(self, goal: Goal, old: ResourceState, diff: Diff) -> ResourceState:
        if old.protect:
            raise RefusedError(
                f"it is protected, and {', '.join(sorted(diff.replace))} can only change by "
                "replacing it; remove `protect` and deploy once first"
            )
        inputs = checks.renamed(goal.kind, goal.resource.inputs, goal.given, urn=goal.resource.urn)
        goal = dataclasses.replace(goal, resource=dataclasses.replace(goal.resource, inputs=inputs))
        if self._preview:
            return _imagined(goal)
        if _delete_first(goal, old):
            for dependent in self._dependents(old):
                self.delete(dependent)
            self.delete(old)
            return self._create(goal)
        return self._create(goal, doom=old)

    def _dependents(self, old: ResourceState) -> list[ResourceState]:
        """What cannot outlive `old`: made from it by inputs that cannot change; newest first."""
        doomed: dict[str, ResourceState] = {}
        for each in self._state.resources():
            if not each.custom or each.urn == old.urn or each.type.startswith("pulumi:"):
                continue
            rules = catalogue.entry(each.type).inputs
            for name, urns in each.property_dependencies.items():
                fixed = name in rules and rules[name].force_new
                if fixed and (doomed.keys() | {old.urn}) & set(urns):
                    doomed[each.urn] = each
        return list(reversed(doomed.values()))


def _imagined(goal: Goal) -> ResourceState:
    """What a preview knows of a resource that is not there: its inputs and tags."""
    tagged = {"tagsAll": dict(goal.tags)} if goal.kind.tags else {}
    return dataclasses.replace(goal.resource, outputs=goal.resource.inputs | tagged)


def _reason_to_keep(resource: ResourceState) -> str | None:
    if resource.retain_on_delete:
        return "retainOnDelete"
    if resource.inputs.get("skipDestroy"):
        return "skipDestroy"
    # AWS deletes a key only after a waiting period; until then it can be had back.
    return "pendingDeletion" if "deletionWindowInDays" in resource.inputs else None


def _tags(resource: ResourceState) -> dict[str, str]:
    """The tags a resource was deployed with, default tags included."""
    return dict(resource.outputs.get("tagsAll") or {})


def _diff(goal: Goal, old: ResourceState) -> Diff:
    new = goal.resource
    diff = checks.diff(
        goal.kind,
        {**old.inputs, "tags": _tags(old), "region": old.region},
        {**new.inputs, "tags": dict(goal.tags), "region": new.region},
    )
    forced = {
        path
        for path in goal.options.replace_on_changes
        if path == "*" or select(old.inputs, path) != select(new.inputs, path)
    }
    if forced and diff.changed:
        return dataclasses.replace(diff, replace=diff.replace | forced)
    return diff


def _delete_first(goal: Goal, old: ResourceState) -> bool:
    chosen = goal.options.delete_before_replace
    if chosen is not None:
        return chosen
    return old.status != "complete" or _clash(goal, old)


def _clash(goal: Goal, old: ResourceState) -> bool:
    """Whether the new resource would bear the old one's name, where names are unique."""
    names = goal.kind.identity_inputs()
    if not names or old.region != goal.resource.region:
        return False
    values = [goal.resource.inputs.get(name) for name in names]
    return UNKNOWN not in values and values == [old.inputs.get(name) for name in names]
