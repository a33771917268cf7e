"""What every request passes through: tokens, cursors, problems, conditions, logs, metrics. Knows no business rule."""
