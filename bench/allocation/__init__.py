"""The allocation benchmark: seeded traces of one contract year, played through the product's own `decide`.

The traces are made up by a generator of whole numbers (`trace`), so a port in any language gives the same bytes.
"""
