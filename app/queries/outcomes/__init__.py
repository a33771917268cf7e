"""Outcomes, each defined once: one module, one statement, one definition."""

from app.queries.outcomes.attendance import attendance_change
from app.queries.outcomes.capacity import capacity
from app.queries.outcomes.suspensions import suspensions_change
from app.queries.outcomes.timeliness import timeliness

__all__ = ["attendance_change", "capacity", "suspensions_change", "timeliness"]
