"""A table to restore into: AWS makes it, and makes none into a table that is there.

Its tags come last, since a table that is being restored takes none: until then the restore job, or
the table's own restore summary, says what it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resilience.aws import AwsMissingError
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.jobs import job_into
from resilience.restore.tags import Label, Standing, State, label_of

if TYPE_CHECKING:
    from datetime import datetime

    from resilience.aws import Aws
    from resilience.restore.order import Order

ACTIVE: Final = "ACTIVE"


class TablePlace:
    """A table of its own. What changes AWS state says so; all of it may be repeated."""

    def __init__(self, aws: Aws, region: str, name: str) -> None:
        self.region = region
        self.name = name
        self._aws = aws

    def standing(self, order: Order) -> Standing:
        """Look what is there."""
        shown = self.shown()
        if shown is None:
            return Standing.ABSENT
        label = self.label()
        if label is not None:
            return Standing.OURS if label.order == order.text else Standing.TAKEN
        return Standing.OURS if self._made_for(order, shown) else Standing.TAKEN

    def shown(self) -> dict[str, Any] | None:
        """Describe it; None when there is none."""
        try:
            return dict(self._dynamodb("describe_table", TableName=self.name)["Table"])
        except AwsMissingError:
            return None

    def label(self) -> Label | None:
        """Read its tags; None when they are not a restore's."""
        shown = self.shown()
        if shown is None:
            return None
        return label_of(
            self._dynamodb("list_tags_of_resource", ResourceArn=shown["TableArn"])["Tags"]
        )

    def refuse_if_taken(self, order: Order) -> Standing:
        """Look what is there, and refuse what is another's.

        Raises:
            RestoreRefusedError: it is taken.
        """
        standing = self.standing(order)
        if standing is Standing.TAKEN:
            label = self.label()
            held = f"holds the restore of {label.order}" if label else "is there already"
            raise RestoreRefusedError(
                f"table {self.name} in {self.region} {held}: expected no table of that name, since "
                "AWS restores into a new one only; leave out --into, or name another"
            )
        return standing

    def claim(self, order: Order, by: str, *, began: datetime) -> Label:
        """Say whose it is, once it is there. Changes AWS state."""
        label = self.label() or Label(
            order=order.text, state=State.BEGUN, began=began, by=by, token=self.name
        )
        self.mark(label)
        return label

    def mark(self, label: Label) -> None:
        """Say how far it has come. Changes AWS state."""
        shown = self.shown()
        if shown is not None:
            arn = shown["TableArn"]
            self._dynamodb("tag_resource", ResourceArn=arn, Tags=label.pairs())

    def discard(self) -> int:
        """Delete it. Changes AWS state.

        Raises:
            RestoreRefusedError: it is no restore's.
        """
        shown = self.shown() or {}
        if self.label() is None and "RestoreSummary" not in shown:
            raise RestoreRefusedError(
                f"table {self.name} in {self.region} does not say that a restore made it: expected "
                "one that `./run restore --list` shows; nothing was deleted"
            )
        self._dynamodb("delete_table", TableName=self.name)
        return 1

    def _made_for(self, order: Order, shown: dict[str, Any]) -> bool:
        if order.point:
            return job_into(self._aws, order, self.name) is not None
        summary = shown.get("RestoreSummary", {})
        source = str(summary.get("SourceTableArn", "")).rpartition("/")[2]
        # DynamoDB keeps whole seconds.
        asked = order.moment.replace(microsecond=0)
        return source == order.source and summary["RestoreDateTime"].replace(microsecond=0) == asked

    def _dynamodb(self, operation: str, **parameters: Any) -> Any:
        return self._aws.call("dynamodb", operation, region=self.region, **parameters)


def found(aws: Aws, region: str, beginning: str) -> list[TablePlace]:
    """List the places in a Region whose names begin so. Reads only.

    Raises:
        AwsError: they cannot be listed.
    """
    names = [
        name
        for page in aws.pages("dynamodb", "list_tables", region=region)
        for name in page["TableNames"]
        if name.startswith(beginning)
    ]
    return [TablePlace(aws, region, name) for name in names]
