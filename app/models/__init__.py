"""Tables, named constraints and row policies. Importing this package registers every table on `metadata`."""

from app.models import (
    allocation,
    attention,
    casework,
    demand,
    events,
    ground,
    hand_over,
    measures,
    national,
    parties,
    supply,
)
from app.models.base import ROW_POLICIES, metadata

__all__ = [
    "ROW_POLICIES",
    "allocation",
    "attention",
    "casework",
    "demand",
    "events",
    "ground",
    "hand_over",
    "measures",
    "metadata",
    "national",
    "parties",
    "supply",
]
