"""Every router, hot ones first."""

from typing import Final

from fastapi import APIRouter

from app.routers import operations

ROUTERS: Final[tuple[APIRouter, ...]] = (operations.router,)
