# Everything runs in .venv, which `make setup` builds from requirements.lock. Needs python3 (3.12 to 3.14), pip and make.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/setup-done
PYTHONS := python3 python3.13 python3.12 python3.14

# Chains and test workers run side by side: each keeps to one thread.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export NUMBA_NUM_THREADS ?= 1
# As pip does, trust the certificates that the machine trusts.
export UV_SYSTEM_CERTS ?= 1

fits = $(shell $(1) -c 'import sys; print((3, 12) <= sys.version_info < (3, 15))' 2>/dev/null)
found = $(shell python3 -c 'import platform; print(platform.python_version())' 2>/dev/null)
python = $(firstword $(foreach name,$(PYTHONS),$(if $(filter True,$(call fits,$(name))),$(name))))
sentence = hscb_bayes needs Python 3.12, 3.13 or 3.14, but python3 is $(or $(found),missing): \
install one of these (with pyenv: pyenv install 3.13) and run make again

.PHONY: help setup report test lint types docs audit validate bench scores information calibrate robust fuzz odd grid unmoved kills pooled patients figures lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## make .venv with the locked packages and this package

# Bytecode is compiled here, because where PYTHONDONTWRITEBYTECODE is set nobody else would: PyMC then takes five times
# as long to import, in every process.
$(STAMP): requirements.lock pyproject.toml .python-version
	$(eval base := $(python))
	$(if $(base),,$(error $(sentence)))
	@echo "setting up $(VENV) with $(base), once; the first time takes about a minute"
	@$(base) -m venv --clear $(VENV) >/dev/null 2>&1 || $(base) -m venv --clear --without-pip $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements.lock > $(VENV)/uv.lock
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; \
	then pip="$(BIN)/python -m pip"; else pip="$(base) -m pip --python $(BIN)/python"; fi; \
	$$pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

report: setup ## audit, fit, replicate, check and report the main analysis into results/main
	@$(BIN)/hscb run models/main.toml --out results/main

audit: setup ## what contradicts what in the main study's print
	@$(BIN)/hscb audit models/evidence/gagelmann2023.toml

test: setup ## run the tests
	@$(BIN)/python -m pytest

lint: setup ## check style and layout
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## check the types
	@$(BIN)/mypy

docs: setup ## build the documentation into .site, warnings being errors
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file .mkdocs.yml

validate: setup ## compare with R, lifelines and SciPy and write docs/results/validation.csv
	@$(BIN)/python -m tests.validation

bench: setup ## measure speed and write docs/results/benchmarks.csv
	@$(BIN)/python -m tests.benchmarks

scores: setup ## see whether the likelihood leans and write docs/results/scores.csv (minutes)
	@$(BIN)/python -m hscb_bayes.checking.methods.scores --out docs/results/scores.csv

information: setup ## what a print and known patients hold of a table's information: docs/results/information.csv (minutes)
	@$(BIN)/python -m hscb_bayes.checking.methods.information --out docs/results/information.csv

kills: setup ## kill runs at random moments and write docs/results/robustness.csv (half an hour)
	@$(BIN)/python -m tests.robustness.kills

calibrate: setup ## refit simulated studies and write docs/results/calibration.csv (hours)
	@$(BIN)/hscb calibrate calibration --out docs/results/calibration.csv
	@$(BIN)/hscb calibrate calibration_censored --out docs/results/calibration.csv
	@$(BIN)/hscb calibrate calibration_independent --studies 300 --out docs/results/calibration.csv
	@$(BIN)/hscb calibrate calibration_independent_censored --studies 300 \
	--out docs/results/calibration.csv
	@$(BIN)/hscb calibrate calibration_patients --studies 500 --out docs/results/calibration.csv
	@$(BIN)/hscb calibrate with_centre --studies 500 --out docs/results/calibration.csv
	@$(BIN)/hscb calibrate calibration_pooled --studies 500 --out docs/results/calibration.csv

robust: setup ## move one study of simulated literatures and write docs/results/robust_weights.csv (an hour)
	@$(BIN)/python -m hscb_bayes.checking.methods.robust --out docs/results/robust_weights.csv

fuzz: setup ## a million inputs that nobody meant, two processes: docs/results/robustness.csv (half an hour)
	@$(BIN)/python -m tests.robustness.fuzz

unmoved: setup ## compare log densities and gradients of all analyses, and tables of six, with those on disk (a quarter of an hour where nothing is compiled)
	@$(BIN)/python -m tests.unmoved.densities
	@$(BIN)/python -m tests.unmoved.tables

odd: setup ## two hundred legal but odd analyses, with few draws: docs/results/robustness.csv (an hour; goes on where it was stopped)
	@$(BIN)/python -m tests.robustness.odd

grid: setup ## the rest of the grids of which make test has covering arrays, such as kinds of analysis in corners (minutes)
	@$(BIN)/python -m pytest -m grid

pooled: setup ## run the pooled analysis and keep its page as the example of the documentation
	@$(BIN)/hscb run models/pooled.toml --out results/pooled
	@mkdir -p docs/examples && cp results/pooled/report.html docs/examples/pooled.html

patients: setup ## run the analyses of the two tables of patients and keep their pages as examples of the documentation
	@mkdir -p docs/examples
	@for name in bmt myeloid; do $(BIN)/hscb run tests/data/$${name}_changing.toml --out results/$$name \
	&& cp results/$$name/report.html docs/examples/$$name.html || exit 1; done

figures: setup ## draw docs/images/main.svg from results/main, which make report makes
	@$(BIN)/python docs/figures.py results/main

lock: setup ## resolve the newest versions into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --all-extras --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --output-file requirements.lock

clean: ## remove .venv, caches and built pages; results/ stays
	@rm -rf $(VENV) .site build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find hscb_bayes tests -type d -name __pycache__ -prune -exec rm -rf {} +
