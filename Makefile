# Needs Python 3.11 or later and make. Everything else is installed into .venv from the lock files in requirements/.
# The project runs from its source tree; .venv/bin/halfterm is its command.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The first of these that is 3.11 or later makes .venv; `make PYTHON=/path/to/python3.12` names one.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
PY := $(VENV)/bin/python
HALFTERM := $(PY) -m app.cli
LOCAL := $(VENV)/local.stamp
DEV := $(VENV)/dev.stamp
# On one server the tests run one after the other: a transaction that is open in any of its databases holds back the
# event feed of all the others.
PROCESSES := $(if $(HALFTERM_TEST_DATABASE_URL),0,2)
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# uv installs in a quarter of pip's time. Where it cannot (no build of it, an index that only pip is told of), pip does it.
# The hashes are checked either way.
define install
	@echo "Installing $(1) into $(VENV)"
	@if $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt \
	&& $(VENV)/bin/uv pip install --quiet --python $(PY) $${PIP_INDEX_URL:+--default-index "$$PIP_INDEX_URL"} \
		--require-hashes -r $(1); then :; \
	else echo "uv is of no use here: installing with pip, which takes longer"; \
		$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi
	@printf '%s\n' '#!/bin/sh' 'here=$$(cd "$$(dirname "$$0")/../.." && pwd)' \
		'PYTHONPATH="$$here" exec "$$here/$(PY)" -m app.cli "$$@"' > $(VENV)/bin/halfterm
	@chmod +x $(VENV)/bin/halfterm
	@touch $@
endef

.PHONY: help serve migrate simulate test check bench fmt lock clean reset

help: ## What there is
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-10s %s\n", $$1, $$2}'

serve: $(LOCAL) ## The service with its own PostgreSQL and the sandbox authority (HALFTERM_PORT, HALFTERM_DATA_DIR)
	@$(HALFTERM) serve

migrate: $(LOCAL) ## Roles and schema of the server in HALFTERM_OWNER_DATABASE_URL
	@$(HALFTERM) migrate

simulate: $(LOCAL) ## A half-term of one authority through the real API; YEAR=1 for a school year
	@$(HALFTERM) simulate $(if $(YEAR),--year)

test: $(DEV) ## The whole suite (HALFTERM_TEST_DATABASE_URL: on that server); ARGS= for pytest
	$(PY) -m pytest -n $(PROCESSES) --dist loadfile $(ARGS)

check: $(DEV) ## Lint, format, types, import contracts, security, generated files
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m bandit --quiet --recursive --configfile pyproject.toml app migrations
	$(HALFTERM) openapi --check

bench: $(DEV) ## The benchmarks; ARGS= for their options
	$(PY) -m bench $(ARGS)

fmt: $(DEV) ## Format, and repair what can be repaired
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

lock: $(DEV) ## Lock files from pyproject.toml, keeping versions where it can; UPGRADE=1 for the newest
	$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/runtime.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra local pyproject.toml -o requirements/local.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra local --extra dev pyproject.toml -o requirements/dev.txt
	echo uv | $(LOCK) --constraint requirements/dev.txt --no-annotate - -o requirements/uv.txt

clean: ## Remove .venv and caches; the data folder stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset: ## Remove the data folder (HALFTERM_DATA_DIR), so that the next serve starts empty
	@data="$${HALFTERM_DATA_DIR:-.halfterm}"; \
	if [ -L "$$data/postgres" ]; then rm -rf "$$(readlink "$$data/postgres")"; fi; \
	rm -rf "$$data"

$(PY):
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$("$$python" --version)"; \
			"$$python" -m venv --clear $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo "$$python cannot make a virtual environment; on Debian and Ubuntu, install python3-venv." >&2; exit 1; \
		fi; \
	done; \
	echo "Halfterm needs Python 3.11 or later; found none among: $(PYTHON). Name one: make PYTHON=/path/to/python3" >&2; exit 1

$(LOCAL): requirements/local.txt requirements/uv.txt | $(PY)
	$(call install,requirements/local.txt)

$(DEV): requirements/dev.txt requirements/uv.txt | $(PY)
	$(call install,requirements/dev.txt)
