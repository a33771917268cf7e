# The service without a database of its own: HALFTERM_DATABASE_URL names the server. The Makefile's counterpart for production.
FROM python:3.13-slim AS packages
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r /tmp/runtime.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/halfterm halfterm
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/halfterm
COPY LICENSE NOTICE pyproject.toml alembic.ini ./
COPY app app
COPY migrations migrations
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HALFTERM_HOST=0.0.0.0 \
    HALFTERM_PORT=8000 \
    HALFTERM_DATA_DIR=/var/lib/halfterm
# The signing keys live here: keep them, or every token ends with the container.
VOLUME /var/lib/halfterm
USER halfterm
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"HALFTERM_PORT\"]}/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["serve"]
