"""The epoch: which Region may do what only one may do.

Singleton work (a batch, a retraining, a model's promotion) runs only where the epoch is held. It
is not about traffic: any Region may answer any request at any time, since answers depend on
nothing but the release and the request.

Two Regions cannot agree while they cannot talk, so holding is a lease that needs an answer:

- Each Region writes one item of its own, conditionally on the version it read, and no other's.
  In it are its *beat* (a number that every decision raises), its *claim*, and its *ack*.
- The *deputy* of a holder is the next Region that watches it. While the deputy sees the holder's
  beats and does not judge it bad, it acknowledges the newest.
- A holder holds for `lease_s` after it *wrote* the newest beat that its deputy acknowledged, on
  its own clock. So lateness anywhere only shortens it.
- The deputy may claim the next number once it has acknowledged nothing for twice `lease_s`, and
  traffic is latched away from the holder. By then the holder holds no longer, whatever it can or
  cannot see, and nobody else may claim. That is why there are never two.
- A new holder holds *alone*: its own deputy may be the very Region that was lost. Nobody claims
  from a holder that is alone. Once its deputy acknowledges it, it is not alone any more.
- A holder hands over by naming an *heir*: from then on it holds no longer. The deputy alone says
  who may claim next, for it may be about to claim itself: it *grants* the heir's right for good,
  or, when the heir is bad or silent for the deputy's whole patience, claims instead. The word of a
  holder that is alone needs no grant, and a deputy needs none for itself.
- A holder whose deputy is another one since a deploy names itself heir, and claims anew.
- Of two claims with one number, which only an operator can bring about, all Regions take the same.

The price is known: if the deputy is lost, the holder's lease ends although it is well, until the
deputy is back or an operator says so (`promote`, by which it holds alone). So it is when a holder
is lost while it is alone, when an heir is lost between its grant and its claim, and after a deploy
that takes a holder's deputy out of the stack. An operator who promotes a Region while another one
holds, or may yet take over, breaks the rule knowingly, until all have heard of it; the step says
so. What is promoted stays, until the next promote or a loss. An item that is deleted by hand takes
its Region's part of the argument with it: then nobody claims until an operator promotes. And a
clock that is set back by more than a lease while its Region's observer is dead revives a lease
that had ended, until the next look.

Source: the lease argument is that of C. Gray and D. Cheriton, "Leases: an efficient
fault-tolerant mechanism for distributed file cache consistency", SOSP 1989.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final

from resilience.failover.decision import Intent, Settings, Step, Watch
from resilience.failover.signals import Reading
from resilience.failover.table import FLAGGED, Action, IntentKind, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_BEATS: Final = 32
"""How many of its own beats a Region can still date: more than `lease_s` holds."""

PATIENCE: Final = 2.0
"""A deputy waits this many leases: room for clocks that run at different rates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A claim of the epoch. `alone` needs no deputy's word; an `heir` may claim the next.

    The deputy is named in the claim, so that a deploy which moves Regions cannot make two. What an
    operator `kept` here by a promote is not handed over to a preferred Region.
    """

    number: int
    alone: bool
    deputy: str
    heir: str = ""
    kept: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Ack:
    """The newest beat of the holder of epoch `number` that was acknowledged.

    Once it grants an `heir` the right to the next number, it stays as it is.
    """

    number: int = 0
    beat: int = 0
    heir: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """What another Region's item says, and when this Region last saw its beat change.

    A beat that is seen for the first time has not changed: it may be of long ago.
    """

    region: str
    beat: int
    claim: Claim | None
    ack: Ack
    seen_at_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """What one Region knows of the epoch, kept in its own item.

    `beats` dates its newest beats, `acked_at_s` its newest ack, and `confirmed_at_s` is when the
    newest beat that its deputy acknowledged was written; all on this Region's own clock.
    """

    beat: int = 0
    beats: tuple[tuple[int, float], ...] = ()
    claim: Claim | None = None
    ack: Ack = Ack()
    acked_at_s: float = -inf
    confirmed_at_s: float = -inf


NO_EPOCH: Final = Epoch()
"""What a Region knows of the epoch before its first decision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbourhood:
    """Who is who, and what is known of them, as one Region sees it at one instant.

    `order` are the Regions by preference, `deputy` is the next that watches this one.
    """

    region: str
    order: tuple[str, ...]
    deputy: str
    peers: Mapping[str, Peer]
    watches: Mapping[str, Watch]


def holds(epoch: Epoch, at_s: float, settings: Settings) -> bool:
    """Tell whether the Region whose state this is holds the epoch now, on its own clock."""
    claim = epoch.claim
    if claim is None or claim.heir:
        return False
    return claim.alone or 0 <= at_s - epoch.confirmed_at_s <= settings.lease_s


