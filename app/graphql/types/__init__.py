"""The types of the graph, one file per noun. Importing this package binds every type to its noun."""

from app.graphql.types import (
    allocations,
    authority,
    closing,
    courses,
    interventions,
    link_days,
    officers_acts,
    outcomes,
    panels,
    placements,
    pupils,
    referrals,
    returns,
    schools,
    supply,
)

__all__ = [
    "allocations",
    "authority",
    "closing",
    "courses",
    "interventions",
    "link_days",
    "officers_acts",
    "outcomes",
    "panels",
    "placements",
    "pupils",
    "referrals",
    "returns",
    "schools",
    "supply",
]
