"""The types of the graph, one file per noun. Importing this package binds every type to its noun."""

from app.graphql.types import (
    allocations,
    attention,
    authority,
    interventions,
    officers_acts,
    outcomes,
    practice_audits,
    pupils,
    referrals,
    returns,
    schools,
    supply,
)

__all__ = [
    "allocations",
    "attention",
    "authority",
    "interventions",
    "officers_acts",
    "outcomes",
    "practice_audits",
    "pupils",
    "referrals",
    "returns",
    "schools",
    "supply",
]
