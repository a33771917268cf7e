"""The published order: effective band, fair-share bucket, band date, time received, reference."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.domain.allocation.facts import SchoolShare, Want
from app.domain.policy import Policy

Rank = tuple[str, int, date]


def order(want: Want) -> tuple[str, date, datetime, str]:
    """The order that a referral was given by people: band, date of the band, time received, reference."""
    return want.band, want.banded_on, want.received_at, want.reference


def effective_band(want: Want, policy: Policy, as_of: date) -> tuple[str, date]:
    """The band that counts on a day, and the date that it counts from: the long-stop raises and re-dates."""
    return counting_band(want.band, want.banded_on, want.long_stop_on, policy, as_of)


def counting_band(
    band: str, banded_on: date, long_stop_on: date | None, policy: Policy, as_of: date
) -> tuple[str, date]:
    """`effective_band` of a band, its date and the day of its long-stop."""
    rule = policy.long_stop
    if rule and band == rule["band"] and long_stop_on is not None and long_stop_on <= as_of:
        return rule["becomes"], long_stop_on
    return band, banded_on


def date_of_band(to: str, counting: tuple[str, date], today: date) -> date:
    """The date of a band that a person sets today: today, so that nobody goes ahead of those who waited in it.

    `counting` is the band that counts now and its date. A referral that the long-stop has raised to the very band
    keeps the date that the long-stop gave it: to be confirmed in it is no reason to go back.
    """
    band, since = counting
    return since if band == to else today


def over_entitled_schools(shares: Iterable[SchoolShare], policy: Policy) -> frozenset[UUID]:
    """The schools whose starts exceed their entitlement by more than the policy allows; none while it is off."""
    rule = policy.fair_share
    if not rule["on"]:
        return frozenset()
    return frozenset(
        share.school_id
        for share in shares
        if share.starts * 10_000 > rule["percent"] * share.entitlement + 100 * rule["extra_hundredths"]
    )


class Order:
    """The published order on a day."""

    def __init__(self, policy: Policy, shares: Iterable[SchoolShare], as_of: date) -> None:
        self._policy = policy
        self._as_of = as_of
        self._late = over_entitled_schools(shares, policy)
        self._exempt = frozenset(policy.fair_share["exempt"])
        self._stopped = policy.long_stop["band"] if policy.long_stop else None

    def rank(self, want: Want) -> Rank:
        """Effective band, fair-share bucket and band date: what comes before time received and reference."""
        band, since = want.band, want.banded_on
        if band == self._stopped:
            band, since = effective_band(want, self._policy, self._as_of)
        late = bool(self._late) and want.school_id in self._late and band not in self._exempt
        return band, 1 if late else 0, since

    def key(self, want: Want) -> tuple[str, int, date, datetime, str]:
        """The whole key of the order."""
        return (*self.rank(want), want.received_at, want.reference)

    def sorted(self, wants: Iterable[Want]) -> list[tuple[Rank, list[Want]]]:
        """The wants in order, in runs of equal rank: long lists have few, and this takes a third of one sort's time."""
        alike: dict[tuple[Any, ...], list[Want]] = {}
        facts = _OF_RANK_AND_SCHOOL if self._late else _OF_RANK
        for want in wants:
            key = facts(want)
            if key in alike:
                alike[key].append(want)
            else:
                alike[key] = [want]
        runs: dict[Rank, list[Want]] = {}
        for group in alike.values():
            runs.setdefault(self.rank(group[0]), []).extend(group)
        for run in runs.values():
            run.sort(key=_within)
        return sorted(runs.items())


_within: Callable[[Want], tuple[Any, ...]] = attrgetter("received_at", "reference")
_OF_RANK: Callable[[Want], tuple[Any, ...]] = attrgetter("band", "banded_on", "long_stop_on")
_OF_RANK_AND_SCHOOL: Callable[[Want], tuple[Any, ...]] = attrgetter("band", "banded_on", "long_stop_on", "school_id")
