"""Health, metrics and the service's own documents."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from app.db import check_ready
from app.http.answers import JSON, to_bytes
from app.http.runtime import runtime_of

router = APIRouter(tags=["operations"])


@router.get("/health/live", operation_id="live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready", operation_id="ready")
async def ready(request: Request) -> dict[str, str]:
    """The process can serve: its database is there, migrated, and its role is bound by row policy."""
    await check_ready(runtime_of(request).database)
    return {"status": "ready"}


@router.get("/metrics", operation_id="metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", operation_id="openapi_document")
async def openapi_document(request: Request) -> Response:
    """The OpenAPI document of this version."""
    return Response(to_bytes(request.app.openapi()), media_type=JSON)
