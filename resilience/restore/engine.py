"""One restore from its beginning to its end: take the place, fill it, verify it, bring it back.

| step | done again after an interruption |
| --- | --- |
| take the place | finds its own label, or an empty bucket |
| fill it | finds the job, the copies, or the table |
| verify | reads all of it once more |
| mark as verified | says the same |
| bring back | writes what is not right yet |

Until the fourth step nobody is told that anything was restored.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.restore import filling, switch, verify_bucket, verify_table
from resilience.restore.bucket_place import BucketPlace
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.kinds import What
from resilience.restore.order import places
from resilience.restore.record import Part, Restore, SwitchRecord
from resilience.restore.table_place import TablePlace
from resilience.restore.tags import Standing, State
from resilience.restore.waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resilience.aws import Aws
    from resilience.restore.order import Order
    from resilience.restore.stock import Stock
    from resilience.restore.tags import Label
    from resilience.restore.verified import Verified

PATIENCE_S: Final = 12 * 3600.0
"""How long AWS may take over one restore; asked for again, it is waited for again."""


def _now() -> datetime:
    return datetime.now(UTC)


def _silent(_step: str) -> None:
    return


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person asked for, besides the order itself.

    Attributes:
        by: Who.
        reason: Why.
        into: The place, if not one of its own.
        switch: Whether what is verified is brought back.
        trusted: Whether restored things count where nothing proves them or the live ones dispute.
        stated: SHA-256 by key, from elsewhere.
    """

    by: str
    reason: str
    into: str | None = None
    switch: bool = False
    trusted: bool = False
    stated: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(kw_only=True)
