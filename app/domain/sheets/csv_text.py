"""CSV as spreadsheet programs save it: which characters its bytes are, and what stands between its cells."""

from app.errors import Invalid


def text_of(content: bytes) -> str:
    """The text of a CSV file: UTF-8 with or without a byte order mark, else Windows-1252.

    Raises Invalid for UTF-16 and for what is a workbook and no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("The file is UTF-16: save it as CSV UTF-8 and send it again.")
    if content.startswith(b"PK\x03\x04"):
        raise Invalid("The file is a ZIP or an Excel workbook, not CSV: save it as CSV.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def delimiter_of(text: str) -> str:
    """What separates the cells: the most frequent of comma, semicolon and tab in the first line."""
    header = text.partition("\n")[0]
    return max((",", ";", "\t"), key=header.count)
