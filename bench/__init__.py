"""Benchmarks: the real service over TCP, each figure a ratio to the same rows by bare asyncpg in the same run."""
