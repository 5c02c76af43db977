"""Carries out catalogue entries: check, diff, create, read back, update, delete."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import jmespath

from emulator.botocore_model import service_model
from emulator.catalogue import convert
from emulator.catalogue.model import Call, Input, Read, ResourceType, Subject, Template
from emulator.engine.aws import Aws, AwsError
from emulator.engine.request import RefusedError
from emulator.engine.wire import UNKNOWN, Values, is_asset, unknown_paths

if TYPE_CHECKING:
    from botocore.model import Shape

_GLOBAL_REGION: Final = "us-east-1"
_NAME_DIGITS: Final = 7


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What separates two sets of inputs. `replace` names those that force a new resource."""

    changed: frozenset[str]
    replace: frozenset[str]


class Provider:
    """Creates, reads, updates and deletes resources of catalogued types. Thread-safe."""

    def __init__(self, aws: Aws, content: Callable[[Mapping[str, Any]], bytes]) -> None:
        self.aws = aws
        self._content = content

    # --- inputs ---------------------------------------------------------------------------

    def check(
        self, kind: ResourceType, given: Values, *, name: str, urn: str, old: Values | None
    ) -> Values:
        """Inputs with defaults and names filled in.

        Raises:
            RefusedError: Inputs are unknown, unsupported or missing; all are named.
        """
        problems = list(_misfits(kind, given))
        inputs = {
            key: each.default
            for key, each in kind.inputs.items()
            if each.default is not None and key not in given
        } | given
        self._fill_name(kind, inputs, name=name, urn=urn, old=old)
        problems += [
            f"required input {key!r} is missing (an output it was made from may have no value)"
            for key, each in kind.inputs.items()
            if each.required and key not in inputs
        ]
        if kind.check and not problems:
            problems += kind.check(inputs)
        if problems:
            raise RefusedError("; ".join(problems))
        return inputs

    def _fill_name(
        self, kind: ResourceType, inputs: Values, *, name: str, urn: str, old: Values | None
    ) -> None:
        rule = kind.name
        if rule is None or inputs.get(rule.input):
            return
        prefix = str(inputs.get(f"{rule.input}Prefix") or f"{name}{rule.separator}")
        prefix = prefix[: rule.max_length - _NAME_DIGITS]
        prefix = prefix.lower() if rule.lower else prefix
        before = str((old or {}).get(rule.input, ""))
        inputs[rule.input] = before if before.startswith(prefix) else _fresh(prefix, urn)

    def rename(self, kind: ResourceType, inputs: Values, given: Values, *, urn: str) -> Values:
        """Inputs for a replacement: a made-up name becomes another, so both can exist."""
        rule = kind.name
        if rule is None or given.get(rule.input):
            return inputs
        before = str(inputs[rule.input])
        prefix = before[:-_NAME_DIGITS]
        return inputs | {rule.input: _fresh(prefix, f"{urn} {before}")}

    def diff(self, kind: ResourceType, old: Values, new: Values) -> Diff:
        """Which inputs changed, and which of those need a new resource."""
        changed = frozenset(
            key
            for key in old.keys() | new.keys()
            if not _equal(kind.inputs.get(key), old.get(key), new.get(key))
        )
        updatable = self._updatable(kind)
        return Diff(
            changed=changed,
            replace=frozenset(key for key in changed if not _can_update(kind, key, new, updatable)),
        )

    def _updatable(self, kind: ResourceType) -> frozenset[str]:
        names = {name for call in kind.update for name in call.triggers() or self._sent(kind, call)}
        return frozenset(names | ({"tags"} if kind.tags else set()))

    # --- life ------------------------------------------------------------------------------

    def create(
        self,
        kind: ResourceType,
        inputs: Values,
        *,
        region: str,
        tags: Mapping[str, str],
        on_id: Callable[[str], None],
    ) -> tuple[str, Values]:
        """Create a resource and read it back; returns its id and outputs.

        `on_id` is called as soon as the resource exists, before the calls that finish it.

        Raises:
            AwsError: AWS refused a call.
            RefusedError: What was read back lacks something that was sent.
        """
        subject = self._subject(kind, inputs, region=region, tags=tags)
        first, *rest = kind.create
        params, sent = self._parameters(subject, first, tagged=True)
        answer = self._call(subject, first, params)
        subject = dataclasses.replace(subject, document=answer)
        subject = dataclasses.replace(subject, id=str(_output(kind.id, subject, answer)))
        on_id(subject.id)
        if kind.tags and not kind.tags.with_create and subject.tags:
            self._send(subject, *kind.tags.put(subject, subject.tags))
        for call in rest:
            if _wanted(call, subject):
                more, members = self._parameters(subject, call)
                sent |= members
                self._call(subject, call, more)
        if kind.settle:
            kind.settle(subject, self._caller(subject))
        return subject.id, self._read_back(subject, sent)

    def read(
        self,
        kind: ResourceType,
        identity: str,
        inputs: Values,
        *,
        region: str,
        tags: Mapping[str, str] | None = None,
    ) -> Values | None:
        """Outputs of an existing resource; None when it does not exist."""
        subject = self._subject(kind, inputs, region=region, tags=tags or {}, identity=identity)
        document = self._document(subject)
        return None if document is None else self._outputs(subject, document)

    def exists(self, kind: ResourceType, identity: str, inputs: Values, *, region: str) -> bool:
        """Whether AWS still knows the resource: the type's first read answers."""
        subject = self._subject(kind, inputs, region=region, tags={}, identity=identity)
        return self._answer(subject, kind.reads[0]) is not None

    def guess_id(self, kind: ResourceType, inputs: Values, *, region: str) -> str | None:
        """The id that these inputs lead to, if such a resource exists.

        Only for types whose id follows from their inputs; others cannot be found again.
        """
        if not callable(kind.id):
            return None
        subject = self._subject(kind, inputs, region=region, tags={})
        try:
            identity = str(kind.id(subject))
        except KeyError:
            return None  # made from the answer of the create call
        return identity if self.exists(kind, identity, inputs, region=region) else None

    def update(
        self,
        kind: ResourceType,
        identity: str,
        old: Values,
        new: Values,
        *,
        changed: frozenset[str],
        region: str,
        tags: tuple[Mapping[str, str], Mapping[str, str]],
    ) -> Values:
        """Make the update calls that the changed inputs need, read back, return the outputs.

        `tags` are those before and after. Raises as `create` does.
        """
        unset = {
            key: kind.inputs[key].unset
            for key in changed
            if key in kind.inputs and new.get(key) is None and kind.inputs[key].unset is not None
        }
        subject = self._subject(
            kind, new | unset, region=region, tags=tags[1], identity=identity, old=old
        )
        sent: Values = {}
        for call in kind.update:
            triggered = (call.triggers() or self._sent(kind, call)) & changed
            if triggered and (call.only_if is None or call.only_if(subject)):
                params, members = self._parameters(subject, call)
                sent |= {key: each for key, each in members.items() if key in changed}
                self._call(subject, call, params)
        self._retag(subject, *tags)
        subject = dataclasses.replace(subject, inputs=new)
        return self._read_back(subject, sent)

    def delete(self, kind: ResourceType, identity: str, inputs: Values, *, region: str) -> None:
        """Delete a resource; one that is gone already is fine."""
        try:
            subject = self._subject(kind, inputs, region=region, tags={}, identity=identity)
            if kind.clear:
                kind.clear(subject, self._caller(subject))
        except AwsError as error:
            if error.missing:
                return
            raise
        for call in kind.delete:
            if not _wanted(call, subject):
                continue
            params, _ = self._parameters(subject, call)
            try:
                self._call(subject, call, params)
            except AwsError as error:
                if not error.missing:
                    raise

    # --- calls -----------------------------------------------------------------------------

    def _subject(
        self,
        kind: ResourceType,
        inputs: Values,
        *,
        region: str,
        tags: Mapping[str, str],
        identity: str = "",
        old: Values | None = None,
    ) -> Subject:
        subject = Subject(
            type=kind,
            region=region if kind.scope == "region" else _GLOBAL_REGION,
            account=self.aws.account,
            id=identity,
            inputs=inputs,
            old=old or {},
            tags=tags,
            content=self._content,
        )
        if kind.facts is None:
            return subject
        return dataclasses.replace(subject, facts=kind.facts(subject, self._caller(subject)))

    def _sent(self, kind: ResourceType, call: Call) -> frozenset[str]:
        """Names of the inputs that `call` sends."""
        if call.only is not None:
            return frozenset(call.only.split())
        shape = self._shape(kind, call)
        return frozenset(
            name
            for name, each in kind.inputs.items()
            if (each.attribute and call.attributes) or _fits(shape, name, each)
        )

    def _shape(self, kind: ResourceType, call: Call) -> Shape:
        model = service_model(call.service or kind.service).operation_model(call.operation)
        shape = cast("Any", model.input_shape)
        return shape.members[call.under] if call.under else shape

    def _parameters(
        self, subject: Subject, call: Call, *, tagged: bool = False
    ) -> tuple[Values, Values]:
        """Parameters of the call, and the part of them that each input became."""
        kind = subject.type
        shape = self._shape(kind, call)
        members: Values = {}
        became: Values = {}
        for name in sorted(self._sent(kind, call)):
            if subject.inputs.get(name) is not None:
                became[name] = self._place_input(subject, name, shape, members, call.attributes)
        for name in call.triggers() - became.keys():
            value = self._shown(subject, name)
            if value is not None:
                became[name] = value
        params: Values = {call.under: members} if call.under else members
        _merge(params, _filled(call.extra, subject))
        if tagged and kind.tags and kind.tags.with_create and subject.tags:
            _merge(params, kind.tags.with_create(subject.tags))
        return params, became

    def _place_input(
        self, subject: Subject, name: str, shape: Shape, members: Values, attributes: str
    ) -> Any:
        """Put one input where the call takes it; returns what it became."""
        rule = subject.type.inputs[name]
        value = subject.inputs[name]
        if rule.attribute:
            text = convert.as_text(rule.convert(value) if rule.convert else value)
            members.setdefault(attributes, []).append({"Key": rule.attribute, "Value": text})
            return text
        if rule.spread:
            parts: Values = {}
            for inner, member in rule.spread.items():
                if value.get(inner) is not None:
                    place = _at(shape, member)
                    parts[member.partition(".")[0]] = None
                    _insert(members, member, convert.to_aws(value[inner], place, {}))
            return {member: members[member] for member in parts}
        found = _place(shape, name, rule)
        if found is None:
            raise LookupError(f"{subject.type.token}: no member of {shape.name} takes {name!r}")
        converted = self._converted(subject, name, found[1])
        _insert(members, rule.aws if "." in rule.aws else found[0], converted)
        return converted

    def _converted(self, subject: Subject, name: str, shape: Shape) -> Any:
        rule, value = subject.type.inputs[name], subject.inputs[name]
        if is_asset(value):
            return self._content(value)
        if rule.json and not isinstance(value, str):
            value = json.dumps(value)
        if rule.convert:
            value = rule.convert(value)
        try:
            return convert.to_aws(value, shape, subject.type.renames)
        except convert.NoMemberError as error:
            raise RefusedError(f"input {name!r}: {error}") from error

    def _shown(self, subject: Subject, name: str) -> Any:
        """What an input sent by a template should read back as; None where that is not known."""
        rule, value = subject.type.inputs.get(name), subject.inputs.get(name)
        if rule is None or value is None or rule.unread or is_asset(value):
            return None
        if rule.convert:
            return rule.convert(value)
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        plain = rule.json or not any(isinstance(each, dict | list) for each in items)
        return value if plain else None

    def _call(self, subject: Subject, call: Call, params: Values) -> Values:
        service = call.service or subject.type.service
        return self.aws.call(service, subject.region, call.operation, params)

    def _send(self, subject: Subject, operation: str, params: Values) -> None:
        self.aws.call(subject.type.service, subject.region, operation, params)

    def _caller(self, subject: Subject) -> Callable[..., Values]:
        def call(service: str, operation: str, **params: Any) -> Values:
            return self.aws.call(service, subject.region, operation, params)

        return call

    def _retag(self, subject: Subject, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        rule = subject.type.tags
        if rule is None or old == new:
            return
        gone = sorted(old.keys() - new.keys())
        if gone and rule.drop:
            self._send(subject, *rule.drop(subject, gone))
        if new or not rule.drop:
            self._send(subject, *rule.put(subject, new))

    # --- reading -----------------------------------------------------------------------------

    def _document(self, subject: Subject) -> Values | None:
        document: Values = {}
        for index, read in enumerate(subject.type.reads):
            wanted = read.when.split()
            asked = {*subject.inputs, *(("tags",) if subject.tags else ())}
            if wanted and not asked.intersection(wanted):
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
        service = read.service or subject.type.service
        params = _filled(read.params, subject)
        try:
            answer = self.aws.call(service, subject.region, read.operation, params)
        except AwsError as error:
            if error.missing:
                return None
            raise
        return read.at(subject, answer) if callable(read.at) else _search(read.at, answer)

    def _read_back(self, subject: Subject, sent: Values) -> Values:
        document = self._document(subject)
        if document is None:
            raise RefusedError(f"{subject.id} was created and is not there when read back")
        dropped = [
            f"input {name!r} was sent as {_short(value)} and reads back as "
            f"{_short(_search(_read_path(kind_input, name), document))}"
            for name, value in sent.items()
            if not (kind_input := subject.type.inputs[name]).unread
            and not _kept(kind_input, name, value, document)
        ]
        if not _tags_kept(subject, document):
            dropped.append(f"tags were sent as {dict(subject.tags)!r} and read back differently")
        if dropped:
            raise RefusedError(
                "the emulated AWS did not keep what it was sent: " + "; ".join(dropped)
            )
        return self._outputs(subject, document)

    def _outputs(self, subject: Subject, document: Values) -> Values:
        kind = subject.type
        subject = dataclasses.replace(subject, document=document)
        shown = {
            name: convert.from_aws(_search(_read_path(each, name), document))
            for name, each in kind.inputs.items()
            if name not in subject.inputs and not each.unread and not each.spread
        }
        computed = {name: _output(each, subject, document) for name, each in kind.outputs.items()}
        tags = {"tags": dict(subject.tags), "tagsAll": dict(subject.tags)} if kind.tags else {}
        missing = dict.fromkeys(kind.not_computed.split(), UNKNOWN)
        region = {"region": subject.region} if kind.scope == "region" else {}
        known = {key: each for key, each in (shown | computed).items() if each is not None}
        return missing | region | tags | known | subject.inputs


def _fresh(prefix: str, seed: str) -> str:
    """A made-up name, the same for the same seed: a repeated run makes the same names."""
    return prefix + hashlib.sha256(seed.encode()).hexdigest()[:_NAME_DIGITS]


def _misfits(kind: ResourceType, given: Values) -> list[str]:
    problems: list[str] = []
    allowed = {*kind.inputs, *(("tags",) if kind.tags else ())}
    allowed |= {"region"} if kind.scope == "region" else set()
    for key, value in given.items():
        if key in kind.absent_inputs():
            problems.append(
                f"input {key!r} is not supported by the emulator (see its coverage table)"
            )
        elif key not in allowed:
            problems.append(
                f"input {key!r} is not known; {kind.token} knows {', '.join(sorted(allowed))}"
            )
        elif key in kind.inputs and (known := kind.inputs[key].values):
            if value != UNKNOWN and value not in known:
                problems.append(
                    f"input {key!r} is {value!r}; the emulator supports "
                    f"{' or '.join(repr(each) for each in known)}"
                )
    return problems


def _can_update(kind: ResourceType, key: str, new: Values, updatable: frozenset[str]) -> bool:
    if key not in kind.inputs:
        return key in updatable
    rule = kind.inputs[key]
    if rule.force_new:
        return False
    if key not in updatable:
        return bool(rule.unread)  # steers calls only: recording it is all there is to do
    return new.get(key) is not None or rule.unset is not None or rule.default is not None


def _equal(rule: Input | None, old: Any, new: Any) -> bool:
    if rule is None:
        return old == new
    if old is None or new is None:
        return old == new
    if next(unknown_paths(new), None) is not None:
        return False
    if rule.json:
        return convert.covers(old, new, document=True)
    if is_asset(old) and is_asset(new):
        return bool(old.get("hash") == new.get("hash"))
    return convert.covers(old, new, ordered=rule.ordered) and convert.covers(
        new, old, ordered=rule.ordered
    )


def _wanted(call: Call, subject: Subject) -> bool:
    given = not call.when or any(subject.get(name) is not None for name in call.triggers())
    return given and (call.only_if is None or call.only_if(subject))


def _fits(shape: Shape, name: str, rule: Input) -> bool:
    if rule.attribute:
        return False
    if rule.spread:
        return _at(shape, next(iter(rule.spread.values()))) is not None
    return _place(shape, name, rule) is not None


def _at(shape: Shape, path: str) -> Any:
    """The shape at a dotted path of exact member names; None when there is none."""
    current: Any = shape
    for step in path.split("."):
        current = getattr(current, "members", {}).get(step)
    return current


def _place(shape: Shape, name: str, rule: Input) -> tuple[str, Shape] | None:
    """The AWS member an input goes to, and its shape."""
    if "." in rule.aws:
        found = _at(shape, rule.aws)
        return None if found is None else (rule.aws, found)
    member = convert.member(shape, rule.aws or name, {})
    return None if member is None else (member, _at(shape, member))


def _read_path(rule: Input, name: str) -> str:
    if rule.spread:
        return rule.read or "@"
    if rule.attribute:
        return f"attributes[?Key=='{rule.attribute}'].Value | [0]"
    return rule.read or rule.aws or convert.pascal(name)


def _kept(rule: Input, name: str, sent: Any, document: Values) -> bool:
    shown = _search(_read_path(rule, name), document)
    if rule.superset:
        items = cast("list[Any]", shown or [])
        return all(any(convert.covers(each, item) for each in items) for item in sent)
    return convert.covers(shown, sent, ordered=rule.ordered, document=rule.json)


def _tags_kept(subject: Subject, document: Values) -> bool:
    rule = subject.type.tags
    if rule is None or not subject.tags:
        return True
    return as_tags(_search(rule.at, document)) == dict(subject.tags)


def as_tags(shown: Any) -> dict[str, str]:
    """Tags in either of AWS's forms (a list of Key/Value, a map) as a map."""
    if isinstance(shown, dict):
        return cast("dict[str, str]", shown)
    items = cast("list[dict[str, str]]", shown or [])
    return {
        each.get("Key", each.get("TagKey", "")): each.get("Value", each.get("TagValue", ""))
        for each in items
    }


def _filled(template: Template, subject: Subject) -> Values:
    filled: Values = {}
    for key, leaf in template.items():
        if isinstance(leaf, Mapping):
            value: Any = _filled(cast("Template", leaf), subject) or None
        elif isinstance(leaf, list):
            items = cast("list[Any]", leaf)
            value = [each(subject) if callable(each) else each for each in items]
        else:
            value = leaf(subject) if callable(leaf) else leaf
        if value is not None:
            filled[key] = value
    return filled


def _insert(members: Values, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        members = members.setdefault(step, {})
    members[last] = value


def _merge(params: Values, more: Values) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(params.get(key), dict):
            _merge(params[key], cast("Values", value))
        else:
            params[key] = value


def _search(path: str, document: Any) -> Any:
    return _compiled(path).search(document)


@lru_cache(maxsize=2048)
def _compiled(path: str) -> Any:
    return jmespath.compile(path)


def _output(rule: Any, subject: Subject, document: Values) -> Any:
    return rule(subject) if callable(rule) else _search(rule, document)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
