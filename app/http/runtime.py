"""What a running process holds: its settings, pools, keys and the waiters of the event feed."""

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from app.access import Principal
from app.db import Database, WorkerDatabase
from app.http.access_tokens import TokenVerifier
from app.http.rate_limits import RateLimits, SignInThrottle
from app.http.signing_keys import SigningKeys
from app.services.tailer import Tailer
from app.services.year_replays import YearReplays
from app.settings import Settings
from app.together import Together


@dataclass(slots=True)
class Runtime:
    """Made once per process by `app.main`, reached by routes through the application's state."""

    settings: Settings
    database: Database
    worker: WorkerDatabase
    keys: SigningKeys
    verifier: TokenVerifier
    tailer: Tailer
    rate_limits: RateLimits
    sign_ins: SignInThrottle
    worklist_marks: Together[Principal, str]
    """Of a provider, what its worklist's 304 is answered from."""
    year_replays: YearReplays


def runtime_of(connection: HTTPConnection) -> Runtime:
    """The runtime behind a request."""
    return cast("Runtime", connection.app.state.runtime)
