# Everything a user, a maintainer and CI need. Only Python 3.11, pip, make and git are taken for granted.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-browser check format lint types imports judges bench endure clean setup
JUDGES := tests/conformance/judges
AXE := tests/browser/axe
PEER := benchmarks/tokens/node
PEER_READY := $(PEER)/node_modules/.package-lock.json

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements-dev.lock pyproject.toml
	@echo "Setting up .venv from the locked dependencies (once; a minute or so) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

setup: $(READY) ## make the virtual environment

demo: $(READY) ## the whole story, over real TLS between real processes (ARGS=--stay leaves it running)
	@$(BIN)/creditbridge demo $(ARGS)

serve: $(READY) ## run a gateway (ARGS="--config creditbridge.toml")
	@$(BIN)/creditbridge serve $(ARGS)

test: $(READY) ## every test, with coverage
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto $(ARGS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered
	$(BIN)/coverage report --skip-covered --include='*/protocols/*,*/rules.py' --fail-under=100

test-browser: $(READY) ## people's paths in a real Chromium; pictures go to var/screenshots
	@if command -v npm > /dev/null; then cd $(AXE) && npm ci --silent --ignore-scripts; else echo "no npm here: axe-core is left out"; fi
	$(BIN)/python -m pytest --browser -m browser --dist=no $(ARGS) tests/browser

check: format lint types imports ## format, lint, types, import contracts

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/interrogate -q -f 100 -w '^test_' tests
	$(BIN)/bandit -q -r src -ll

types: $(READY)
	$(BIN)/mypy
	$(BIN)/basedpyright --level error

imports: $(READY)
	$(BIN)/lint-imports

judges: $(READY) ## fetch clients that others wrote, by locked versions, and put them before a gateway
	@if command -v npm > /dev/null; then cd $(JUDGES)/node && npm ci --silent; else echo "no npm here"; fi
	@if command -v mvn > /dev/null; then cd $(JUDGES)/java && \
		mvn -B -q dependency:copy-dependencies -DoutputDirectory=lib; else echo "no mvn here"; fi
	@if command -v go > /dev/null; then cd $(JUDGES)/go && go build -o build/judge .; else echo "no go here"; fi
	$(BIN)/python -m pytest $(dir $(JUDGES))test_judges.py $(ARGS)

bench: $(READY) $(PEER_READY) ## CPU per report and per token, beside others; how long until a withdrawal is silence
	@$(BIN)/python -m benchmarks $(ARGS)

# Measured beside ours where npm is installed; the benchmark says so where it is not.
$(PEER_READY): $(PEER)/package-lock.json
	@if command -v npm > /dev/null; then cd $(PEER) && npm ci --silent --ignore-scripts || true; fi

endure: $(READY) ## the long runs (hours); a seeded slice of about a minute is part of `test`
	$(BIN)/python -m pytest -m endure --endure --dist=no $(ARGS)

clean: ## remove everything that was made here
	rm -rf .venv var $(PEER)/node_modules build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants
	find src -name '*.egg-info' -maxdepth 1 -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
