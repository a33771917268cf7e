"""A school's return through a spreadsheet program, and back."""

import csv
import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.db import Database
from app.domain.sheets import CSV, XLSX
from tests.api.test_returns import ENDED, filled, only, provider, school, school_return, stored
from tests.factories.authority import Town
from tests.factories.casework import accepted_case
from tests.factories.http import Api, Caller
from tests.factories.outcomes import open_returns

HEADINGS = "Reference,Sessions possible,Sessions attended,Authorised absence,Unauthorised absence"


async def send(caller: Caller, row: dict[str, Any], content: bytes | str, kind: str = CSV, **options: Any) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    headers = {"Content-Type": kind, **options.pop("headers", {})}
    return await caller.request("POST", f"/v1/returns/{row['id']}/rows", content=raw, headers=headers, params=options)


def outcomes(answer: Any) -> list[tuple[int, str]]:
    assert answer.status_code == 200, answer.text
    return sorted((line["line"], line["outcome"]) for line in answer.json()["lines"])


def first(row: dict[str, Any]) -> dict[str, Any]:
    pupil: dict[str, Any] = row["content"]["pupils"][0]
    return pupil


async def test_what_comes_out_goes_back_in_unchanged(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    sheet = await mis.get(f"/v1/returns/{row['id']}/template.csv")
    assert sheet.content.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by its byte order mark"
    (line,) = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
    assert line["Reference"] == first(row)["referral_reference"]
    assert line["Pupil"], "an office knows its pupils by name"
    assert outcomes(await send(mis, row, sheet.content)) == [(2, "unchanged")]
    book = await mis.get(f"/v1/returns/{row['id']}/template.xlsx")
    assert outcomes(await send(mis, row, book.content, XLSX)) == [(2, "unchanged")]
    assert (await only(mis))["state"] == "due", "a sheet that says nothing new changes nothing"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_a_sheet_as_programs_save_it_is_taken(
    api: Api, lane: Database, town: Town, mark: bytes, delimiter: str
) -> None:
    row = await school_return(api, lane, town)
    reference = first(row)["referral_reference"]
    text = f"{HEADINGS}\r\n\r\n{reference.lower()},140,120,12,8\r\n,,,,\r\n".replace(",", delimiter)
    answer = await send(school(api, town), row, mark + text.encode())
    assert outcomes(answer) == [(3, "taken")]
    after = await only(school(api, town))
    assert (after["state"], first(after)["sessions_attended"]) == ("draft", 120)
    assert answer.headers["etag"] == f'"{after["version"]}"'
    told = (await stored(lane, town, row["id"]))["told"]
    assert told == ["return.due", "return.drafted"]


async def test_a_workbook_filled_in_by_hand_is_taken_with_its_numbers_as_the_program_keeps_them(
    api: Api, lane: Database, town: Town
) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    book = load_workbook(io.BytesIO((await mis.get(f"/v1/returns/{row['id']}/template.xlsx")).content))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[1]}
    for heading, value in {
        "Sessions possible": 140.0, "Sessions attended": 120, "Authorised absence": "12", "Unauthorised absence": 8,
        "Suspensions": 0, "Sessions lost to suspension": 0, "Permanent exclusions": 0,
    }.items():  # fmt: skip
        sheet.cell(2, places[heading], value)
    saved = io.BytesIO()
    book.save(saved)
    assert outcomes(await send(mis, row, saved.getvalue(), XLSX)) == [(2, "taken")]
    assert (await mis.post(f"/v1/returns/{row['id']}/submit")).status_code == 200


async def test_bad_lines_are_answered_and_good_ones_kept(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    reference = first(row)["referral_reference"]
    text = f"{HEADINGS}\nR-2222-2222,1,1,0,0\n{reference},140,120,12,8\n{reference},140,120,12,8\n"
    answer = await send(school(api, town), row, text)
    assert outcomes(answer) == [(2, "refused"), (3, "taken"), (4, "repeated")]
    assert answer.json()["lines"][0]["errors"][0]["code"] == "row_for_each"
    assert first(await only(school(api, town)))["sessions_possible"] == 140


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ("140,141,0,0", "Sessions possible", "sessions_add_up"),
        ("140,-1,0,0", "Sessions attended", "out_of_range"),
        ("140,70.5,0,0", "Sessions attended", "wrong_type"),
        ("140,many,0,0", "Sessions attended", "wrong_type"),
        ("999,1,0,0", "Sessions possible", "out_of_range"),
    ],
)
async def test_a_line_that_is_half_valid_changes_nothing(
    api: Api, lane: Database, town: Town, cells: str, column: str, code: str
) -> None:
    row = await school_return(api, lane, town)
    before = await stored(lane, town, row["id"])
    answer = await send(school(api, town), row, f"{HEADINGS}\n{first(row)['referral_reference']},{cells}\n")
    assert outcomes(answer) == [(2, "refused")]
    (fault,) = answer.json()["lines"][0]["errors"]
    assert (fault["column"], fault["code"]) == (column, code), fault
    assert await stored(lane, town, row["id"]) == before


