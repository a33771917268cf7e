"""The application: its life, its handlers and its routes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from app.db import Database, WorkerDatabase
from app.graphql.http import graphql_route
from app.http.access_tokens import TokenVerifier
from app.http.logs import configure_logging
from app.http.metrics import HttpMetrics, watch_feed
from app.http.middleware import RequestMiddleware
from app.http.offline_docs import docs_routes
from app.http.problems import install_problem_handlers
from app.http.rate_limits import RateLimits, SignInThrottle
from app.http.runtime import Runtime
from app.http.signing_keys import SigningKeys
from app.jobs.clock import run_clock
from app.openapi import describe
from app.queries.offers import marks
from app.routers.all import PLAIN_ROUTES, ROUTERS, SANDBOX_ROUTERS
from app.schema import roles_for, user_of
from app.services.tailer import Tailer
from app.services.year_replays import YearReplays
from app.settings import Settings, get_settings
from app.together import Together


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """The ASGI application.

    `database` takes the place of the pool that the settings name (tests hand one in).
    """
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    registry = CollectorRegistry()
    runtime = make_runtime(settings, database)
    watch_feed(registry, runtime.tailer)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        running = [
            asyncio.create_task(runtime.tailer.run(), name="event tailer"),
            asyncio.create_task(
                run_clock(runtime.database, runtime.worker, settings.clock_interval_seconds), name="clock"
            ),
        ]
        yield
        await runtime.year_replays.close()
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if database is None:
            await runtime.database.dispose()

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=None if _is_traced() else {"tracing": False, "metrics": False, "logs": False},
    )
    app.state.runtime = runtime
    app.state.registry = registry
    app.router.routes.extend([graphql_route(), *docs_routes()])
    for router in (*ROUTERS, *(SANDBOX_ROUTERS if settings.sandbox else ())):
        app.include_router(router)
    install_problem_handlers(app)
    app.add_middleware(
        RequestMiddleware,
        metrics=HttpMetrics(registry),
        max_body_bytes=settings.max_body_bytes,
        https=settings.base_url.startswith("https://"),
        plain_routes=PLAIN_ROUTES,
    )
    describe(app)
    return app


def _is_traced() -> bool:
    """Whether the deployment configures OpenTelemetry. Asking it for every request costs as much as parsing a poll."""
    return any(name.startswith("OTEL_") for name in os.environ)


def make_runtime(settings: Settings, database: Database | None = None) -> Runtime:
    """The process's pools and keys. Raises ValueError when no database URL is set."""
    if database is None:
        if settings.database_url is None:
            raise ValueError("HALFTERM_DATABASE_URL is not set.")
        database = Database(settings.database_url, settings)
    keys = SigningKeys(settings.keys_path)
    worker = _worker_database(settings, database)
    return Runtime(
        settings=settings,
        database=database,
        worker=worker,
        keys=keys,
        verifier=TokenVerifier(keys, issuer=settings.base_url, audience=settings.base_url),
        tailer=Tailer(worker, settings.tailer_interval_ms / 1000),
        rate_limits=RateLimits(settings.rate_limit_per_minute),
        sign_ins=SignInThrottle(),
        worklist_marks=Together(partial(marks, database)),
        year_replays=YearReplays(database),
    )


def _worker_database(settings: Settings, database: Database) -> WorkerDatabase:
    if settings.worker_database_url:
        return WorkerDatabase(
            Database(settings.worker_database_url, settings, application_name="halfterm worker"), role=None
        )
    return WorkerDatabase(database, role=roles_for(user_of(database.url)).worker)
