# One command for each thing one does with this project. `make` alone lists them.
#
#   make setup PYTHON=python3.12     another Python than the first suitable one (3.11 to 3.13)
#   make test PYTEST_ARGS='-k jws'   arguments for pytest
#   make acceptance ONLY=first.3     one subject or one point

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP   := $(BIN)/python -m pip --disable-pip-version-check

CODE  := $(wildcard protocol connectors transforms pipelines infra tests bench examples docs)

PYTEST_ARGS ?=
# Workers import Beam each on its own, so few of them; tests of one file share their fixtures.
XDIST ?= -n auto --maxprocesses 4 --dist loadfile

SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

# The first Python that runs and suits; a name on the path may be a shim that doesn't run.
$(BIN)/python:
	@found=; for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if $$python -c '$(SUITABLE)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "error: $(if $(PYTHON),$(PYTHON) is not,no) Python 3.11, 3.12 or 3.13$(if $(PYTHON),, found): name one with 'make setup PYTHON=/path/to/python'." >&2; exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	  echo "error: $$found can't make virtual environments (no ensurepip): install its venv package, on Debian and Ubuntu 'apt-get install python3-venv'." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	rm -rf $(VENV); $$found -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(STAMP): pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing ceramic-streams and its development tools (a few minutes the first time)"
	@$(PIP) install --quiet -c requirements.lock -e '.[dev]'
	@touch $@
	@echo "Ready: $(BIN)/ceramic-streams --help"

.PHONY: setup
setup: $(STAMP) ## make .venv and install everything into it

.PHONY: demo
demo: setup ## show on a small example what the project does
	@$(BIN)/python -m ceramic_pipelines.demo

.PHONY: test
test: lint ## lint, then run all tests
	@$(BIN)/python -m pytest $(XDIST) $(PYTEST_ARGS)

.PHONY: conformance
conformance: setup ## compare with the vectors of the reference implementations, case by case
	@$(BIN)/python -m pytest tests/conformance -v $(PYTEST_ARGS)

.PHONY: acceptance
acceptance: setup ## check the acceptance points (all, or ONLY='first second.2')
	@$(BIN)/python -m tests.acceptance $(ONLY)

.PHONY: bench
bench: setup ## measure, each figure beside its ceiling
	@$(BIN)/python -m bench

.PHONY: services
services: setup ## start Kafka, Kafka Connect and a schema registry on this machine, until Ctrl-C
	@$(BIN)/python -m infra.services

.PHONY: docs
docs: setup ## write the pages that follow from the code
	@$(BIN)/python docs/generate.py

.PHONY: lint
lint: setup ## check style, types and layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "error: not formatted as above, run 'make format'." >&2; exit 1; }
	@$(BIN)/mypy $(CODE)
	@$(BIN)/lint-imports --no-logo

.PHONY: format
format: setup ## format the code and repair what ruff can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix .

.PHONY: lock
lock: | $(BIN)/python ## bring requirements.lock in line with pyproject.toml (UPGRADE=--upgrade for newer versions)
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(PIP) install --quiet uv
	@$(BIN)/python -m uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 \
	  --fork-strategy fewest --only-binary :all: --no-emit-index-url --custom-compile-command "make lock" \
	  $(UPGRADE) --output-file requirements.lock
	@echo "requirements.lock is up to date"

.PHONY: clean
clean: ## remove what these commands made, .venv too
	@rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