async def test_two_lines_that_differ_are_both_refused(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    reference = first(row)["referral_reference"]
    answer = await send(
        school(api, town),
        row,
        f"{HEADINGS}\n{reference},140,120,12,8\n{reference},140,119,13,8\n{reference},140,120,12,8\n",
    )
    assert outcomes(answer) == [(2, "refused"), (3, "refused"), (4, "refused")]


async def test_marks_are_counted_and_must_agree_with_counts(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis, reference = school(api, town), first(row)["referral_reference"]
    heading = "Register marks instead of the four counts"
    answer = await send(mis, row, f"Reference,{heading}\n{reference},/\\ I D Y2 # L U B G\n")
    assert outcomes(answer) == [(2, "taken")]
    pupil = first(await only(mis))
    names = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised")
    assert [pupil[name] for name in names] == [7, 4, 1, 2]
    wrong = await send(mis, row, f"Reference,Sessions attended,{heading}\n{reference},5,/\\ I D Y2 # L U B G\n")
    assert wrong.json()["lines"][0]["errors"][0]["code"] == "marks_disagree"
    withdrawn = await send(mis, row, f"Reference,{heading}\n{reference},/H\n")
    assert withdrawn.json()["lines"][0]["errors"][0]["code"] == "unknown_mark"


async def test_a_column_left_out_keeps_and_an_empty_cell_empties(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis, reference = school(api, town), first(row)["referral_reference"]
    await mis.put(f"/v1/returns/{row['id']}", {"content": filled(row)}, headers={"If-Match": f'"{row["version"]}"'})
    assert outcomes(await send(mis, row, f"Reference,Comment\n{reference},Part-time until May\n")) == [(2, "taken")]
    pupil = first(await only(mis))
    assert (pupil["comment"], pupil["sessions_possible"]) == ("Part-time until May", 140)
    assert outcomes(await send(mis, row, f"Reference,Comment\n{reference},\n")) == [(2, "taken")]
    assert first(await only(mis))["comment"] is None


async def test_text_that_looks_like_a_formula_goes_out_safe_and_comes_back_as_it_was(
    api: Api, lane: Database, town: Town
) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    content = {"pupils": [first(row) | {"comment": '=HYPERLINK("http://127.0.0.1")'}]}
    await mis.put(f"/v1/returns/{row['id']}", {"content": content}, headers={"If-Match": f'"{row["version"]}"'})
    sheet = (await mis.get(f"/v1/returns/{row['id']}/template.csv")).content
    (line,) = csv.DictReader(io.StringIO(sheet.decode("utf-8-sig")))
    assert line["Comment"].startswith("'=")
    assert outcomes(await send(mis, row, sheet)) == [(2, "unchanged")]
    book = (await mis.get(f"/v1/returns/{row['id']}/template.xlsx")).content
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml"), "no cell is a formula"
    assert outcomes(await send(mis, row, book, XLSX)) == [(2, "unchanged")]


async def test_a_dry_run_tells_and_changes_nothing(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    before = await stored(lane, town, row["id"])
    answer = await send(
        school(api, town), row, f"{HEADINGS}\n{first(row)['referral_reference']},140,120,12,8\n", dry_run="true"
    )
    assert (answer.json()["dry_run"], answer.json()["taken_count"]) == (True, 1)
    assert await stored(lane, town, row["id"]) == before


async def test_a_retried_sheet_has_one_effect_and_one_answer(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    text = f"{HEADINGS}\n{first(row)['referral_reference']},140,120,12,8\n"
    key = {"Idempotency-Key": "sheet-1"}
    one = await send(school(api, town), row, text, headers=key)
    two = await send(school(api, town), row, text, headers=key)
    assert (one.content, two.headers["idempotency-replayed"]) == (two.content, "true")
    stale = await send(school(api, town), row, text, headers={"If-Match": f'"{row["version"]}"'})
    assert stale.status_code == 412


async def test_twenty_thousand_lines_are_answered_and_more_are_too_many(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    lines = "".join(f"R-{number:08d},1,1,0,0\n" for number in range(20_000))
    answer = await send(school(api, town), row, f"{HEADINGS}\n{lines}")
    assert (answer.status_code, answer.json()["refused_count"]) == (200, 20_000)
    assert len(answer.json()["lines"]) == 2_000
    assert (await send(school(api, town), row, f"{HEADINGS}\n{lines}R-1,1,1,0,0\n")).status_code == 413


def _far_cell() -> bytes:
    saved, altered = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["Reference"])
    book.save(saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(altered, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far)
            new.writestr(name, content)
    return altered.getvalue()


def _damaged() -> bytes:
    """A workbook of which some bytes in the middle of its sheet were lost on the way."""
    saved = io.BytesIO()
    book = Workbook()
    for number in range(200):
        book.active.append([f"R-{number}", number])
    book.save(saved)
    content = bytearray(saved.getvalue())
    with zipfile.ZipFile(saved) as archive:
        member = archive.getinfo("xl/worksheets/sheet1.xml")
    middle = member.header_offset + member.compress_size // 2
    content[middle : middle + 40] = bytes(40)
    return bytes(content)


def _zip_bomb() -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (70 * 1024 * 1024))
    return saved.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"PK\x03\x04nothing", XLSX, 422),
        (b"", XLSX, 422),
        (_damaged(), XLSX, 422),
        (_zip_bomb(), XLSX, 413),
        (_far_cell(), XLSX, 413),
        (b"PK\x03\x04", CSV, 422),
        ("Reference".encode("utf-16"), CSV, 422),
        (b"", CSV, 422),
        (b"Pupil,Comment\nA,b\n", CSV, 422),
        (b"Reference,Reference\nA,b\n", CSV, 422),
        (b"Reference\n" + b"x" * 20_000, CSV, 413),
        (b"Reference", "application/json", 415),
    ],
)
async def test_what_is_no_sheet_is_refused(
    api: Api, lane: Database, town: Town, content: bytes, kind: str, status: int
) -> None:
    row = await school_return(api, lane, town)
    before = await stored(lane, town, row["id"])
    answer = await send(school(api, town), row, content, kind)
    assert answer.status_code == status, answer.text
    assert await stored(lane, town, row["id"]) == before


async def test_a_submitted_return_takes_no_sheet(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    mis = school(api, town)
    await mis.put(f"/v1/returns/{row['id']}", {"content": filled(row)}, headers={"If-Match": f'"{row["version"]}"'})
    await mis.post(f"/v1/returns/{row['id']}/submit")
    text = f"{HEADINGS}\n{first(row)['referral_reference']},1,1,0,0\n"
    assert (await send(mis, row, text)).status_code == 409


async def test_another_organisation_has_no_part_in_it(api: Api, lane: Database, town: Town) -> None:
    row = await school_return(api, lane, town)
    for caller in (school(api, town, 1), provider(api, town)):
        assert (await send(caller, row, f"{HEADINGS}\n")).status_code == 404
        assert (await caller.get(f"/v1/returns/{row['id']}/template.csv")).status_code == 404


async def test_a_provider_fills_its_cases_in_from_a_sheet(api: Api, lane: Database, town: Town) -> None:
    await accepted_case(api, town)
    await open_returns(lane, town, ENDED)
    portal = provider(api, town)
    row = await only(portal)
    reference = row["content"]["cases"][0]["referral_reference"]
    text = f"Reference,Contacts offered,Contacts attended,Planned end\n{reference},4,3,05/02/2027\n"
    assert outcomes(await send(portal, row, text)) == [(2, "taken")]
    case = (await only(portal))["content"]["cases"][0]
    assert (case["contacts_offered_count"], case["planned_end_on"]) == (4, "2027-02-05")
    over = await send(portal, row, f"Reference,Contacts offered,Contacts attended\n{reference},1,3\n")
    assert over.json()["lines"][0]["errors"][0]["code"] == "attended_within_offered"
