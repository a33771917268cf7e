"""A made-up authority, its schools, pupils and providers, and the processes that play a year of its work."""
