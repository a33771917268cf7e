"""Calendars as councils and schools send them: a file becomes entries, and entries become academic years."""