def holder_in(epoch: Epoch, near: Neighbourhood) -> tuple[str, Claim] | None:
    """Name the Region with the highest claim that is known here, and its claim.

    Of two with one number the name decides, so that every Region takes the same one.
    """
    claims = [(peer.claim, peer.region) for peer in near.peers.values() if peer.claim is not None]
    if epoch.claim is not None:
        claims.append((epoch.claim, near.region))
    if not claims:
        return None
    claim, region = max(claims, key=lambda each: (each[0].number, each[1]))
    return region, claim


def advance(  # noqa: PLR0913 - one argument a kind of knowledge
    epoch: Epoch,
    near: Neighbourhood,
    intent: Intent | None,
    at_s: float,
    settings: Settings,
    *,
    well: bool,
    unbroken: bool,
) -> tuple[Epoch, tuple[Step, ...]]:
    """Beat, acknowledge, claim or resign: at most one of the last two.

    Args:
        epoch: This Region's state.
        near: What it sees of the others.
        intent: An open `promote` of this Region, if there is one.
        at_s: Now, on this Region's clock.
        settings: How long is long enough.
        well: Whether this observer is in a state to judge; if not it only beats, and gives way.
        unbroken: Whether it has looked without a gap since its last decision. If not, its clock
            or its luck is not to be trusted, and all that was timed begins again.
    """
    epoch = _beat(epoch, at_s, unbroken=unbroken)
    found = holder_in(epoch, near)
    if found is not None and found[0] != near.region and epoch.claim is not None:
        epoch = replace(epoch, claim=None)  # superseded by a higher one
    if not well:
        return epoch, ()
    if intent is not None and intent.kind is IntentKind.PROMOTE:
        held = "" if found is None else f"; {found[0]} claimed {found[1].number} before"
        return _claim(epoch, near, f"{intent.reason}{held}", by=intent.by)
    if found is None:
        return _begin(epoch, near, at_s, settings)
    if found[0] == near.region:
        return _hold(epoch, near, at_s, settings)
    return _follow(epoch, found, near, at_s, settings)


def _beat(epoch: Epoch, at_s: float, *, unbroken: bool) -> Epoch:
    number = epoch.beat + 1
    if unbroken:
        kept = (*epoch.beats, (number, at_s))[-KEPT_BEATS:]
        return replace(epoch, beat=number, beats=kept)
    return replace(
        epoch, beat=number, beats=((number, at_s),), acked_at_s=at_s, confirmed_at_s=-inf
    )


def _begin(
    epoch: Epoch, near: Neighbourhood, at_s: float, settings: Settings
) -> tuple[Epoch, tuple[Step, ...]]:
    """Nobody ever claimed: the first Region does, once it sees that all others know of none.

    Whoever acknowledged a claim that is nowhere any more knows of one: its item was lost.
    """
    others = [near.peers.get(region) for region in near.order if region != near.region]
    heard = all(peer is not None and fresh(peer, at_s, settings) for peer in others)
    if near.region != near.order[0] or not heard or _newest_number(epoch, near):
        return epoch, ()
    return _claim(epoch, near, "no Region has claimed it before")


def _hold(
    epoch: Epoch, near: Neighbourhood, at_s: float, settings: Settings
) -> tuple[Epoch, tuple[Step, ...]]:
    """Renew the lease from the deputy's word, and hand over to a Region that is preferred."""
    claim = epoch.claim
    if claim is None:
        return epoch, ()
    if claim.heir:
        if claim.heir == near.region and _granted(claim, near):
            return _claim(epoch, near, f"{near.deputy} is its deputy now")
        return epoch, ()
    deputy = near.peers.get(claim.deputy)
    if deputy is not None and deputy.ack.number == claim.number:
        written_s = dict(epoch.beats).get(deputy.ack.beat, -inf)
        epoch = replace(epoch, confirmed_at_s=max(epoch.confirmed_at_s, written_s))
        if claim.alone and at_s - epoch.confirmed_at_s <= settings.lease_s:
            claim = replace(claim, alone=False)
            epoch = replace(epoch, claim=claim)
    heir = None if claim.kept else _preferred(near, at_s, settings)
    reason = f"{heir} is preferred, and has been well for {settings.hold_down_s:g} s"
    if heir is None:
        there = deputy is not None and fresh(deputy, at_s, settings)
        if claim.deputy == near.deputy or not (claim.alone or there):
            return epoch, ()
        heir = near.region
        reason = f"it claims anew, with {near.deputy} as its deputy instead of {claim.deputy}"
    step = Step(action=Action.RESIGN_EPOCH, target=heir, reason=reason)
    return replace(epoch, claim=replace(claim, heir=heir)), (step,)


