# Plumbline. `make help` lists the targets. Needs Python 3.11 or newer, make, and nothing else.

PYTHON ?= python3
PORT ?= 8000
EXAMPLES ?= 1
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet --quiet

.DEFAULT_GOAL := help
.PHONY: help start test check bench bench-scale bench-dashboards bench-search chaos guards format lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

start: $(VENV)/runtime  ## start everything (PORT=8000, EXAMPLES=0 for an empty portal)
	@$(RUN) manage.py start --port $(PORT) --examples $(EXAMPLES)

test: $(VENV)/development  ## all tests, on the embedded default and again on PostgreSQL + Redis
	@$(RUN) -m tests.run

check: $(VENV)/development  ## lint, types, import direction, templates, deployment settings, migrations
	@$(RUN) -m tests.check

bench: $(VENV)/development  ## the engine beside Celery and DBOS, as ratios in one run (ROUNDS=5, ONLY=names)
	@$(RUN) -m tests.bench

bench-scale: $(VENV)/development  ## what a step costs with ten million finished ones in the tables
	@$(RUN) -m tests.bench.scale

bench-dashboards: $(VENV)/development  ## the dashboards with ten million step executions behind them, 20 readers, 500 outcomes/s
	@$(RUN) -m tests.bench.dashboards

bench-search: $(VENV)/development  ## fifty queries against 50,000 documents, on both databases
	@$(RUN) -m tests.bench.search

chaos: $(VENV)/development  ## the long failure runs and 10,000 examples of the state machine, on both databases and with RabbitMQ
	@$(RUN) -m tests.run --chaos

guards: $(VENV)/development  ## break each of the engine's guards in a copy, and see which test notices
	@$(RUN) -m tests.chaos_guards

format: $(VENV)/development  ## format the code
	@$(RUN) -m ruff format . && $(RUN) -m ruff check --fix .

lock:  ## resolve the requirements anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q --extra dev pyproject.toml -o requirements-dev.txt

clean:  ## remove the virtual environment and what runs left behind
	rm -rf $(VENV) build staticfiles var

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Plumbline needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

# `plumbline` on the path of the virtual environment, without a build: the checkout is the package.
define install
	@echo "installing $(1) (once)"
	@$(PIP) install --require-hashes -r $(1)
	@printf '#!%s\nimport sys\n\nsys.path.insert(0, "%s")\nfrom portal.cli import main\n\nmain()\n' "$(abspath $(RUN))" "$(CURDIR)" > $(VENV)/bin/plumbline
	@chmod +x $(VENV)/bin/plumbline
	@touch $@
endef

$(VENV)/runtime: requirements.txt | $(VENV)/bin/python
	$(call install,requirements.txt)

$(VENV)/development: requirements-dev.txt | $(VENV)/bin/python
	$(call install,requirements-dev.txt)
	@touch $(VENV)/runtime
