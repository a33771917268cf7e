"""The school register reader: three outside shapes and our own, good rows kept whatever the bad ones do."""

import csv
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.school_entry import RowFault, SchoolEntry
from app.domain.school_register import (
    merge,
    read_school_register,
    shipped_register,
    write_school_register,
)
from app.errors import Invalid

GIAS_COLUMNS = [
    "CloseDate",  # the real file has some 150 columns; order differs between downloads
    "Town",
    "URN",
    "LA (code)",
    "LA (name)",
    "EstablishmentNumber",
    "EstablishmentName",
    "TypeOfEstablishment (name)",
    "EstablishmentStatus (name)",
    "PhaseOfEducation (name)",
    "StatutoryLowAge",
    "StatutoryHighAge",
    "NumberOfPupils",
    "UKPRN",
    "Trusts (code)",
    "Trusts (name)",
    "Street",
    "Postcode",
]
GIAS_ROW = {
    "CloseDate": "31-08-2019",
    "Town": "Wensmere",
    "URN": "900001",
    "LA (code)": "999",
    "LA (name)": "Wensmere",
    "EstablishmentNumber": "17",
    "EstablishmentName": "St Thomas à Quillmere School",
    "TypeOfEstablishment (name)": "Academy converter",
    "EstablishmentStatus (name)": "Open, but proposed to close",
    "PhaseOfEducation (name)": "All-through",
    "StatutoryLowAge": "4",
    "StatutoryHighAge": "16",
    "NumberOfPupils": "721",
    "UKPRN": "10000001",
    "Trusts (code)": "2044",
    "Trusts (name)": "The Quill Trust",
    "Street": "1 Mere Road",
    "Postcode": "ZZ1 1ZZ",
}


def gias_csv(*changes: dict[str, str], columns: list[str] = GIAS_COLUMNS) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, quoting=csv.QUOTE_ALL, extrasaction="ignore")
    writer.writeheader()
    for change in changes:
        writer.writerow({**GIAS_ROW, **change})
    return text.getvalue()


def read(text: str | bytes) -> tuple[list[SchoolEntry], list[RowFault]]:
    raw = text.encode() if isinstance(text, str) else text
    items = list(read_school_register(io.BytesIO(raw)))
    return (
        [item for item in items if isinstance(item, SchoolEntry)],
        [item for item in items if isinstance(item, RowFault)],
    )


def only(text: str | bytes) -> SchoolEntry:
    entries, faults = read(text)
    assert faults == []
    assert len(entries) == 1
    return entries[0]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_a_gias_download_is_read_in_every_encoding_it_comes_in(encoding: str) -> None:
    entry = only(gias_csv({}).encode(encoding))
    assert entry == SchoolEntry(
        urn="900001",
        laestab="9990017",
        la_code="999",
        la_name="Wensmere",
        name="St Thomas à Quillmere School",
        status="open_proposed_to_close",
        phase="all_through",
        type="Academy converter",
        low_age=4,
        high_age=16,
        pupils_on_roll=721,
        ukprn="10000001",
        trust_uid="2044",
        trust_name="The Quill Trust",
        street="1 Mere Road",
        town="Wensmere",
        postcode="ZZ1 1ZZ",
        source="gias",
    )


def test_gias_blanks_are_unknown_not_nought() -> None:
    blank = dict.fromkeys(
        [
            "EstablishmentNumber",
            "StatutoryLowAge",
            "NumberOfPupils",
            "UKPRN",
            "Trusts (code)",
            "Street",
        ],
        "",
    )
    entry = only(gias_csv(blank))
    assert (entry.laestab, entry.low_age, entry.pupils_on_roll) == (None, None, None)
    assert (entry.ukprn, entry.trust_uid, entry.street) == (None, None, None)


@pytest.mark.parametrize(
    ("type_name", "phase_name", "phase"),
    [
        ("Community special school", "Not applicable", "special"),
        (
            "Free schools alternative provision",
            "Not applicable",
            "alternative_provision",
        ),
        ("Pupil referral unit", "Not applicable", "alternative_provision"),
        ("Community school", "Middle deemed secondary", "middle_deemed_secondary"),
        ("Community school", "16 plus", "16_plus"),
        ("Local authority nursery school", "Nursery", "nursery"),
        ("Other independent school", "", "not_applicable"),
    ],
)
def test_special_schools_and_alternative_provision_are_told_by_their_type(
    type_name: str, phase_name: str, phase: str
) -> None:
    entry = only(
        gias_csv(
            {
                "TypeOfEstablishment (name)": type_name,
                "PhaseOfEducation (name)": phase_name,
            }
        )
    )
    assert entry.phase == phase


