"""Every list and aggregate of the service, as requests of the callers who make them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bench.people import People, Person

_ORDER = 75
"""Whose authority is asked: one from the middle."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    label: str
    person: Person
    path: str
    method: str = "GET"
    body: dict[str, Any] | None = None


def every_list(people: People) -> list[Asked]:
    """The requests, of an officer, a school and the provider with most of the cases."""
    at = min(_ORDER, len(people.officers) - 1)
    kinds = {"officer": people.officers[at], "school": people.schools[at], "provider": people.providers[at]}
    asked: list[Asked] = []
    month_ago = quote((datetime.now(UTC) - timedelta(days=400)).isoformat())
    later = quote((datetime.now(UTC) - timedelta(days=370)).isoformat())
    for kind, person in kinds.items():
        for filters in (
            "", "&sort=received_at", "&state=waiting", "&state=offered&state=accepted", "&state=closed",
            "&mis_id=P-3300", "&sender_reference=MIS-3300", f"&received_from={month_ago}&received_before={later}",
        ):  # fmt: skip
            asked.append(Asked(f"{kind}: referrals{filters[:34]}", person, f"/v1/referrals?limit=50{filters}"))
        for path in (
            "/v1/events?limit=200", "/v1/interventions", "/v1/interventions?state=active", "/v1/obligations",
            "/v1/obligations?state=open", "/v1/obligations?state=overdue", "/v1/returns", "/v1/schools", "/v1/services",
        ):  # fmt: skip
            asked.append(Asked(f"{kind}: {path}", person, path))
    officer, school, provider = kinds["officer"], kinds["school"], kinds["provider"]
    for path in ("/v1/allocations", "/v1/allocations?state=pending", "/v1/allocations?state=accepted&state=pending",
                 "/v1/allocations?changed_after="):  # fmt: skip
        asked += [Asked(f"provider: {path}", provider, path), Asked(f"officer: {path}", officer, path)]
    asked += [
        Asked("officer: waiting list", officer, "/v1/waiting-list"),
        Asked("officer: audit", officer, "/v1/audit"),
        Asked("school: search by UPN", school, "/v1/referrals/search", "POST", {"upn": "J926999903300"}),
        Asked("provider: lots", provider, "/v1/lots"),
        Asked("provider: practitioners", provider, "/v1/practitioners"),
    ]
    year = "starts_on=2025-09-01&ends_on=2026-08-31"
    for name in ("attendance", "suspensions", "timeliness", "capacity"):
        asked.append(Asked(f"officer: outcome {name}, one year", officer, f"/v1/outcomes/{name}?{year}"))
    asked.append(Asked("officer: attendance by need", officer, f"/v1/outcomes/attendance?{year}&group_by=need"))
    for kind, person in kinds.items():
        for label, query in _GRAPH.items():
            asked.append(Asked(f"{kind}: graphql {label}", person, "/graphql", "POST", {"query": query}))
    return asked


_GRAPH = {
    "referrals": "{ referrals(first: 100) { nodes { reference state school { name } provider { name }"
    " allocation { state provider { name } } pupil { givenName } } } }",
    "referrals waiting": '{ referrals(first: 100, state: ["waiting"]) { nodes { reference } } }',
    "referrals by need": '{ referrals(first: 100, need: "transition") { nodes { reference } } }',
    "allocations": "{ allocations(first: 100) { nodes { reference state } } }",
    "interventions": "{ interventions(first: 100) { nodes { state } } }",
    "obligations": "{ obligations(first: 100) { nodes { kind dueAt } } }",
}
