"""Who gets which place, when, and why: one pure function, `decide(snapshot, policy, as_of) -> plan`.

facts           what a decision may know             answers       what comes out of it
eligibility     hard reasons, in order               order         band, fair share, long-stop, date
cost, reach     which place                          cadence       what is decided on arrival
siblings        together, and a claim                caps          caseloads and volumes
matching        priority matching                    certificate   jumps, and proof that nobody was passed over
supply          the index by what places can do      waiting       the index of a long list by what is wanted
expected_start  when a place may come                facts_of_time school days as a decision needs them
override        what an officer may set aside
"""

from app.domain.allocation.answers import Decision, Excuse, Plan, Score, TightSet, Verdict, Waits
from app.domain.allocation.deciding import decide
from app.domain.allocation.eligibility import lot_reason, place_reason, verdicts_of
from app.domain.allocation.facts import (
    Arrival,
    Caseload,
    Claim,
    Hold,
    Lot,
    Place,
    Reason,
    SchoolShare,
    Snapshot,
    Want,
)
from app.domain.allocation.order import effective_band, order

__all__ = [
    "Arrival",
    "Caseload",
    "Claim",
    "Decision",
    "Excuse",
    "Hold",
    "Lot",
    "Place",
    "Plan",
    "Reason",
    "SchoolShare",
    "Score",
    "Snapshot",
    "TightSet",
    "Verdict",
    "Waits",
    "Want",
    "decide",
    "effective_band",
    "lot_reason",
    "order",
    "place_reason",
    "verdicts_of",
]