def test_childrens_centres_are_passed_over() -> None:
    centre = {
        "URN": "20047",
        "TypeOfEstablishment (name)": "Children's centre linked site",
    }
    entries, faults = read(gias_csv(centre, {}))
    assert [entry.urn for entry in entries] == ["900001"]
    assert faults == []


ALLOCATIONS_HEADER = (
    "urn,laestab,la_code,la_name,name,type,pupils_on_roll,primary_pupils,secondary_pupils,"
    "deprivation_pp_pupils,deprivation_pp_pct,town_2018,postcode_2018,age_from_2018,age_to_2018\n"
)


@pytest.mark.parametrize(
    ("cells", "phase", "roll", "ages"),
    [
        (
            "Community school,187.5,187.5,0,9,4.8,Mereton,ZZ1 1ZZ,4,11",
            "primary",
            188,
            (4, 11),
        ),
        (
            "Mainstream Academy,721,149,572,9,4.8,Mereton,ZZ1 1ZZ,4,16",
            "all_through",
            721,
            (4, 16),
        ),
        (
            "Community school,400,190,210,9,4.8,Mereton,ZZ1 1ZZ,9,13",
            "middle_deemed_secondary",
            400,
            (9, 13),
        ),
        ("AP Academy,24,0,24,9,4.8,,,,", "alternative_provision", 24, (None, None)),
        ("Free School-Special,80,10,70,9,4.8,,,4,19", "special", 80, (4, 19)),
        ("Free School,0,0,0,0,,Mereton,ZZ1 1ZZ,16,19", "16_plus", 0, (16, 19)),
        (
            "Community school,0,0,0,0,,Mereton,ZZ1 1ZZ,0,0",
            "not_applicable",
            0,
            (None, None),
        ),
    ],
)
def test_the_allocations_file_gives_phase_by_rolls(
    cells: str, phase: str, roll: int, ages: tuple[int | None, int | None]
) -> None:
    entry = only(f"{ALLOCATIONS_HEADER}900001,9990017,999,Wensmere,Quillmere School,{cells}\n")
    assert (entry.phase, entry.pupils_on_roll, (entry.low_age, entry.high_age)) == (
        phase,
        roll,
        ages,
    )
    assert (entry.status, entry.source, entry.ukprn) == (
        "open",
        "pupil_premium_2019_20",
        None,
    )


def test_the_2026_subset_is_read() -> None:
    entry = only(
        "urn,laestab,la_code,la_name,region_name,name,status,phase,type,statutory_low_age,statutory_high_age,"
        "total_pupils,ukprn,trust_uid,trust_name,street,town,postcode\n"
        "900001,9990017,999,Wensmere,East,Quillmere School,Closed,Secondary,Academy converter,11,18,900,"
        "10000001,2044,The Quill Trust,Mere Road,Mereton,ZZ1 1ZZ\n"
    )
    assert (entry.status, entry.phase, entry.high_age, entry.pupils_on_roll) == (
        "closed",
        "secondary",
        18,
        900,
    )
    assert (entry.trust_uid, entry.source) == ("2044", "gias_2026")


