"""Every router, hot ones first."""

from typing import Final

from fastapi import APIRouter

from app.http.plain_routes import PlainRoute
from app.routers import (
    allocation_runs,
    allocations,
    areas,
    audit,
    calendar_days,
    calendar_imports,
    calendars,
    clients,
    contract_end,
    contracts,
    events,
    explanations,
    facts,
    intervention_contacts,
    intervention_plan,
    intervention_readings,
    interventions,
    lots,
    measures,
    oauth,
    obligations,
    officers_acts,
    operations,
    outcomes,
    places,
    policies,
    practice_audits,
    practitioners,
    providers,
    published,
    referrals,
    returns,
    sandbox,
    school_calendars,
    schools,
    services,
    waiting_list,
    worklist,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    referrals.router,
    worklist.router,
    allocations.router,
    events.router,
    waiting_list.router,
    allocation_runs.router,
    explanations.router,
    officers_acts.router,
    audit.router,
    clients.router,
    interventions.router,
    intervention_contacts.router,
    intervention_plan.router,
    intervention_readings.router,
    measures.router,
    practice_audits.router,
    obligations.router,
    facts.router,
    returns.router,
    outcomes.router,
    areas.router,
    calendars.router,
    school_calendars.router,
    calendar_imports.router,
    calendar_days.router,
    contracts.router,
    contract_end.router,
    lots.router,
    places.router,
    policies.router,
    practitioners.router,
    providers.router,
    schools.router,
    services.router,
    published.router,
    oauth.router,
    operations.router,
)

PLAIN_ROUTES: Final[tuple[PlainRoute, ...]] = (referrals.PLAIN, worklist.PLAIN)
"""They are asked before the application."""

SANDBOX_ROUTERS: Final[tuple[APIRouter, ...]] = (sandbox.router,)
"""Served where the service is a sandbox, and nowhere else."""
