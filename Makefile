# Two commands matter: `make run` serves the page, `make test` passes the tests. Each sets up all it needs.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run site wheel test test-long lint format bench bench-sd15 browser clean

run: .venv/base node_modules/.base
	$(BIN)/diffuscope build --out site
	$(BIN)/diffuscope serve site --port $(PORT)

site: .venv/base node_modules/.base
	$(BIN)/diffuscope build --out site

# The loop alone, for other pages (docs/in-your-page.md); DIST and PIP_OPTIONS are for the tests.
DIST ?= dist
wheel: .venv/base
	rm -rf $(DIST)/source && mkdir -p $(DIST)/source
	cp -R pyscript_app pyscript_app/pyproject.toml docs/in-your-page.md LICENSE $(DIST)/source
	$(BIN)/pip wheel --quiet --no-deps $(PIP_OPTIONS) --wheel-dir $(DIST) $(DIST)/source
	rm -rf $(DIST)/source

# Two processes share the cores, a file of browser tests staying in one; what is timed comes alone.
PARALLEL := --numprocesses 2 --dist worksteal
BROWSERS := --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/browser

test: .venv/test node_modules/.test browser
	npm run --silent test
	$(BIN)/python -m pytest $(PARALLEL) --ignore tests/browser
	$(BIN)/python -m pytest $(BROWSERS) -m 'not long and not timed'
	$(BIN)/python -m pytest tests/browser -m timed

# What takes longer, to be passed before a branch is merged; nothing in it is timed.
test-long: .venv/test node_modules/.test browser
	$(BIN)/python -m pytest -m long $(PARALLEL) --ignore tests/browser
	$(BIN)/python -m pytest $(BROWSERS) -m long

lint: .venv/test node_modules/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm run --silent lint

format: .venv/test node_modules/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --silent format

bench: .venv/test node_modules/.test browser
	$(BIN)/python -m tests.benchmarks

# Stable Diffusion 1.5's size from end to end: 20 GB of disk, 16 GB of memory, an hour or two.
bench-sd15: .venv/test node_modules/.test browser
	$(BIN)/python -m tests.benchmarks.sd15

# A browser for the tests: one that is found, else Playwright's own, else Debian's.
browser: .venv/test
	@$(BIN)/python -m tests.browser.chromium >/dev/null 2>&1 \
	  || $(BIN)/playwright install --with-deps chromium \
	  || (apt-get update -qq && apt-get install -y -qq chromium) \
	  || (echo "No Chromium was found or could be installed: set DIFFUSCOPE_CHROMIUM to one." && exit 1)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || (echo "Diffuscope needs Python 3.11 or newer: set PYTHON, as in 'make run PYTHON=python3.12'." && exit 1)
	$(PYTHON) -m venv .venv \
	  || (rm -rf .venv; $(PYTHON) -m pip install --user virtualenv && $(PYTHON) -m virtualenv .venv) \
	  || (echo "Python has no venv: install it, on Debian with 'apt-get install python3-venv'." && exit 1)

.venv/base: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@ .venv/base

node_modules/.base node_modules/.test: package.json package-lock.json
	@command -v npm >/dev/null || (echo "npm was not found: install Node.js 20 or newer." && exit 1)
	npm ci --no-audit --no-fund --loglevel=error $(if $(findstring base,$@),--omit=dev)
	@touch $@ node_modules/.base

clean:
	rm -rf .venv node_modules site dist
