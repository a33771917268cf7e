"""Tables, named constraints and row policies. Importing this package registers every table on `metadata`."""

from app.models import allocation, casework, demand, events, ground, national, parties, supply
from app.models.base import ROW_POLICIES, metadata

__all__ = [
    "ROW_POLICIES",
    "allocation",
    "casework",
    "demand",
    "events",
    "ground",
    "metadata",
    "national",
    "parties",
    "supply",
]
