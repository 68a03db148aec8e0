# `make run` is all a new machine needs: Python 3.11, make and git. PORT, UTASK_VAR and the rest: docs/operating.md.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python
# What runs in production, and what is brought with it.
CODE := actions init tasks templates_yaml utask_cli utask_project manage.py

.PHONY: help setup setup-test run test test-sqlite test-postgresql test-pure test-browser lint format types screenshots clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: $(VENV)/.runs ## install what the product runs on

run: $(VENV)/.runs ## web and workers in the foreground; Ctrl-C or SIGTERM stops everything
	@exec $(RUN) manage.py up

$(VENV)/.runs: requirements.txt
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

setup-test: $(VENV)/.tests ## install what the tests and checks need too

$(VENV)/.tests: requirements.txt requirements-traces.txt requirements-test.txt
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@ $(VENV)/.runs

# The tests start hundreds of Python processes; without compiled files each would compile all of ours anew.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(RUN) -m pytest -q

# The parts share nothing, so they run side by side, the longest first, each one's lines kept together. Those with a
# database wait a lot, for processes that start and for times that come: two processors have room for three.
test: $(VENV)/.tests ## all tests, on SQLite and on PostgreSQL
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target --keep-going \
		test-postgresql test-sqlite test-pure test-browser

test-sqlite: $(VENV)/.tests
	@TEST_DATABASE=sqlite $(PYTEST) -m "database and not browser" $(PYTEST_ARGS)

test-postgresql: $(VENV)/.tests
	@TEST_DATABASE=postgresql $(PYTEST) $(PYTEST_ARGS)

test-pure: $(VENV)/.tests
	@TEST_DATABASE=sqlite $(PYTEST) -m "not database and not browser" $(PYTEST_ARGS)

test-browser: $(VENV)/.tests
	@TEST_DATABASE=sqlite $(PYTEST) -m browser $(PYTEST_ARGS)

lint: $(VENV)/.tests ## ruff, bandit, mypy, and whether the models have their migrations
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m bandit --quiet --configfile pyproject.toml -ll --recursive $(CODE)
	$(RUN) -m mypy .
	$(RUN) manage.py makemigrations --check --dry-run

format: $(VENV)/.tests ## bring all files into shape
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

screenshots: $(VENV)/.tests ## pictures of all pages into docs/images, by Debian's Chromium
	$(RUN) -m tests.acceptance.screenshots

clean: ## remove what was installed and cached, not what the service keeps in var/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
