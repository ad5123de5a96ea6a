# The only definition of clean. Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,\
	$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
PORT ?= 8000
DATA ?= ../shared/data
BIN := .venv/bin
MARKET := .cache/marketplace
DEMO := .cache/demo
# A file of figures is replaced only by a whole one.
measure = $(BIN)/python benchmarks/$(1).py $(2) --json > .cache/$(1).json && mv .cache/$(1).json benchmarks/results/
PIP_INSTALL := $(BIN)/python -m pip install -qq --prefer-binary --disable-pip-version-check \
	--constraint requirements.lock
COVERAGE ?= --cov --cov-report=term
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-postgresql test-milvus check lint types layers docs docs-check bench format lock clean

help: ## List these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: .venv/.installed-dev ## Set up .venv with all that development needs

demo: .venv/.installed ## Draw a market, import, encode and index it, then serve it on PORT (8000)
	$(BIN)/bowerbird demo --port $(PORT)

test: setup ## Run every test but the long ones, with coverage, in WORKERS processes (2)
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not long" --numprocesses $(WORKERS) --dist loadfile $(COVERAGE)

test-postgresql: setup ## Run what meets the catalogue with every home on PostgreSQL: API, pages, engine, jobs
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not long" --database postgresql --numprocesses $(WORKERS) --dist loadfile \
		tests/serving tests/engine tests/projection tests/jobs

test-milvus: setup ## Run what meets the index with every home on PostgreSQL and milvus-lite: API, pages, engine
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not long and not browser" --database postgresql --vectors milvus \
		--numprocesses $(WORKERS) --dist loadfile tests/serving tests/engine tests/projection tests/jobs

test-long: setup test-postgresql test-milvus ## Run the long tests: kills, chaos, scale; and those with PostgreSQL and Milvus
	$(BIN)/pytest -m long --timeout 3600

check: lint types layers docs-check test ## Format, lint, types, layers, docs, then the tests

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

docs: setup ## Write the generated docs: ARCHITECTURE.md's tree, settings, commands, figures
	$(BIN)/python docs/generate.py

docs-check: setup
	$(BIN)/python docs/generate.py --check

bench: setup ## Measure quality on the data in DATA, and latency; figures go to benchmarks/results
	@test -d "$(DATA)" || { echo 'no data at $(DATA): run make bench DATA=/path/to/data'; exit 1; }
	mkdir -p benchmarks/results .cache
	$(BIN)/bowerbird import $(DATA)/marketplace/Products.csv --photos $(DATA)/marketplace/images.zip --home $(MARKET)
	$(BIN)/bowerbird index --home $(MARKET)
	$(BIN)/bowerbird train all --home $(MARKET)
	$(BIN)/bowerbird index --home $(MARKET)
	$(BIN)/bowerbird demo --no-serve --home $(DEMO)
	$(call measure,search_quality,--products $(DATA)/electronics/products.jsonl.gz \
		--judgements $(DATA)/electronics/judgements.csv)
	$(call measure,photo_retrieval,--home $(MARKET))
	$(call measure,duplicates,--home $(MARKET))
	$(call measure,next_listing,--sequences $(DATA)/beauty/sequences.txt.gz --items $(DATA)/beauty/items.jsonl.gz)
	$(call measure,counterfactual,--home $(DEMO))
	$(call measure,personalisation,--home $(DEMO))
	$(call measure,encode_throughput,--photos $(DATA)/marketplace/images.zip \
		--texts $(DATA)/marketplace/Products.csv --column product_description)
	$(call measure,cluster_encoding,--home $(MARKET))
	$(call measure,ann_recall)
	$(call measure,search_latency)
	$(call measure,personal_latency)
	$(call measure,suggest_latency,--home $(MARKET))
	$(call measure,event_throughput)
	$(call measure,load,--home .cache/load --listings 100000 --warm-up 120)

format: setup ## Format, and fix what the linter can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Resolve every dependency anew and write requirements.lock
	rm -rf .cache/lock
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip install -qq --prefer-binary --editable '.[train,tune,cluster,s3,dev]'
	.cache/lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > requirements.lock

clean: ## Remove what make, the tests and the tools wrote; markets stay
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .grimp_cache .hypothesis .coverage htmlcov dist
	find src tests benchmarks -name __pycache__ -type d -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed: install it, or run make PYTHON=/path/to/python'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo 'Python has no venv module: on Debian, apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv .venv

# The demo needs no test tools; a later `make test` adds them. The stamps make a second run instant.
.venv/.installed: pyproject.toml requirements.lock | .venv/bin/python
	$(PIP_INSTALL) --editable '.[train]'
	@touch $@

.venv/.installed-dev: pyproject.toml requirements.lock | .venv/bin/python
	$(PIP_INSTALL) --editable '.[train,tune,cluster,s3,dev]'
	@touch .venv/.installed $@
