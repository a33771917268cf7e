"""Tables, named constraints and row policies. Importing this package registers every table on `metadata`."""

from app.models import (
    allocation,
    casework,
    demand,
    events,
    ground,
    hand_over,
    household,
    national,
    parties,
    return_templates,
    supply,
)
from app.models.base import ROW_POLICIES, metadata

__all__ = [
    "ROW_POLICIES",
    "allocation",
    "casework",
    "demand",
    "events",
    "ground",
    "hand_over",
    "household",
    "metadata",
    "national",
    "parties",
    "return_templates",
    "supply",
]
