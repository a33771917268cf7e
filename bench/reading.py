"""The reads that are measured: each as HTTP requests, and as the statement that a bare script would run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.queries.offers import _COLUMNS, _JOINS
from bench.bare import Work
from bench.http_client import request
from bench.people import People, Person

PAGE: Final = 50
GRAPH_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of read: who asks, how, and what must come out of both ways alike."""

    name: str
    callers: Callable[[People], list[Person]]
    over_http: Callable[[Person], bytes]
    bare: Callable[[Person], Work]
    of_answer: Callable[[bytes], list[tuple[Any, ...]]]
    of_rows: Callable[[list[dict[str, Any]]], list[tuple[Any, ...]]]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


_WORKLIST_FIELDS = (
    "id", "reference", "state", "place_number", "service_name", "referral_id", "referral_reference", "school_id",
    "school_name", "intervention_state", "planned_end_on",
)  # fmt: skip


def _of_worklist(body: bytes) -> list[tuple[Any, ...]]:
    return [tuple(_text(row.get(name)) for name in _WORKLIST_FIELDS) for row in orjson.loads(body)["data"]]


def _of_worklist_rows(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(_text(row[name]) for name in _WORKLIST_FIELDS) for row in rows[:PAGE]]


# The owner sees every referral; a provider only those whose case is its own. Said in the join, both read the same rows.
_OWN_CASES = _JOINS.replace(
    "LEFT JOIN referral r ON ", "LEFT JOIN referral r ON r.case_provider_id = o.provider_id AND "
)

WORKLIST = Read(
    name=f"worklist page of {PAGE}",
    callers=lambda people: people.providers,
    over_http=lambda person: request("GET", f"/v1/allocations?limit={PAGE}", person.token),
    bare=lambda person: (
        f"SELECT {_COLUMNS} FROM (SELECT * FROM offer o WHERE o.authority_id = $1 AND o.provider_id = $2"
        f" ORDER BY o.offered_at, o.id LIMIT $3) o {_OWN_CASES} ORDER BY o.offered_at, o.id",
        (person.authority_id, person.organisation_id, PAGE + 1),
    ),
    of_answer=_of_worklist,
    of_rows=_of_worklist_rows,
)

_QUERY = """query Page($first: Int!) {
  referrals(first: $first) {
    nodes {
      id reference state band receivedAt yearGroup keyStage needCodes
      school { name urn phase }
      provider { name }
      allocation { reference state offeredAt answerDueAt provider { name } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

_GRAPH_SQL = """
SELECT r.reference, r.state, r.band, r.received_at, r.year_group, r.key_stage, r.need_codes,
  so.name AS school_name, s.urn, s.phase, cp.name AS case_provider,
  o.reference AS offer_reference, o.state AS offer_state, o.offered_at, o.answer_due_at, op.name AS offer_provider
FROM referral r
LEFT JOIN school s ON s.authority_id = r.authority_id AND s.organisation_id = r.school_id
LEFT JOIN organisation so ON so.authority_id = r.authority_id AND so.id = r.school_id
LEFT JOIN organisation cp ON cp.authority_id = r.authority_id AND cp.id = r.case_provider_id
LEFT JOIN LATERAL (
  SELECT * FROM offer f WHERE f.authority_id = r.authority_id AND f.referral_id = r.id
  ORDER BY f.offered_at DESC, f.id DESC LIMIT 1
) o ON true
LEFT JOIN organisation op ON op.authority_id = o.authority_id AND op.id = o.provider_id
WHERE r.authority_id = $1 ORDER BY r.received_at DESC, r.id DESC LIMIT $2
"""


def _of_graph(body: bytes) -> list[tuple[Any, ...]]:
    nodes = orjson.loads(body)["data"]["referrals"]["nodes"]
    return [
        (
            node["reference"],
            node["state"],
            tuple(node["needCodes"]),
            node["school"]["name"],
            node["school"]["urn"],
            (node["provider"] or {}).get("name"),
            (node["allocation"] or {}).get("reference"),
            (node["allocation"] or {}).get("state"),
            ((node["allocation"] or {}).get("provider") or {}).get("name"),
        )
        for node in nodes
    ]


def _of_graph_rows(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = (
        "reference", "state", "need_codes", "school_name", "urn", "case_provider", "offer_reference", "offer_state",
        "offer_provider",
    )  # fmt: skip
    return [
        tuple(tuple(value) if isinstance(value := row[name], list) else value for name in names)
        for row in rows[:GRAPH_PAGE]
    ]


def naive_page(person: Person) -> bytes:
    """The same page, asked of `bench.naive`."""
    body = orjson.dumps({"query": _QUERY, "variables": {"first": GRAPH_PAGE}})
    return request("POST", "/graphql", person.token, body, X_Authority=str(person.authority_id))


GRAPHQL = Read(
    name=f"GraphQL page of {GRAPH_PAGE}",
    callers=lambda people: people.officers,
    over_http=lambda person: request(
        "POST", "/graphql", person.token, orjson.dumps({"query": _QUERY, "variables": {"first": GRAPH_PAGE}})
    ),
    bare=lambda person: (_GRAPH_SQL, (person.authority_id, GRAPH_PAGE + 1)),
    of_answer=_of_graph,
    of_rows=_of_graph_rows,
)
