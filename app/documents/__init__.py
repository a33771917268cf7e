"""Documents made of the record: letters, minutes. One content, shown as HTML and as PDF alike.

A `Document` (`app.documents.model`) is a title, the day that it bears, and blocks of plain words: `Heading`,
`Paragraph`, `Lines`, `Quote`, `Bullets`, `Facts` and `Table`. Words are never markup: whatever stands in them is shown
as it was written, so that nothing is to be escaped by whoever makes a document.

    document = Document("Minutes", date(2026, 11, 24), (Heading("Present"), Bullets(("Chair", "School nurse"))))
    as_data(document)             # plain JSON, to be frozen with the act that it tells of; `from_data` reads it back
    html.page(document)           # a whole page; send it with `html.PAGE_POLICY`
    await pdf.file(document)      # tagged for screen readers (PDF/UA-1), the same bytes for the same content

A route answers one with `app.http.documents.document_answer`, which settles HTML or PDF with the caller. The layer is
below the domain, so that pure rules can say what stands in a document; nothing here asks the time or the database.
"""
