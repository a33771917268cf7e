"""Placements: asked for by a school, agreed by the unit, reviewed, extended, and ended with an outcome."""
