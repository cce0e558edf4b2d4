# Needs Python 3.11 or later and make; everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(INSTALLED) ## Install the project, editable, and what it is developed with into .venv

# A file that is younger than pyproject.toml once all is installed: nothing is installed twice.
# The pip that comes with Python may be too old to know dependency groups.
$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[arrow,cli,client,etcd,server,testing]' --group dev --group docs
	touch $@

.PHONY: generate
generate: $(INSTALLED) ## Write the generated files
	$(BIN)/python tools/generate.py

.PHONY: check-generated
check-generated: $(INSTALLED) ## Check that the generated files are up to date, byte by byte
	$(BIN)/python tools/generate.py --check

.PHONY: lint
lint: $(INSTALLED) ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: format
format: $(INSTALLED) ## Repair style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: types
types: $(INSTALLED) ## Check types with mypy and pyright
	$(BIN)/mypy
	$(BIN)/pyright

.PHONY: check
check: lint types check-generated ## Run all checks but the tests

.PHONY: test
test: $(INSTALLED) ## Run the tests, on all processors
	$(BIN)/python -m pytest --numprocesses auto

.PHONY: test-quick
test-quick: $(INSTALLED) ## Run the tests of the library alone, on all processors (half a minute)
	$(BIN)/python -m pytest --numprocesses auto tests/*.py tests/kubernetes

MINUTES ?= 1

.PHONY: fuzz
fuzz: $(INSTALLED) ## Give damaged input to every reader, MINUTES for each format
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

.PHONY: clients
clients: $(INSTALLED) ## Generate clients of the API, compile them and run them (TypeScript needs Node.js)
	$(BIN)/python -m pytest tests/clients

.PHONY: test-matrix
test-matrix: ## Run the library's tests on the oldest Pydantic and on each Python there is
	PYTHON=$(PYTHON) .ci/matrix

.PHONY: run
run: $(INSTALLED) ## Try the command on the examples
	@printf '\n$$ loadbalancer list examples/service_list.json\n'
	@$(BIN)/loadbalancer list examples/service_list.json
	@printf '\n$$ loadbalancer diff examples/service_list.json examples/service_list_later.json\n'
	@$(BIN)/loadbalancer diff examples/service_list.json examples/service_list_later.json \
		|| test $$? -eq 1
	@printf '\n$$ loadbalancer audit examples/sysdump\n'
	@$(BIN)/loadbalancer audit examples/sysdump || test $$? -eq 1
	@printf '\n$$ loadbalancer validate examples\n'
	@$(BIN)/loadbalancer validate examples || test $$? -eq 1
	@printf '\nOne of the examples is refused on purpose: broken.json.\n'
	@printf 'More to try: $(BIN)/loadbalancer --help\n'

.PHONY: bench
bench: $(INSTALLED) ## Measure: the marks, and 1,000 to 100,000 services (10 minutes, some GB)
	$(BIN)/python -m benchmarks --json benchmarks/marks.json
	$(BIN)/python -m benchmarks.plot benchmarks/marks.json docs/assets/marks.svg

.PHONY: bench-server
bench-server: $(INSTALLED) ## Measure the server beside one that only sends the same bytes (needs wrk)
	$(BIN)/python -m benchmarks.server_marks

.PHONY: bench-replicas
bench-replicas: $(INSTALLED) ## Measure replicas on one etcd (needs etcd)
	$(BIN)/python -m benchmarks.replicas

.PHONY: kill-replicas
kill-replicas: $(INSTALLED) ## Kill replicas and etcd members a hundred times (needs etcd, 10 minutes)
	$(BIN)/python -m tests.server.replicas_crash 100

# The theme would tell of its successor at each build.
DOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs

.PHONY: docs
docs: $(INSTALLED) ## Build the documentation site into build/site
	$(DOCS) build --strict --quiet
	@echo 'The site is there: open build/site/index.html'

.PHONY: docs-serve
docs-serve: $(INSTALLED) ## Show the documentation site while it is written
	$(DOCS) serve

.PHONY: serve
serve: $(INSTALLED) ## Serve the API
	$(BIN)/loadbalancer serve

.PHONY: wheel
wheel: build

.PHONY: build
build: $(INSTALLED) ## Build the sdist, and from it the wheel, into dist/
	rm -rf dist
	$(BIN)/python -m build

.PHONY: man
man: $(INSTALLED) ## Write the manual page of the command, build/loadbalancer.1
	$(BIN)/python tools/man.py build/loadbalancer.1

.PHONY: pyz
pyz: build ## Build dist/loadbalancer.pyz: the command in one file, for this version of Python
	$(BIN)/shiv --quiet --compressed --console-script loadbalancer \
		--output-file dist/loadbalancer.pyz "$$(ls dist/*.whl)[cli]"

.PHONY: clean
clean: ## Remove all that the other targets made, but for the generated files
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
