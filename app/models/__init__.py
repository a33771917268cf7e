"""Tables, named constraints and row policies. Importing this package registers every table on `metadata`."""

from app.models import (
    allocation,
    casework,
    closing,
    courses,
    demand,
    events,
    ground,
    hand_over,
    link_days,
    national,
    panels,
    parties,
    placements,
    pre_exclusion,
    return_templates,
    supply,
)
from app.models.base import ROW_POLICIES, metadata

__all__ = [
    "ROW_POLICIES",
    "allocation",
    "casework",
    "closing",
    "courses",
    "demand",
    "events",
    "ground",
    "hand_over",
    "link_days",
    "metadata",
    "national",
    "panels",
    "parties",
    "placements",
    "pre_exclusion",
    "return_templates",
    "supply",
]
