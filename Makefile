# Everything a person types. Needs make and Python 3.11 or later; the rest is installed into .venv.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
HOST ?= 127.0.0.1
PORT ?= 8000

# Stamps carry the checksum of the lock, so that a changed lock installs again and an unchanged one takes no time.
RUNTIME := $(VENV)/.runtime-$(shell cat requirements.txt 2>/dev/null | cksum | tr ' ' '-')
DEVELOPMENT := $(VENV)/.development-$(shell cat requirements.txt requirements-dev.txt 2>/dev/null | cksum | tr ' ' '-')

.PHONY: help install run test lint fix bench docs lock clean

help: ## Show the targets
	@echo "Targets (HOST=$(HOST) PORT=$(PORT) PYTHON=$(PYTHON)):"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done

install: $(DEVELOPMENT) ## Install everything, development tools included, into .venv
	@echo "Installed in $(VENV)."

run: $(RUNTIME) ## Serve on HOST:PORT: database, migrations, first admin, web, shipper, worker, beat
	@HOST=$(HOST) PORT=$(PORT) exec $(BIN)/python manage.py serve

test: $(DEVELOPMENT) ## Run the whole test suite, fast tests first; ARGS are handed to pytest
	@$(BIN)/python -m pytest $(ARGS)

lint: $(DEVELOPMENT) ## Check style, types, imports, templates, migrations and generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run 'make fix'."; exit 1; }
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --check --target-version 5.2
	@$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py settings_doc --check
	@$(BIN)/python -m pytest -q tests/tree/test_tree.py

fix: $(DEVELOPMENT) ## Format and fix what can be fixed
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2

bench: $(DEVELOPMENT) ## Measure, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench $(ARGS)

docs: $(DEVELOPMENT) ## Write the generated pages
	@$(BIN)/python manage.py settings_doc

lock: $(DEVELOPMENT) ## Compile requirements*.in to requirements*.txt with hashes
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--output-file requirements.txt requirements.in
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--output-file requirements-dev.txt requirements-dev.in

clean: ## Remove .venv and everything that runs and tests wrote, databases and keys included
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m config.machine.clean; \
	elif [ -d var ]; then echo "There is no $(VENV) to stop the database with: run 'make install' first, or remove var/ yourself."; exit 1; fi
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1). Set PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments: install its venv package (Debian, Ubuntu: python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(BIN)/python
	@echo "Installing the runtime set into $(VENV) (once for this lock) ..."
	@$(PIP) install --quiet --require-hashes -r requirements.txt
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEVELOPMENT): | $(RUNTIME)
	@echo "Installing the development set into $(VENV) (once for this lock) ..."
	@$(PIP) install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@rm -f $(VENV)/.development-* && touch $@
