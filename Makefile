# The commands of Banc. A newcomer needs two: make run, make test.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
# pip's own output is long: show how far it is, and every error.
COUNT := | awk '/^(Collecting|Requirement)/ {n++; printf "\r  %d packages found", n; fflush()} /^Installing/ {printf "\n  installing them\n"; fflush()}'
.DEFAULT_GOAL := help
.PHONY: help run test check bench docs lock clean setup setup-dev

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## start everything, play a first week, print the indicators
	@$(BIN)/banc demo

test: setup-dev ## run the tests
	@$(BIN)/python -m pytest -n auto --dist loadfile

check: setup-dev ## ruff, mypy, import contracts, generated docs up to date
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m banc.docs --check

bench: setup-dev ## ratios: each socle against a bare handler, documents against lxml
	@$(BIN)/python -m banc.measure_speed
	@$(BIN)/python -m banc.speed_documents

docs: setup-dev ## rewrite the generated pages
	@$(BIN)/python -m banc.docs

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

$(VENV)/.python:
	@echo "Creating $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Banc needs Python 3.11 or later; set PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "The venv module is incomplete: on Debian or Ubuntu, apt install python3-venv"; exit 2; }
	@touch $@

$(VENV)/.ready: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing what Banc needs (a minute the first time)"
	@$(PIP) -r requirements.lock $(COUNT)
	@$(PIP) --quiet --no-deps --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@echo "Installing what the tests need"
	@$(PIP) -r requirements-dev.lock $(COUNT)
	@touch $@

lock: ## pin again what requirements.in and requirements-dev.in name
	@$(BIN)/python -m banc.lock

clean: ## remove what was built, played and measured
	@rm -rf data build dist .mypy_cache .ruff_cache .import_linter_cache
