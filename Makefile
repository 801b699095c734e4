# Two commands on a fresh machine: `make demo` and `make test`. `make` alone lists all.

PYTHON ?= python3
VENV := .venv/bin
READY := .venv/ready
READY_BENCH := .venv/ready-bench
FRONT := app/web/dist/manifest.json
# folders too: a source that was taken away is a change as well
FRONT_SOURCES := $(shell find app/web/front) $(wildcard scripts/front.*) package.json package-lock.json

.DEFAULT_GOAL := help
.PHONY: help setup demo test fuzz bench clean release lock audit

help: ## Show these lines
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(READY) $(FRONT) ## Make .venv, install the locked dependencies and build the page

demo: $(READY) $(FRONT) ## Start a simulated market with its dashboard on http://127.0.0.1:5050 (OI_FEED: others)
	@exec $(VENV)/python -m app demo

test: $(READY) $(FRONT) ## Run the whole suite (PYTEST_ARGS='-k name' narrows it)
	@$(VENV)/python -m pytest $(PYTEST_ARGS)

fuzz: $(READY) $(FRONT) ## Try twenty thousand bad inputs on every parser, route and command (OI_FUZZ_INPUTS: more)
	@OI_FUZZ_INPUTS=$${OI_FUZZ_INPUTS:-20000} $(VENV)/python -m pytest -q tests/fuzz $(PYTEST_ARGS)

bench: $(READY_BENCH) $(FRONT) ## Measure everything and refresh docs/benchmarks.md (BENCH_ARGS: its options)
	@$(VENV)/python -m benchmarks all --readme docs/benchmarks.md $(BENCH_ARGS)

clean: ## Stop the local server, remove .venv and caches; data and programs in .oi stay
	@if [ -x $(VENV)/python ] && [ -d "$${OI_HOME:-.oi}" ]; then $(VENV)/python -m db server stop; fi
	@rm -rf .venv node_modules app/web/dist build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find app benchmarks db tests alembic scripts -name __pycache__ -prune -exec rm -rf {} +

release: $(READY) ## List all revisions as released: from then on they stay as they are
	@$(VENV)/python scripts/release.py

audit: $(READY) ## Ask whether a locked dependency has a known fault (SECURITY.md lists the exceptions)
	@$(VENV)/pip-audit --strict --requirement requirements.lock --require-hashes --disable-pip --ignore-vuln CVE-2020-35678
	@npm audit --omit=optional

lock: $(READY) ## Write the lock files anew from pyproject.toml
	@export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	compile="$(VENV)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11"; \
	$$compile pyproject.toml --extra parquet -o requirements.lock && \
	$$compile pyproject.toml --extra parquet --group dev -o requirements-dev.lock && \
	$$compile pyproject.toml --extra parquet --group dev --group bench -o requirements-bench.lock && \
	$$compile --group front -o requirements-front.lock && \
	printf '%s\n' editables hatchling uv | $$compile - -o requirements-setup.lock

$(READY): requirements-dev.lock requirements-setup.lock pyproject.toml scripts/setup.py
	@$(PYTHON) scripts/setup.py requirements-dev.lock
	@touch $@

$(FRONT): $(FRONT_SOURCES) requirements-front.lock | $(READY)
	@$(VENV)/python scripts/front.py
	@touch $@

$(READY_BENCH): $(READY) requirements-bench.lock
	@$(PYTHON) scripts/setup.py requirements-bench.lock
	@touch $@
