"""S3 replication rules as deployed: which objects go where. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class ReplicationRule:
    """One enabled rule."""

    id: str
    priority: int
    prefix: str
    tags: frozenset[tuple[str, str]]
    destination: str
    """Bucket name."""
    storage_class: str | None
    delete_markers: bool
    metrics: bool = False
    """Whether replication metrics are published."""
    replica_modifications: bool
    """Whether changes made to replicas (tags) travel back."""
    encrypted: bool
    """Whether objects under KMS keys are copied; without this they stay where they are."""
    replica_key: str | None
    """KMS key of the replicas."""

    def covers(self, key: str, tags: Mapping[str, str]) -> bool:
        """Whether an object with this key and these tags falls under the rule's filter."""
        return key.startswith(self.prefix) and self.tags <= set(tags.items())


@dataclass(frozen=True, kw_only=True)
class ReplicationConfiguration:
    """A bucket's replication: the role it runs under and its enabled rules."""

    role_arn: str
    rules: tuple[ReplicationRule, ...]

    def rules_for(
        self,
        key: str,
        tags: Mapping[str, str],
        *,
        delete_marker: bool = False,
        encrypted: bool = False,
    ) -> tuple[ReplicationRule, ...]:
        """The rule that counts for each destination: of those that cover it, highest priority."""
        chosen: dict[str, ReplicationRule] = {}
        for rule in sorted(self.rules, key=lambda each: each.priority):
            selected = (rule.delete_markers or not delete_marker) and (
                rule.encrypted or not encrypted
            )
            if rule.covers(key, tags) and selected:
                chosen[rule.destination] = rule
        return tuple(chosen.values())


def from_xml_dict(raw: Mapping[str, Any]) -> ReplicationConfiguration:
    """Read the configuration as S3's XML spells it (parsed to dictionaries)."""
    rules = _as_list(raw.get("Rule"))
    enabled = tuple(_rule(each) for each in rules if each.get("Status") == "Enabled")
    return ReplicationConfiguration(role_arn=str(raw["Role"]), rules=enabled)


def _rule(raw: Mapping[str, Any]) -> ReplicationRule:
    # The first version of the schema has no Filter, and always replicates delete markers.
    first_version = "Filter" not in raw
    spelled = cast("Mapping[str, Any]", raw if first_version else raw["Filter"] or {})
    both = cast("Mapping[str, Any]", spelled.get("And") or spelled)
    tags = frozenset((tag["Key"], tag["Value"] or "") for tag in _as_list(both.get("Tag")))
    markers = cast("Mapping[str, Any]", raw.get("DeleteMarkerReplication") or {})
    destination = raw["Destination"]
    sealing = cast("Mapping[str, Any]", destination.get("EncryptionConfiguration") or {})
    return ReplicationRule(
        id=str(raw.get("ID", "")),
        priority=int(raw.get("Priority", 0)),
        prefix=both.get("Prefix") or "",
        tags=tags,
        destination=str(destination["Bucket"]).removeprefix("arn:aws:s3:::"),
        storage_class=destination.get("StorageClass"),
        metrics=(destination.get("Metrics") or {}).get("Status") == "Enabled",
        # Rules that filter by tag never replicate delete markers.
        delete_markers=first_version or (markers.get("Status") == "Enabled" and not tags),
        replica_modifications=_selected(raw, "ReplicaModifications"),
        encrypted=_selected(raw, "SseKmsEncryptedObjects"),
        replica_key=sealing.get("ReplicaKmsKeyID") or None,
    )


def _selected(raw: Mapping[str, Any], criterion: str) -> bool:
    criteria = cast("Mapping[str, Any]", raw.get("SourceSelectionCriteria") or {})
    return (criteria.get(criterion) or {}).get("Status") == "Enabled"


def _as_list(value: Any) -> list[Mapping[str, Any]]:
    """One element or several: XML does not tell them apart."""
    if value is None:
        return []
    return cast("list[Mapping[str, Any]]", value if isinstance(value, list) else [value])
