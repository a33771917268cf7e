"""One Settings object; every variable is an environment variable named `HALFTERM_` + its name in capitals."""

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a deployment can set. Durations say their unit; sizes are bytes."""

    model_config = SettingsConfigDict(env_prefix="HALFTERM_", extra="ignore")

    database_url: str | None = Field(
        None,
        description="PostgreSQL of the application role. Absent: the embedded PostgreSQL in `data_dir` is started.",
    )
    owner_database_url: str | None = Field(
        None, description="PostgreSQL of the role that owns the tables: migrations and administration only."
    )
    worker_database_url: str | None = Field(
        None,
        description="PostgreSQL of the worker role (event tailer, clock). Absent: the application role takes it on.",
    )
    data_dir: Path = Field(Path(".halfterm"), description="Where the embedded PostgreSQL and the signing keys live.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="TCP port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    public_url: str | None = Field(
        None, description="The URL that clients use; issuer and audience of tokens. Absent: made from host and port."
    )
    signing_keys_file: Path | None = Field(
        None, description="JWKS file with the private signing keys. Absent: `signing-keys.json` in `data_dir`."
    )
    sandbox: bool = Field(False, description="Serves the sandbox routes and movable business time.")
    token_lifetime_seconds: int = Field(900, ge=60, le=3600, description="Life of an access token.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body.")
    pool_size: int = Field(20, ge=2, le=200, description="Database connections per process.")
    pool_timeout_seconds: float = Field(5.0, gt=0, description="Wait for a free connection before answering 503.")
    statement_cache_size: int = Field(
        200, ge=0, description="Prepared statements kept per connection; 0 behind a PgBouncer older than 1.21."
    )
    statement_timeout_seconds: int = Field(15, ge=1, description="Longest statement of a request.")
    rate_limit_per_minute: int = Field(6000, ge=1, description="Requests per client and minute, per process.")
    tailer_interval_ms: int = Field(200, ge=10, description="How often the event tailer reads the horizon.")
    clock_interval_seconds: float = Field(30.0, gt=0, description="How often the clock runs what falls due.")
    log_level: str = Field("INFO", description="Python log level.")

    @property
    def base_url(self) -> str:
        """The service's public URL without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def keys_path(self) -> Path:
        """Where the signing keys are kept."""
        return self.signing_keys_file or self.data_dir / "signing-keys.json"


@cache
def get_settings() -> Settings:
    """The process's settings, read from the environment once."""
    return Settings()
