"""Returns: opened when a period ends, filled and submitted by who owes them, signed off by the authority."""

from app.services.returns.filing import amend_return, fill_return, submit_return
from app.services.returns.opening import open_due_returns
from app.services.returns.reading import read_return
from app.services.returns.sheets import read_rows, return_as_sheet, take_rows
from app.services.returns.signing_off import accept_return, query_return
from app.services.returns.templates import preview_template, publish_template, withdraw_template

__all__ = [
    "accept_return",
    "amend_return",
    "fill_return",
    "open_due_returns",
    "preview_template",
    "publish_template",
    "query_return",
    "read_return",
    "read_rows",
    "return_as_sheet",
    "submit_return",
    "take_rows",
    "withdraw_template",
]