def test_a_header_that_lacks_columns_names_them() -> None:
    columns = [c for c in GIAS_COLUMNS if c not in ("URN", "EstablishmentStatus (name)")]
    with pytest.raises(Invalid) as caught:
        read(gias_csv({}, columns=columns))
    assert "lacks the columns URN, EstablishmentStatus (name)." in caught.value.detail
    assert [fault.pointer for fault in caught.value.errors] == [
        "/columns/URN",
        "/columns/EstablishmentStatus (name)",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "lacks the columns URN"),
        (b"pupil,mark\n1,2\n", "lacks the columns URN"),
        (b"PK\x03\x04rest of a zip", "ZIP or an Excel"),
        ("URN,LA (code)\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_is_no_register_is_refused_in_plain_words(content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read(content)


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"URN": "90001"}, "URN", "6 digits"),
        ({"URN": "٩٠٠٠٠١"}, "URN", "6 digits"),
        ({"LA (code)": "99"}, "LA (code)", "3 digits"),
        ({"EstablishmentName": " "}, "EstablishmentName", "no name"),
        ({"EstablishmentNumber": "12345"}, "EstablishmentNumber", "LAESTAB"),
        (
            {"EstablishmentStatus (name)": "Ajar"},
            "EstablishmentStatus (name)",
            "not a status",
        ),
        (
            {"PhaseOfEducation (name)": "Tertiary"},
            "PhaseOfEducation (name)",
            "not a phase",
        ),
        ({"StatutoryLowAge": "17"}, "StatutoryLowAge", "above the highest age"),
        ({"NumberOfPupils": "many"}, "NumberOfPupils", "not a number"),
        ({"NumberOfPupils": "-3"}, "NumberOfPupils", "between"),
        ({"NumberOfPupils": "nan"}, "NumberOfPupils", "between"),
        ({"Town": "Mere\nton"}, "Town", "several lines"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_and_the_rest_go_on(
    change: dict[str, str], column: str, words: str
) -> None:
    entries, faults = read(gias_csv({"URN": "900002"}, change, {"URN": "900003"}))
    assert [entry.urn for entry in entries] == ["900002", "900003"]
    assert [(fault.line, fault.column, fault.row_kept) for fault in faults] == [(3, column, False)]
    assert words in faults[0].detail


def test_a_row_with_too_few_or_too_many_cells_is_left_out() -> None:
    lines = gias_csv({"URN": "900002"}, {}, {"URN": "900003"}).splitlines()
    for bad in (lines[2].rpartition(",")[0], lines[2] + ',"one more"'):
        entries, faults = read("\n".join([*lines[:2], bad, lines[3], ""]))
        assert [entry.urn for entry in entries] == ["900002", "900003"]
        assert [fault.line for fault in faults] == [3]


def test_a_quotation_mark_left_open_costs_its_own_row_only() -> None:
    lines = gias_csv({"URN": "900002"}, {}, {"URN": "900003"}).splitlines()
    lines[2] = lines[2].replace('Quillmere School"', "Quillmere School")
    entries, faults = read("\n".join([*lines, ""]))
    assert [entry.urn for entry in entries] == ["900002", "900003"]
    assert [(fault.line, fault.row_kept) for fault in faults] == [(3, False)]


def test_a_cell_longer_than_any_real_one_is_one_fault() -> None:
    entries, faults = read(gias_csv({"EstablishmentName": "x" * 200_000}, {"URN": "900002"}))
    assert [entry.urn for entry in entries] == ["900002"]
    assert "cannot be read as CSV" in faults[0].detail


def test_a_urn_that_comes_again_replaces_the_first_and_is_noted() -> None:
    entries, faults = read(gias_csv({"Town": "First"}, {"URN": "900002"}, {"Town": "Last"}))
    assert [entry.town for entry in entries if entry.urn == "900001"] == [
        "First",
        "Last",
    ]
    assert [(fault.line, fault.column, fault.row_kept) for fault in faults] == [(4, "URN", True)]
    assert "line 2" in faults[0].detail


def test_reading_is_a_stream() -> None:
    class Endless(io.RawIOBase):
        """A register that never ends: only a reader that yields as it goes gets anything from it."""

        def __init__(self) -> None:
            self.parts = iter([gias_csv({}).encode()])

        def readable(self) -> bool:
            return True

        def __iter__(self) -> "Endless":
            return self

        def __next__(self) -> bytes:
            for part in self.parts:
                self.lines = iter(part.splitlines(keepends=True))
            return next(self.lines, None) or self._row()

        def _row(self) -> bytes:
            return gias_csv({"URN": "900002"}).splitlines()[1].encode() + b"\n"

    register = read_school_register(Endless())  # type: ignore[arg-type]
    assert [getattr(next(register), "urn", None) for _ in range(2)] == [
        "900001",
        "900002",
    ]


def test_the_newer_register_wins_and_a_converted_school_closes(tmp_path: Path) -> None:
    old = only(gias_csv({"EstablishmentStatus (name)": "Open", "Town": "Old"}))
    converted = replace(old, urn="900002", laestab="9990018")
    academy = replace(converted, urn="900009")
    merged = merge([old, converted], [replace(old, town="New"), academy])
    assert [(entry.urn, entry.town, entry.status) for entry in merged] == [
        ("900001", "New", "open"),
        ("900002", "Old", "closed"),
        ("900009", "Old", "open"),
    ]
    path = tmp_path / "schools.csv.gz"
    write_school_register(merged, path)
    first = path.read_bytes()
    write_school_register(merged, path)
    assert path.read_bytes() == first


def test_the_shipped_register_is_whole_and_has_one_open_school_per_laestab() -> None:
    entries = list(shipped_register())
    assert len(entries) == 21_744
    assert len({entry.urn for entry in entries}) == len(entries)
    open_laestabs = [entry.laestab for entry in entries if entry.status != "closed"]
    assert len(set(open_laestabs)) == len(open_laestabs)
    sources = Counter(entry.source for entry in entries)
    assert sources == {"pupil_premium_2019_20": 21_567 - 1_747, "gias_2026": 1_924}


def test_the_shipped_register_fits_in_a_megabyte() -> None:
    path = Path(__file__).parents[2] / "app" / "data" / "schools.csv.gz"
    assert path.stat().st_size < 1_000_000
