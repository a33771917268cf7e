"""What the service does: one verb per function. Lock, decide (in the domain), write, tell (an event)."""
