"""Carries out catalogue entries: create and read back, read, update, delete."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.catalogue import documents, finding, parameters
from emulator.catalogue.model import Call, Caller, Content, Read, ResourceType, Subject
from emulator.engine.aws import Aws, AwsError
from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.engine.wire import Values

_GLOBAL_REGION: Final = "us-east-1"


class Provider:
    """Creates, reads, updates and deletes resources of catalogued types. Thread-safe."""

    def __init__(self, aws: Aws, content: Content) -> None:
        self._aws = aws
        self._content = content

    def subject(
        self,
        kind: ResourceType,
        inputs: Values,
        *,
        region: str,
        tags: Mapping[str, str] | None = None,
        identity: str = "",
    ) -> Subject:
        """One resource in the hands of the provider. Global types live in us-east-1."""
        return Subject(
            kind=kind,
            region=region if kind.scope == "region" else _GLOBAL_REGION,
            account=self._aws.account,
            id=identity,
            inputs=inputs,
            tags=tags or {},
            content=self._content,
        )

    def create(self, subject: Subject, on_id: Callable[[str], None]) -> tuple[str, Values]:
        """Create a resource and read it back; returns its id and outputs.

        `on_id` is called as soon as the resource exists, before the calls that finish it.

        Raises:
            AwsError: AWS refused a call.
            RefusedError: What was read back lacks something that was sent.
        """
        subject = self._informed(subject)
        kind = subject.kind
        first, *rest = kind.create
        params, sent = parameters.build(subject, first)
        if kind.tags and kind.tags.with_create and subject.tags:
            parameters.merge(params, kind.tags.with_create(subject.tags))
        subject = dataclasses.replace(subject, document=self._call(subject, first, params))
        subject = dataclasses.replace(subject, id=str(documents.value_of(kind.id, subject)))
        on_id(subject.id)
        if kind.tags and not kind.tags.with_create and subject.tags:
            self._send(subject, *kind.tags.put(subject, subject.tags))
        for call in rest:
            if _wanted(call, subject):
                params, members = parameters.build(subject, call)
                self._call(subject, call, params)
                sent |= members
        if kind.finish:
            kind.finish(subject, self._caller(subject))
        if kind.settle:
            kind.settle(subject, self._caller(subject))
        return subject.id, self._read_back(subject, sent)

    def read(self, subject: Subject) -> Values | None:
        """Outputs of an existing resource; None when it does not exist."""
        subject = self._informed(subject)
        document = self._document(subject)
        return None if document is None else documents.outputs(subject, document)

    def exists(self, subject: Subject) -> bool:
        """Whether AWS knows the resource: the type's first read answers."""
        try:
            subject = self._informed(subject)
        except AwsError as error:
            if error.missing:
                return False
            raise
        return self._answer(subject, subject.kind.reads[0]) is not None

    def can_guess(self, kind: ResourceType) -> bool:
        """Whether a resource of this type is found again by its inputs."""
        return callable(kind.id) or finding.by_type(kind.type) is not None

    def guess_id(self, subject: Subject) -> str | None:
        """The id that these inputs lead to, if such a resource exists (see `can_guess`).

        Raises:
            AwsError: AWS does not answer, so whether there is one is not known.
        """
        read = finding.by_type(subject.kind.type)
        if read is not None:
            found = self._answer(subject, read)
            return None if found is None else str(found)
        if not callable(subject.kind.id):
            return None
        try:
            identity = str(subject.kind.id(self._informed(subject)))
        except AwsError as error:
            if error.unreachable:
                raise
            return None
        except KeyError:
            return None  # made from the answer of the create call
        return identity if self.exists(dataclasses.replace(subject, id=identity)) else None

    def update(
        self, subject: Subject, old: Values, changed: frozenset[str], old_tags: Mapping[str, str]
    ) -> tuple[str, Values]:
        """Make the update calls that the changed inputs need, read back; returns id and outputs.

        `subject` holds the new inputs and tags; the id changes with the inputs it is made of.
        Raises as `create` does.
        """
        kind, new = subject.kind, subject.inputs
        unset = {
            name: each.unset
            for name, each in kind.inputs.items()
            if name in changed and new.get(name) is None and each.unset is not None
        }
        subject = self._informed(dataclasses.replace(subject, inputs=new | unset, old=old))
        sent: Values = {}
        for call in kind.update:
            triggered = (call.triggers() or parameters.sent_by(kind, call)) & changed
            if triggered and (call.only_if is None or call.only_if(subject)):
                params, members = parameters.build(subject, call)
                self._call(subject, call, params)
                sent |= {name: each for name, each in members.items() if name in changed}
        if kind.finish:
            kind.finish(subject, self._caller(subject))
        if kind.settle and changed:
            kind.settle(subject, self._caller(subject))
        self._retag(subject, old_tags)
        subject = dataclasses.replace(subject, inputs=new)
        identity = subject.id
        if changed.intersection(kind.identity_inputs()):
            identity = str(documents.value_of(kind.id, subject))
        return identity, self._read_back(dataclasses.replace(subject, id=identity), sent)

    def delete(self, subject: Subject) -> None:
        """Delete a resource; one that is gone already is fine."""
        kind = subject.kind
        try:
            subject = self._informed(subject)
            if kind.clear:
                kind.clear(subject, self._caller(subject))
        except AwsError as error:
            if error.missing:
                return
            raise
        for call in kind.delete:
            if not _wanted(call, subject):
                continue
            params, _ = parameters.build(subject, call)
            try:
                self._call(subject, call, params)
            except AwsError as error:
                if not error.missing:
                    raise

    # --- calls -----------------------------------------------------------------------------

    def _informed(self, subject: Subject) -> Subject:
        look_up = subject.kind.facts
        if look_up is None:
            return subject
        return dataclasses.replace(subject, facts=look_up(subject, self._caller(subject)))

    def _call(self, subject: Subject, call: Call, params: Values) -> Values:
        service = call.service or subject.kind.service
        region = str(call.region(subject)) if call.region else subject.region
        return self._aws.call(service, region, call.operation, params)

    def _send(self, subject: Subject, operation: str, params: Values) -> None:
        self._aws.call(subject.kind.service, subject.region, operation, params)

    def _caller(self, subject: Subject) -> Caller:
        def call(service: str, operation: str, *, at_region: str = "", **params: Any) -> Values:
            return self._aws.call(service, at_region or subject.region, operation, params)

        return call

    def _retag(self, subject: Subject, old: Mapping[str, str]) -> None:
        rule = subject.kind.tags
        if rule is None or old == subject.tags:
            return
        gone = sorted(old.keys() - subject.tags.keys())
        if gone and rule.drop:
            self._send(subject, *rule.drop(subject, gone))
        if subject.tags or not rule.drop:
            self._send(subject, *rule.put(subject, subject.tags))

    # --- reading -----------------------------------------------------------------------------

    def _document(self, subject: Subject) -> Values | None:
        """The merged answers of the type's reads; None when the first finds nothing."""
        document: Values = {}
        asked = {*subject.inputs, *(("tags",) if subject.tags else ())}
        for index, read in enumerate(subject.kind.reads):
            if read.when and not asked.intersection(read.when.split()):
                continue
            found = self._answer(subject, read)
            if found is None and index == 0:
                return None
            if read.into:
                document[read.into] = found
            elif isinstance(found, dict):
                document |= cast("Values", found)
        return document

    def _answer(self, subject: Subject, read: Read) -> Any:
        service = read.service or subject.kind.service
        params = parameters.filled(read.params, subject)
        try:
            answer = self._aws.call(service, subject.region, read.operation, params)
        except AwsError as error:
            if error.missing:
                return None
            raise
        at = read.at
        return at(subject, answer) if callable(at) else documents.search(at, answer)

    def _read_back(self, subject: Subject, sent: Values) -> Values:
        document = self._document(subject)
        if document is None:
            raise RefusedError(f"{subject.id} was created and is not there when read back")
        missing = list(documents.dropped(subject, sent, document))
        if missing:
            raise RefusedError(
                "the emulated AWS did not keep what it was sent: " + "; ".join(missing)
            )
        return documents.outputs(subject, document)


def _wanted(call: Call, subject: Subject) -> bool:
    given = not call.when or any(subject.get(name) is not None for name in call.triggers())
    return given and (call.only_if is None or call.only_if(subject))
