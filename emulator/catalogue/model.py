"""What a catalogue entry is made of.

A resource type is data: which inputs it knows, which API calls create, read, update and delete
it, and where its outputs are found. An input is sent in every call whose botocore input shape has
a member of its AWS name; `extra` holds what is sent besides. Paths are JMESPath expressions over
the *document*: the merged answers of the type's reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Values = dict[str, Any]

Content = Callable[[Mapping[str, Any]], bytes]
"""The bytes of a materialised asset."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One resource in the hands of the provider: what templates and outputs draw from."""

    kind: ResourceType
    region: str
    account: str
    id: str = ""
    inputs: Values = field(default_factory=dict[str, Any])
    old: Values = field(default_factory=dict[str, Any])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    document: Values = field(default_factory=dict[str, Any])
    content: Content | None = None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the type's `facts` looked up in AWS before the call."""

    def get(self, name: str) -> Any:
        """The input `name`; None when it is not given."""
        return self.inputs.get(name)

    def arn(self, service: str, rest: str, *, regional: bool = True) -> str:
        """An ARN of this account: `arn:aws:<service>:<region>:<account>:<rest>`."""
        region = self.region if regional else ""
        return f"arn:aws:{service}:{region}:{self.account}:{rest}"


Source = Callable[[Subject], Any]
"""A template's leaf: computes a value; None leaves the member out."""
Template = Mapping[str, Any]
"""Parameters of a call: members to values, nested templates, or `Source`s."""


def given(name: str, path: str = "") -> Source:
    """The input `name`, or what lies at the dotted `path` inside it."""

    def source(subject: Subject) -> Any:
        value = subject.get(name)
        for step in path.split(".") if path else ():
            value = value.get(step) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType]  # any JSON object
        return value  # pyright: ignore[reportUnknownVariableType]  # any JSON value

    return source


def own_id(subject: Subject) -> str:
    """The resource's id."""
    return subject.id


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a resource type.

    `recorded` is empty for an input that some part of the data plane (or of the control plane's
    own rules) acts on; otherwise it is the reason why the value is stored and nothing more.
    """

    recorded: str = ""
    aws: str = ""
    """The member's AWS name (dotted where nested); by default the input's own, in Pascal case."""
    read: str = ""
    """Where the document shows it; by default `aws`."""
    unread: str = ""
    """Why it cannot be read back (AWS never shows it, or it steers calls only)."""
    required: bool = False
    force_new: bool = False
    default: Any = None
    """What pulumi-aws fills in when the input is not given."""
    unset: Any = None
    """What is sent when the input was given and no longer is; None: the resource is replaced."""
    json: bool = False
    """A JSON document as text: compared by what it says."""
    ordered: bool = False
    """A list whose order matters; others are compared as sets."""
    convert: Callable[[Any], Any] | None = None
    """From Pulumi's value to AWS's, before the generic conversion."""
    spread: Mapping[str, str] = field(default_factory=dict[str, str])
    """For a block that AWS takes as members of its own: the block's names to AWS's."""
    attribute: str = ""
    """Key in the service's attribute list (`idle_timeout.timeout_seconds`)."""
    superset: bool = False
    """AWS shows more items than were sent."""
    values: tuple[Any, ...] = ()
    """The only values the emulator knows; others are refused by name."""


def emulated(**fields: Any) -> Input:
    """An input that the emulator acts on."""
    return Input(**fields)


