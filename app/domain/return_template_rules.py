"""What an authority may ask in a version of its own of a return template.

It may add questions, word them anew, and leave out what nothing stands on. What facts and outcomes are made of stays as
it ships (`kept`), with the arithmetic that keeps it sound: a figure means the same in every authority.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from jsonschema import Draft202012Validator

from app.domain.return_prefill import ROW_SOURCES, SOURCES
from app.domain.return_rules import MAX_FAULTS, wording
from app.domain.returns import Template
from app.errors import FieldFault

Content = Mapping[str, Any]

STATED: Final = ("title", "purpose", "schema", "labels", "help", "needed", "prefill", "rules", "sheet")
"""The parts of a template that an authority states; the others are those of the version that ships."""


def own_version(base: Template, stated: Content, version: int) -> Template:
    """A template as an authority stated it, on the version that ships."""
    fixed = {name: value for name, value in base.content.items() if name not in STATED}
    return Template(base.name, version, {**fixed, **stated, "version": version})


def own_content(template: Template) -> dict[str, Any]:
    """The parts of a template that an authority states: where it begins from."""
    return {name: template.content[name] for name in STATED if name in template.content}


def template_faults(base: Template, stated: Content) -> list[FieldFault]:
    """What is wrong with an authority's own version of a template that ships; none when it can be published."""
    errors = sorted(_definition().iter_errors(stated), key=lambda error: [str(step) for step in error.absolute_path])
    faults = [fault for error in errors for fault in wording(error)]
    if not faults:
        own = own_version(base, stated, base.version)
        faults = list(_shape_faults(base, own)) or [*_kept_faults(base, own), *_reference_faults(own)]
    return faults[:MAX_FAULTS]


