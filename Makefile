# make demo      try it                       make test     every check and test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo demo-clean test quick check bench fuzz messages pictures lock clean packages

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(VENV)/.demo ## Run everything on this machine, with ten invented reports; Ctrl-C ends it.
	@exec $(BIN)/intake demo

demo-clean: ## Remove what the demo left.
	rm -rf demo

test: $(VENV)/.dev packages check ## Set up, then run every check and every test.
	$(BIN)/pytest -n auto --dist worksteal

quick: $(VENV)/.dev check ## The tests that take no longer than a minute and a half together.
	$(BIN)/pytest -n $$(getconf _NPROCESSORS_ONLN) --dist worksteal -m "not slow"

check: $(VENV)/.dev ## Style, types and the direction of imports.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev packages ## How fast it is, beside the bare operations and other programs.
	$(BIN)/python -m bench

fuzz: $(VENV)/.dev ## A minute for each parser of bytes from outside.
	$(BIN)/python -m fuzz

pictures: $(VENV)/.dev packages ## Take the pictures of docs/audit.md anew.
	INTAKE_PICTURES=yes $(BIN)/pytest tests/e2e/test_auditor.py

messages: $(VENV)/.dev packages ## Bring every catalogue up to date; say what lacks a translation; make the translator's kit.
	$(BIN)/python -m i18n
	$(BIN)/python -m i18n.kit

packages: ## Install the Debian packages that the tests need, or say which are missing.
	@sh tests/packages.sh

lock: $(VENV)/.dev ## Compile the lock files anew from pyproject.toml.
	$(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --all-extras -o requirements/dev.txt pyproject.toml requirements/build.in
	$(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra server --extra triage --constraint requirements/dev.txt \
	  -o requirements/demo.txt pyproject.toml requirements/build.in

clean: ## Remove the virtual environment and every cache.
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/artifacts tests/npm/node_modules

# The tests' requirements hold those of the demo in the same versions: after `make test` the demo has what it needs.
$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	@test -e $(VENV)/.dev || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or newer; say which with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
