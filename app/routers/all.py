"""Every router, hot ones first."""

from typing import Final

from fastapi import APIRouter

from app.routers import (
    allocations,
    audit,
    clients,
    events,
    intervention_contacts,
    intervention_plan,
    intervention_readings,
    interventions,
    oauth,
    obligations,
    operations,
    referrals,
    waiting_list,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    referrals.router,
    allocations.router,
    events.router,
    waiting_list.router,
    audit.router,
    clients.router,
    interventions.router,
    intervention_contacts.router,
    intervention_plan.router,
    intervention_readings.router,
    obligations.router,
    oauth.router,
    operations.router,
)
