"""The failover brain: observations in, steps out. Pure: no I/O, no clock, no randomness.

One module that production, rehearsal and simulation all run. In every Region an observer looks at
the Regions it watches, thinks (`think`), writes down what it thought, and takes the steps.

What moves traffic. Route 53's health checks do, by themselves. The brain *latches* a move with an
evacuation flag, so that a flapping Region does not flap the traffic, and takes the latch off
behind gates. A flag stands in the watcher's own Region; no step calls another Region's API, and
none a control plane.

What always holds, whatever is observed (`resilience.failover.rules` checks it after every step of
every run, in AWS too):

1. Stale or missing observations never set or clear a flag, and a gap in observing, or a clock set
   back, breaks every agreement.
2. An observer that is itself sick decides nothing.
3. Unless an operator asks, a flag is set only while its Region is judged bad by both signals (the
   watcher's own probe, and Route 53's verdict) and another Region is well by Route 53's verdict,
   for `agreement_s` without a break.
4. Once latched, a healthy target alone changes nothing. The latch comes off when someone asked for
   failback, the target has been well for `hold_down_s` and every gate is open; or when someone
   forces it; or when, for `agreement_s` without a break, no other Region is well while the target
   is: a latch never keeps traffic on an impaired Region when a healthy one is there.
   An operator's `hold` keeps automation off the flag, both ways: hold first, then force.
5. One decision takes at most one step on a flag. A step lost on its way is taken again; a flag set
   by another hand is adopted, and so is one cleared by another hand.
6. Only what the table says changes a phase; an operator's word is a row of a table too. The word
   given last counts, and one that a later one replaces is withdrawn as far as it is not done.
7. The epoch's number never falls. It is claimed only by the first Region when nobody has; by the
   heir a holder names, with its deputy's grant; by a deputy that acknowledged nothing for two
   leases and has latched traffic away from the holder, or waits as long for an heir that is bad
   or silent; or by a Region that an operator promotes.
8. Two Regions never hold the epoch at once, unless an operator promoted one while another held or
   could take over, and not all have heard of it (`resilience.failover.epoch` says why).

Times are seconds on the deciding Region's own clock. No rule compares two Regions' clocks.
"""

from resilience.failover.brain import (
    Brain,
    Inputs,
    Place,
    think,
    with_flag_step_done,
)
from resilience.failover.decision import (
    OBSERVER,
    Intent,
    Settings,
    Sighting,
    Step,
    Watch,
    decide,
    shut_gates,
)
from resilience.failover.epoch import Ack, Claim, Epoch, Peer, holder_in, holds, takeover_s
from resilience.failover.outlook import next_change_s
from resilience.failover.rules import broken_rules
from resilience.failover.signals import (
    NEVER,
    Gates,
    Reading,
    Sense,
    Signal,
    read,
    sense,
    truth_table,
)
from resilience.failover.table import (
    FLAGGED,
    FORCED_FAILBACK,
    ORDERS,
    TABLE,
    Action,
    IntentKind,
    Order,
    Phase,
    Rule,
    Wait,
)

__all__ = [
    "FLAGGED",
    "FORCED_FAILBACK",
    "NEVER",
    "OBSERVER",
    "ORDERS",
    "TABLE",
    "Ack",
    "Action",
    "Brain",
    "Claim",
    "Epoch",
    "Gates",
    "Inputs",
    "Intent",
    "IntentKind",
    "Order",
    "Peer",
    "Phase",
    "Place",
    "Reading",
    "Rule",
    "Sense",
    "Settings",
    "Sighting",
    "Signal",
    "Step",
    "Wait",
    "Watch",
    "broken_rules",
    "decide",
    "holder_in",
    "holds",
    "next_change_s",
    "read",
    "sense",
    "shut_gates",
    "takeover_s",
    "think",
    "truth_table",
    "with_flag_step_done",
]
