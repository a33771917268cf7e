"""Reads for graphs of things: pages, rows by id and rows of a parent, each one statement whatever the number of ids."""

from app.queries.graph.nouns import Noun, Order
from app.queries.graph.reads import by_key, children, page

__all__ = ["Noun", "Order", "by_key", "children", "page"]