@cache
def _definition() -> Draft202012Validator:
    text = resources.files("app.data").joinpath("return_template_definition.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _shape_faults(base: Template, own: Template) -> Iterator[FieldFault]:
    """The rows stand where they stood, and everything else is a section of plain fields."""
    field, _ = base.rows
    for name, schema in own.schema["properties"].items():
        if (schema["type"] == "array") != (name == field):
            yield FieldFault(f"/schema/properties/{name}", "not_taken", f"Only {field} is a list of rows.")
    if field not in own.schema["properties"]:
        yield FieldFault("/schema/properties", "required", f"{field} is required: it has the rows.")


def fields_of(template: Template) -> dict[str, Mapping[str, Any]]:
    """The schema of each field, by its JSON Pointer with `*` for each row."""
    found = {}
    for name, schema in template.schema["properties"].items():
        at, section = (f"/{name}/*", schema["items"]) if schema["type"] == "array" else (f"/{name}", schema)
        for field, inner in section["properties"].items():
            found[f"{at}/{field}"] = inner
    return found


def _kept_faults(base: Template, own: Template) -> Iterator[FieldFault]:
    before, after = fields_of(base), fields_of(own)
    for pointer in base.kept:
        if pointer not in after:
            yield FieldFault("/schema", "kept", f"{pointer} cannot be left out: facts and outcomes stand on it.")
        elif after[pointer] != before[pointer]:
            yield FieldFault("/schema", "kept", f"{pointer} stays as it ships: facts and outcomes stand on it.")
        if pointer in base.needed and pointer not in own.needed:
            yield FieldFault("/needed", "kept", f"{pointer} stays needed: facts and outcomes stand on it.")
        if base.prefill.get(pointer) != own.prefill.get(pointer):
            yield FieldFault("/prefill", "kept", f"{pointer} is filled in from the record as it ships.")
    kept = set(base.kept)
    checks = [rule["check"] for rule in own.checks]
    for rule in base.checks:
        if set(_pointers_of(rule["check"])) <= kept and rule["check"] not in checks:
            yield FieldFault("/rules", "kept", f"The rule {rule['code']} stays: facts and outcomes stand on it.")


def _reference_faults(own: Template) -> Iterator[FieldFault]:
    """Pointers that lead nowhere, questions without words, rules about what is no number, columns that meet."""
    fields, rows = fields_of(own), f"/{own.rows[0]}"
    for pointer in fields:
        if pointer not in own.content["labels"]:
            yield FieldFault("/labels", "required", f"{pointer} needs a label: people read it.")
    for part in ("labels", "help", "needed", "prefill"):
        for pointer in own.content.get(part, ()):
            if pointer not in fields and not (part == "labels" and f"/{pointer[1:]}" in _sections(own)):
                yield FieldFault(f"/{part}", "unknown_field", f"{pointer} is no field of the schema.")
    for pointer, source in own.prefill.items():
        known = ROW_SOURCES[own.name] if pointer.startswith(f"{rows}/") else SOURCES[own.name]
        if source not in known:
            yield FieldFault("/prefill", "unknown_value", f"{pointer} can be filled in from {_listed(known)}.")
    for index, rule in enumerate(own.content["rules"]):
        yield from _rule_faults(own, rule.get("check", {}), f"/rules/{index}/check")
    yield from _sheet_faults(own, fields, rows)


def _sections(own: Template) -> set[str]:
    return {f"/{name}" for name in own.schema["properties"]}


def _rule_faults(own: Template, check: Content, at: str) -> Iterator[FieldFault]:
    fields, rows = fields_of(own), f"/{own.rows[0]}"
    for pointer in _pointers_of(check):
        if pointer not in fields and not (pointer == rows and "total" in check):
            yield FieldFault(at, "unknown_field", f"{pointer} is no field of the schema.")
        elif (pointer != check.get("total")) != pointer.startswith(rows):
            yield FieldFault(at, "not_taken", f"{pointer}: a rule compares fields of a row, or totals them outside.")
        elif not _may_be(check, pointer, fields.get(pointer, {})):
            yield FieldFault(at, "wrong_type", f"{pointer} is no number.")


def _may_be(check: Content, pointer: str, schema: Content) -> bool:
    """Whether a field can stand where a check names it: counted, compared and added up are whole numbers alone."""
    counts_rows = "total" in check and pointer == check["of"] and ("where" in check or not schema)
    return "either" in check or counts_rows or "integer" in schema.get("type", ())


def _pointers_of(check: Content) -> list[str]:
    """Every field that a check names."""
    named: list[str] = []
    for part in ("at_most", "sum", "or"):
        named += check.get(part, ())
    return named + [check[part] for part in ("equals", "either", "total", "of") if part in check]


def _sheet_faults(own: Template, fields: Mapping[str, Any], rows: str) -> Iterator[FieldFault]:
    headings = [column["heading"].casefold() for column in own.sheet]
    if len(set(headings)) != len(headings):
        yield FieldFault("/sheet", "repeated", "Two columns have the same heading.")
    for index, column in enumerate(own.sheet):
        at = f"/sheet/{index}"
        if "field" not in column and "from" not in column:
            yield FieldFault(at, "required", "A column is a field of the rows, or comes from the record.")
        elif "field" in column and f"{rows}/*/{column['field']}" not in fields:
            yield FieldFault(at, "unknown_field", f"{column['field']} is no field of the rows.")
    if not any(column.get("field") == "referral_reference" and column.get("from") == "record" for column in own.sheet):
        yield FieldFault("/sheet", "required", "A column has the reference, from the record: rows are found by it.")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"


def changes_between(before: Template, after: Template) -> dict[str, list[str]]:
    """The fields that a version adds, drops and asks otherwise, by JSON Pointer: for the person who publishes it."""
    old, new = fields_of(before), fields_of(after)
    labels = before.content["labels"], after.content["labels"]
    both = old.keys() & new.keys()
    return {
        "added": sorted(new.keys() - old.keys()),
        "dropped": sorted(old.keys() - new.keys()),
        "changed": sorted(
            pointer
            for pointer in both
            if old[pointer] != new[pointer]
            or labels[0].get(pointer) != labels[1].get(pointer)
            or (pointer in before.needed) != (pointer in after.needed)
        ),
    }
