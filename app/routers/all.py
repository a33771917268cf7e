"""Every router, hot ones first."""

from typing import Final

from fastapi import APIRouter

from app.routers import audit, clients, events, oauth, operations

ROUTERS: Final[tuple[APIRouter, ...]] = (events.router, audit.router, clients.router, oauth.router, operations.router)