def _preferred(near: Neighbourhood, at_s: float, settings: Settings) -> str | None:
    """Name a Region that comes before this one, serves again, and is there to take over."""
    for region in near.order[: near.order.index(near.region)]:
        watch, peer = near.watches.get(region), near.peers.get(region)
        if watch is None or peer is None or not fresh(peer, at_s, settings):
            continue
        since_s = max(watch.reading_since_s, watch.changed_at_s)
        serves = watch.phase is Phase.SERVING and watch.reading is Reading.WELL
        if serves and at_s >= since_s + settings.hold_down_s:
            return region
    return None


def _follow(
    epoch: Epoch, found: tuple[str, Claim], near: Neighbourhood, at_s: float, settings: Settings
) -> tuple[Epoch, tuple[Step, ...]]:
    """Acknowledge the holder as its deputy, or take over from it."""
    holder, claim = found
    if claim.heir == near.region and _granted(claim, near):
        return _claim(epoch, near, f"{holder} handed it over")
    if claim.deputy != near.region:
        return epoch, ()
    if claim.heir:
        return _arbitrate(epoch, found, near, at_s, settings)
    watch = near.watches.get(holder)
    if watch is None or watch.phase not in FLAGGED:
        beat = near.peers[holder].beat
        if (claim.number, beat) != (epoch.ack.number, epoch.ack.beat):
            ack = Ack(number=claim.number, beat=beat)
            epoch = replace(epoch, ack=ack, acked_at_s=at_s)
        return epoch, ()
    if claim.alone or at_s < epoch.acked_at_s + takeover_s(settings):
        return epoch, ()
    reason = f"nothing of {holder} was acknowledged for {takeover_s(settings):g} s"
    return _claim(epoch, near, reason)


def _arbitrate(
    epoch: Epoch, found: tuple[str, Claim], near: Neighbourhood, at_s: float, settings: Settings
) -> tuple[Epoch, tuple[Step, ...]]:
    """Grant the right of the heir that the holder named, or claim if nothing is heard of it."""
    holder, claim = found
    if claim.alone or (epoch.ack.number == claim.number and epoch.ack.heir):
        return epoch, ()
    heir, watch = near.peers.get(claim.heir), near.watches.get(claim.heir)
    bad = watch is not None and watch.reading in {Reading.TARGET_BAD, Reading.BOTH_BAD}
    if heir is not None and fresh(heir, at_s, settings) and not bad:
        return replace(epoch, ack=Ack(number=claim.number, heir=claim.heir)), ()
    if at_s < epoch.acked_at_s + takeover_s(settings):
        return epoch, ()
    return _claim(epoch, near, f"{holder} handed it to {claim.heir}, which is bad or silent")


def _granted(claim: Claim, near: Neighbourhood) -> bool:
    """Tell whether nobody but the heir that is named in this claim may claim the next number."""
    if claim.alone or claim.deputy == near.region:
        return True
    deputy = near.peers.get(claim.deputy)
    return deputy is not None and (deputy.ack.number, deputy.ack.heir) == (claim.number, claim.heir)


def takeover_s(settings: Settings) -> float:
    """Say how long a deputy acknowledges nothing before it may claim."""
    return PATIENCE * settings.lease_s


def fresh(peer: Peer, at_s: float, settings: Settings) -> bool:
    """Tell whether a Region beat within the last lease."""
    return 0 <= at_s - peer.seen_at_s <= settings.lease_s


def _newest_number(epoch: Epoch, near: Neighbourhood) -> int:
    """Give the highest number that anybody is known to have claimed or acknowledged, or 0."""
    found = holder_in(epoch, near)
    acked = [epoch.ack.number, *(peer.ack.number for peer in near.peers.values())]
    return max(acked) if found is None else max(found[1].number, *acked)


def _claim(
    epoch: Epoch, near: Neighbourhood, reason: str, *, by: str | None = None
) -> tuple[Epoch, tuple[Step, ...]]:
    number = _newest_number(epoch, near) + 1
    kept = by is not None or (epoch.claim is not None and epoch.claim.kept)
    claim = Claim(number=number, alone=True, deputy=near.deputy, kept=kept)
    step = Step(action=Action.CLAIM_EPOCH, target=near.region, reason=f"epoch {number}: {reason}")
    return replace(epoch, claim=claim, ack=Ack()), (step if by is None else replace(step, by=by),)
