"""What every request passes through: tokens, cursors, problems, conditions, logs and metrics. Knows no business rule."""
