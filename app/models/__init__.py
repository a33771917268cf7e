"""Tables, named constraints and row policies. Importing this package registers every table on `metadata`."""

from app.models import (
    allocation,
    casework,
    concerns,
    demand,
    events,
    ground,
    hand_over,
    national,
    parties,
    return_templates,
    supply,
    words,
)
from app.models.base import ROW_POLICIES, metadata

__all__ = [
    "ROW_POLICIES",
    "allocation",
    "casework",
    "concerns",
    "demand",
    "events",
    "ground",
    "hand_over",
    "metadata",
    "national",
    "parties",
    "return_templates",
    "supply",
    "words",
]
