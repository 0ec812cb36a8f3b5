# oO: two commands on a fresh machine, `make serve` and `make test`; `make help` lists all.
SHELL := /bin/bash
BIN := .venv/bin
ENGINE ?= cpu
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help serve test faults bench lint fmt lock clean test-long release-events
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

serve: .venv/.$(ENGINE) ## set everything up and run the whole product (OO_PORT, ENGINE=gpu)
	@exec $(BIN)/oo serve

test: .venv/.dev ## set everything up and pass all checks and tests
	@$(MAKE) --no-print-directory --output-sync=target --jobs=2 lint .venv/.peers
	$(BIN)/pytest -n auto --dist loadscope tests/unit tests/contracts
	$(BIN)/pytest tests/faults/test_deaths.py # how long recovery takes, with nothing beside it
	$(BIN)/pytest tests/e2e tests/serve tests/faults --ignore tests/faults/test_deaths.py # pages first: the engine starts meanwhile

test-long: .venv/.dev .venv/.peers ## what would not fit into half an hour: adapters served, a nightly batch and a simulation killed, a full disk, 20,000 cases of the OpenAPI document, nodes that die, a release that takes over
	$(BIN)/pytest tests/long

faults: .venv/.dev .venv/.peers ## kill, freeze, cut off and fill up everything, and print what each takes (ARGS="--quick --only NAME")
	$(BIN)/python -m tests.faults $(ARGS)

bench: .venv/.dev .venv/.peers .venv-bench/.made ## measure /recommend and /feedback beside two baselines, BentoML and LitServe
	$(BIN)/python -m tests.bench $(ARGS)

lint: .venv/.dev ## ruff, mypy --strict, import-linter, buf
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	scripts/lint_events.sh

fmt: .venv/.dev ## format and sort
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

release-events: ## freeze the messages of events: from now on they only grow
	scripts/lint_events.sh --freeze

lock: .venv/.$(ENGINE) ## make the lock files again
	scripts/lock.sh

clean: ## remove the environment and all caches; data in var/ stays
	rm -rf .venv .venv-bench node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.cpu: requirements/cpu.lock pyproject.toml package-lock.json
	@scripts/setup.sh cpu && scripts/setup_console.sh && touch $@

.venv/.gpu: requirements/gpu.lock pyproject.toml package-lock.json
	@scripts/setup.sh gpu && scripts/setup_console.sh && touch $@

.venv/.dev: requirements/$(ENGINE).lock requirements/dev.lock pyproject.toml
	@scripts/setup.sh $(ENGINE) dev && touch $@ .venv/.$(ENGINE)

.venv/.peers: package-lock.json scripts/setup_peers.sh | .venv/.dev
	@scripts/setup_peers.sh && scripts/setup_console.sh && touch $@

.venv-bench/.made: requirements/bench.lock scripts/setup_bench.sh | .venv/.dev
	@scripts/setup_bench.sh && touch $@
