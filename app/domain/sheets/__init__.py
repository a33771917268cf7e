"""Sheets: tables as people keep them in spreadsheet programs, read from CSV or a workbook and written as either."""

from app.domain.sheets.reading import CSV, READERS, XLSX, Line, Sheet, read_sheet
from app.domain.sheets.writing import to_csv, to_xlsx

__all__ = ["CSV", "READERS", "XLSX", "Line", "Sheet", "read_sheet", "to_csv", "to_xlsx"]
