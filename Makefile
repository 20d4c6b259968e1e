# Every task of the project. `make up` runs the app, `make test` proves it; both work on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UP ?=
TESTS ?= tests
CRASH ?=

# Container images often tell Python to keep nothing it compiled. Here many processes start, and each would compile
# every package anew: that is most of the time that a start takes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install web up browser test check lint types e2e bench crash wheel clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

install: $(INSTALLED) ## make .venv with all that running and testing need

$(INSTALLED): pyproject.toml uv.lock
	@echo "Installing into $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "OpenRooms needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "Could not make a virtual environment; on Debian: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv sync --frozen --inexact
	@touch $@

web: $(INSTALLED) ## build the web pages if anything they are made of has changed
	@$(BIN)/python -m openrooms_app.build

up: web ## run everything on http://127.0.0.1:8000 (options: make up UP="--port 9000")
	@exec $(BIN)/openrooms up $(UP)

browser: $(INSTALLED)
	@$(BIN)/python -m tests.browser

test: web browser ## run all tests, in several processes (tests/sharing.py)
	@$(BIN)/python -m pytest $(TESTS) -n auto --dist loadscope

lint: $(INSTALLED) ## format check, linters, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

types: web ## check the types of Python and TypeScript
	@$(BIN)/mypy
	@$(BIN)/python -m openrooms_app.build --check-types

check: lint types test ## everything that has to hold before a commit lands

e2e: web browser ## the tests that drive a real browser
	@$(BIN)/python -m pytest tests/e2e tests/app -m e2e

bench: web browser ## print the measurements in small sizes, one JSON line each
	@for name in expressions validate live_feed editor_load; do $(BIN)/python -m benchmarks.$$name || exit 1; done
	@$(BIN)/python -m benchmarks.engine --quick
	@$(BIN)/python -m benchmarks.peers --quick

crash: $(INSTALLED) ## kill everything, many times; the report goes to docs/crash-matrix.md (options: CRASH="--runs 400")
	@$(BIN)/python -m tests.crash.matrix $(CRASH)
	@$(BIN)/python -m pytest tests/simulation/hunt_bites.py -n auto

wheel: web ## build the wheel, pages included
	@ln -sfn "$$($(BIN)/python -c 'from openrooms_app.frontend import built; print(built())')" .make/frontend/current
	@$(BIN)/uv build --wheel

clean: ## remove what was built; keeps your data in .openrooms
	@rm -rf $(VENV) .web .make dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis assets/external
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