class Engine:
    """Carries out orders on one stack. Holds nothing that an interruption could lose."""

    aws: Aws
    stock: Stock
    wait: Wait = field(default_factory=lambda: Wait(at_most_s=PATIENCE_S))
    now: Callable[[], datetime] = _now
    monotonic_s: Callable[[], float] = time.monotonic
    step: Callable[[str], None] = _silent

    def restore(self, order: Order, asked: Asked) -> Restore:
        """Restore into an empty place, verify, and bring back if asked. Changes AWS state.

        Idempotent: asked for the same again, it goes on, or finds all of it done.

        Raises:
            RestoreRefusedError: the place is taken, or what serves keeps no versions.
            RestoreFailedError: AWS could not do it, or not in time.
            AwsError: AWS cannot be asked, or refuses.
        """
        began_s = self.monotonic_s()
        table = order.what is What.TABLE
        place_name = self._place(order, asked)
        self.step(f"restore {order} into {place_name} in {order.region}")
        fill = self._fill_table if table else self._fill_bucket
        place, label, resumed = fill(order, asked, place_name)
        filled_s = self.monotonic_s()
        self.step(f"verify what came back in {place_name}")
        verified = self._verify(order, asked, place_name)
        verified_s = self.monotonic_s()
        took_s = self._took_s(label, verified_s - began_s, resumed=resumed)
        # What was verified once may have been touched since: then it is restored no more.
        state = State.VERIFIED if verified.holds else State.BEGUN
        place.mark(replace(label, state=state, took_s=took_s))
        parts = [
            Part(name="restore", duration_s=filled_s - began_s),
            Part(name="verify", duration_s=verified_s - filled_s),
        ]
        switched = None
        if asked.switch and verified.holds:
            self.step(f"bring back what is verified into {self._live(order)}")
            switched = self._bring_back(order, asked, place_name, verified)
            parts.append(Part(name="switch", duration_s=self.monotonic_s() - verified_s))
        return _record(
            order,
            asked,
            place=place_name,
            label=label,
            resumed=resumed,
            verified=verified,
            parts=parts,
            took_s=took_s,
            switched=switched,
        )

    def _took_s(self, label: Label, run_s: float, *, resumed: bool) -> float:
        """Say how long it took: whoever waits for an interrupted restore waits from its begin."""
        if label.state is State.VERIFIED:
            return label.took_s
        return max(run_s, (self.now() - label.began).total_seconds() if resumed else 0.0)

    def _place(self, order: Order, asked: Asked) -> str:
        """Name the place; only one of such a name can be written to, and never what serves."""
        beginning = places(self.stock.prefix)
        if asked.into is not None and not asked.into.startswith(beginning):
            raise RestoreRefusedError(
                f"cannot restore into {asked.into}: expected a name that begins with {beginning}, "
                "since the role that restores can write to no other; leave out --into for one"
            )
        return asked.into or order.place(self.stock.prefix)

    def discard(self, what: What, region: str, place: str) -> int:
        """Delete a place with all that is in it, if a restore made it. Changes AWS state.

        Raises:
            RestoreRefusedError: it is no restore's.
            AwsError: it cannot be deleted, or is not there.
        """
        kind = TablePlace if what is What.TABLE else BucketPlace
        return kind(self.aws, region, place).discard()

    def _fill_bucket(
        self, order: Order, asked: Asked, name: str
    ) -> tuple[BucketPlace, Label, bool]:
        key_arn = filling.vault_key(self.aws, self.stock, order.region)
        place, began = BucketPlace(self.aws, order.region, name), self.now()
        resumed = place.standing(order.text) is Standing.OURS
        label = place.claim(order.text, _signed(asked), began=began, key_arn=key_arn)
        if order.point:
            filling.by_job(
                self.aws,
                self.stock,
                order,
                place=name,
                token=label.token,
                key_arn=key_arn,
                there=True,
                wait=self.wait,
            )
        else:
            filling.from_versions(self.aws, order, place)
        return place, label, resumed

    def _fill_table(self, order: Order, asked: Asked, name: str) -> tuple[TablePlace, Label, bool]:
        place, began = TablePlace(self.aws, order.region, name), self.now()
        standing = place.refuse_if_taken(order)
        if order.point:
            filling.by_job(
                self.aws,
                self.stock,
                order,
                place=name,
                token=name,
                key_arn=None,
                there=standing is not Standing.ABSENT,
                wait=self.wait,
            )
            filling.until_active(place, self.wait)
        else:
            filling.from_window(self.aws, order, place, self.wait)
        label = place.claim(order, _signed(asked), began=began)
        return place, label, standing is Standing.OURS

    def _verify(self, order: Order, asked: Asked, place: str) -> Verified:
        if order.what is What.TABLE:
            return verify_table.verify(
                self.aws, self.stock, order, place, trusted=asked.trusted, now=self.now()
            )
        return verify_bucket.verify(
            self.aws, self.stock, order, place, stated=asked.stated, trusted=asked.trusted
        )

    def _live(self, order: Order) -> str:
        return self.stock.name(order.what, order.region)

    def _bring_back(
        self, order: Order, asked: Asked, place: str, verified: Verified
    ) -> SwitchRecord:
        live: Any = (self.aws, order, place, self._live(order), verified.digests)
        done = (
            switch.into_table(*live, over_newer=asked.trusted, now=self.now())
            if order.what is What.TABLE
            else switch.into_bucket(*live)
        )
        return SwitchRecord(
            target=done.target,
            brought=list(done.brought),
            right=done.right,
            newer=list(done.newer),
            of_the_moment=done.of_the_moment,
        )


def _signed(asked: Asked) -> str:
    return f"{asked.by}: {asked.reason}"


def _record(  # noqa: PLR0913 - everything that is known at the end
    order: Order,
    asked: Asked,
    *,
    place: str,
    label: Label,
    resumed: bool,
    verified: Verified,
    parts: list[Part],
    took_s: float,
    switched: SwitchRecord | None,
) -> Restore:
    findings = verified.findings
    return Restore(
        what=order.what.value,
        origin=order.origin.value,
        purpose=order.purpose.value,
        source=order.source,
        source_region=order.source_region,
        point=order.point,
        moment=order.moment,
        region=order.region,
        place=place,
        began=label.began,
        resumed=resumed,
        by=asked.by,
        reason=asked.reason,
        count=verified.count,
        size_bytes=verified.size_bytes,
        by_digest=findings.by_digest,
        by_stated=verified.stated,
        by_replica=findings.by_replica,
        since=findings.since,
        alone=findings.alone,
        trusted=verified.trusted,
        digests=dict(verified.digests),
        digest=verified.digest,
        found=verified.message(),
        problems=list(findings.problems),
        parts=parts,
        took_s=took_s,
        switched=switched,
    )