def recorded(reason: str, **fields: Any) -> Input:
    """An input that is stored and read back, and does nothing else."""
    return Input(recorded=reason, **fields)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API call. Sends the inputs its shape has members for, and `extra`."""

    operation: str
    service: str = ""
    """botocore service; by default the type's."""
    extra: Template = field(default_factory=dict[str, Any])
    only: str | None = None
    """Names of the only inputs to send, blank-separated; None: all that fit, "": none."""
    under: str = ""
    """The member that the inputs go inside of (`HealthCheckConfig`)."""
    when: str = ""
    """Made only if one of these inputs is given (create) or changed (update). What it sends of
    them by template is expected to be read back."""
    only_if: Callable[[Subject], bool] | None = None
    """Made only if this holds."""
    whole: bool = False
    """An update that sends the resource as a whole, so that an input that is left out is gone."""
    attributes: str = ""
    """The member that takes the inputs with an `attribute`, as a list of Key and Value."""
    region: Source | None = None
    """The Region to call; by default the resource's own."""

    def triggers(self) -> frozenset[str]:
        """Names in `when`."""
        return frozenset(self.when.split())


@dataclass(frozen=True, kw_only=True)
class Read:
    """One read. What lies at `at` in its answer is merged into the document, under `into`."""

    operation: str
    params: Template
    at: str | Callable[[Subject, Values], Any] = "@"
    """A JMESPath, or a function that finds the resource in the answer."""
    into: str = ""
    when: str = ""
    """Made only if one of these inputs is given ("tags" included)."""
    service: str = ""


@dataclass(frozen=True, kw_only=True)
class Tags:
    """How a service takes tags: with the create call or after it, as a list or as a map."""

    at: str = "Tags"
    """Where the document shows them: a list of Key/Value or a map."""
    with_create: Callable[[Mapping[str, str]], Values] | None = None
    put: Callable[[Subject, Mapping[str, str]], tuple[str, Values]]
    """Operation and parameters that add tags."""
    drop: Callable[[Subject, list[str]], tuple[str, Values]] | None = None
    """Operation and parameters that remove tags by key; None: `put` replaces the whole set."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """How a physical name is made up when the program gives none: `<logical>-<7 hex>`."""

    input: str = "name"
    max_length: int = 255
    lower: bool = False


Caller = Callable[..., Values]
"""Makes one call: `caller(service, operation, **params)`; `at_region` names another Region."""

Output = str | Callable[[Subject], Any]
"""A JMESPath over the document, or a function of the subject."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type of pulumi-aws."""

    type: str
    """Pulumi's type token."""
    service: str
    inputs: Mapping[str, Input]
    absent: str = ""
    """Inputs of pulumi-aws that are refused by name, blank-separated."""
    create: tuple[Call, ...]
    """The first call makes the resource; the others finish it."""
    id: Output
    """From the answer of the first call (JMESPath) or from the inputs (function)."""
    reads: tuple[Read, ...]
    """The first read decides whether the resource exists."""
    update: tuple[Call, ...] = ()
    delete: tuple[Call, ...] = ()
    outputs: Mapping[str, Output] = field(default_factory=dict[str, Output])
    not_computed: str = ""
    """Outputs of pulumi-aws without a value here: using one is refused by name."""
    tags: Tags | None = None
    name: Name | None = None
    identity: str = ""
    """Inputs that name it in AWS: a replacement that keeps them must delete first."""
    scope: Literal["region", "global"] = "region"
    renames: Mapping[str, str] = field(default_factory=dict[str, str])
    """Nested members whose AWS name is not the Pascal-cased one."""
    check: Callable[[Values], list[str]] | None = None
    """What pulumi-aws itself refuses about a set of inputs."""
    facts: Callable[[Subject, Caller], Values] | None = None
    """What must be looked up in AWS before the resource is created, updated or read."""
    settle: Callable[[Subject, Caller], None] | None = None
    """Waits or checks after the create calls."""
    finish: Callable[[Subject, Caller], None] | None = None
    """Calls that no template makes (one for each item of a list), after create and update."""
    clear: Callable[[Subject, Caller], None] | None = None
    """Empties the resource before it is deleted, where its inputs say so."""

    def absent_inputs(self) -> frozenset[str]:
        """Names in `absent`."""
        return frozenset(self.absent.split())

    def identity_inputs(self) -> tuple[str, ...]:
        """Names in `identity`."""
        return tuple(self.identity.split())
