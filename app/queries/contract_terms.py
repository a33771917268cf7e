"""The terms of contracts on a date, read from what was signed and every variation since."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import orjson

from app.db import ReadSession
from app.domain.contract_terms import ContractTerms, Variation, effective_terms, variation_from


async def terms_on(
    session: ReadSession, on: date, contract_ids: Sequence[UUID] | None = None
) -> dict[UUID, ContractTerms]:
    """The effective terms of contracts on a date, by id; of all that the session sees unless some are named.

    Volumes are those of the lots that the session sees.
    """
    signed = await signed_terms(session, contract_ids)
    varied = await variations_of(session, contract_ids)
    return {
        contract_id: effective_terms(terms, varied.get(contract_id, ()), on) for contract_id, terms in signed.items()
    }


async def signed_terms(session: ReadSession, contract_ids: Sequence[UUID] | None) -> dict[UUID, ContractTerms]:
    """The terms as signed, with the volumes of all lots."""
    rows = await session.rows(
        "SELECT c.id, c.starts_on, c.ends_on, c.price_pence, c.deemed_acceptance,"
        " array_agg(l.id) FILTER (WHERE l.id IS NOT NULL) AS lot_ids,"
        " array_agg(l.volume) FILTER (WHERE l.id IS NOT NULL) AS volumes"
        " FROM contract c LEFT JOIN lot l ON l.authority_id = c.authority_id AND l.contract_id = c.id"
        " WHERE c.authority_id = $1 AND ($2::uuid[] IS NULL OR c.id = ANY ($2))"
        " GROUP BY c.authority_id, c.id",
        session.authority_id,
        _listed(contract_ids),
    )
    return {
        row["id"]: ContractTerms(
            row["starts_on"],
            row["ends_on"],
            row["price_pence"],
            dict(zip(row["lot_ids"] or (), row["volumes"] or (), strict=True)),
            row["deemed_acceptance"],
        )
        for row in rows
    }


async def variations_of(session: ReadSession, contract_ids: Sequence[UUID] | None) -> dict[UUID, list[Variation]]:
    """Every variation recorded, by contract."""
    rows = await session.rows(
        "SELECT contract_id, number, kind, effective_on, terms FROM contract_variation"
        " WHERE authority_id = $1 AND ($2::uuid[] IS NULL OR contract_id = ANY ($2))",
        session.authority_id,
        _listed(contract_ids),
    )
    result: dict[UUID, list[Variation]] = {}
    for row in rows:
        variation = variation_from(row["number"], row["kind"], row["effective_on"], orjson.loads(row["terms"]))
        result.setdefault(row["contract_id"], []).append(variation)
    return result


def _listed(ids: Sequence[UUID] | None) -> list[UUID] | None:
    return None if ids is None else list(ids)
