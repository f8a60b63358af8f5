# What people and machines type. A bare clone needs python3 (3.11 or newer) with venv, and make.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes
CODE := config platforms audiences activations notices simulator
# Lint only reads the code; settings still ask for these. None of them leads anywhere.
LINT_ENV := VAR_DIR=.venv/lint DATABASE_URL=sqlite://:memory: REDIS_URL=redis://127.0.0.1:1/0 DEMO=0 DEBUG=0 \
	SECRET_KEY=for-lint-only-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEF \
	FIELD_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

.PHONY: run test test-services lint check bench chaos screenshots messages lock
.DEFAULT_GOAL := run

# One plain command, so that make starts it itself and `--with-parent` ties the stack to make.
run: $(VENV)/.installed
	@$(PY) manage.py up --demo --with-parent

# Part of it, or several processes where there are cores to spare: make test ARGS="tests/config -n 4 --dist loadfile"
test: $(VENV)/.installed-dev
	@$(PY) -m pytest $(ARGS)

test-services: $(VENV)/.installed-dev
	@test -n "$$DATABASE_URL" && test -n "$$REDIS_URL" || \
		{ echo "make test-services needs DATABASE_URL (PostgreSQL) and REDIS_URL (Redis or Valkey)."; exit 2; }
	@$(PY) -m pytest $(ARGS)

lint: $(VENV)/.installed-dev check
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check . || { echo "Not formatted; run: $(PY) -m ruff format ."; exit 1; }
	@$(LINT_ENV) $(PY) -m mypy --no-error-summary $(CODE) manage.py
	@$(VENV)/bin/lint-imports --no-cache > $(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }
	@$(LINT_ENV) $(PY) manage.py makemigrations --check --dry-run --verbosity 1 > $(VENV)/migrations.txt \
		|| { cat $(VENV)/migrations.txt; exit 1; }
	@! grep -nE 'https?://' requirements*.txt || { echo "A lock file names a package host."; exit 1; }
	@echo "lint: clean"

check: $(VENV)/.installed-dev
	@$(LINT_ENV) SECURE=1 ALLOWED_HOSTS=activate.example.com \
		$(PY) manage.py check --deploy --fail-level WARNING > $(VENV)/check.txt 2>&1 || { cat $(VENV)/check.txt; exit 1; }

bench: $(VENV)/.installed-dev
	@$(PY) -m bench $(ARGS)

# Rounds of faults and crashes on both stacks, judged by the simulator's ledger: make chaos ROUNDS=200 SEED=1
chaos: $(VENV)/.installed-dev
	@$(PY) -m chaos --rounds $(or $(ROUNDS),20) --seed $(or $(SEED),1) $(ARGS)

# Every page that the journeys pass, in light, in dark and as wide as a phone, for people to look at (ten minutes).
screenshots: $(VENV)/.installed-dev
	@SCREENSHOTS=var/screenshots REQUIRE_BROWSER=1 $(PY) -m pytest tests/journey -q $(ARGS)
	@echo "The pictures are in var/screenshots."

# After a text changed: bring locale/ up to date, compile it, and say what is left to translate.
messages: $(VENV)/.installed-dev
	@$(PY) -m translating

# Needs uv (pip install uv). No header and no index lines: a lock file names no package host.
lock:
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --quiet -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --quiet -o requirements-dev.txt

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/pip
	@echo "Installing what the product needs…"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/pip
	@echo "Installing what the tests need…"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.installed
