# Every command works in a fresh clone and again after any other: what is installed is remembered by
# stamps inside the private environment (.venv), so that a second run starts at once.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
STAMPS := $(VENV)/.stamps
PIP := $(PY) -m pip --disable-pip-version-check -qq install --constraint constraints.txt
WORKERS ?= auto
ARGS ?=

# `make PYTHON=/path/to/python3.12 demo` chooses an interpreter; otherwise the first suitable one is taken.
PYTHON ?=
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
VERSION := import sys; print(*sys.version_info[:2], sep='.')
OTHERS := python3.13 python3.12 python3.11 python3.14 $(wildcard $(HOME)/.pyenv/versions/3.1[1-3].*/bin/python3)
MOST ?= -1

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow fuzz test-newest test-lowest test-other package lint type notebooks bench docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMPS)/package ## Install the package and show it: remember today, recall tomorrow
	@$(PY) -m langmem_ext.cli demo $(ARGS)

test: $(STAMPS)/dev ## Run the tests (under 5 minutes on 2 cores)
	@$(PY) -m pytest -q -n $(WORKERS) $(ARGS)

test-slow: $(STAMPS)/dev ## Run the tests that take longer: kill rounds, soak, served graphs
	@$(PY) -m pytest -q -n $(WORKERS) -m slow $(ARGS)

fuzz: $(STAMPS)/dev ## Fuzz what reads foreign text and filters, a minute each, guided by coverage (Linux)
	@$(PY) -m tests.fuzz.guided all $(ARGS)

test-newest: | $(PY) ## Run the tests with the newest dependencies that are allowed, in an environment of their own
	@$(MAKE) --no-print-directory .build/newest/done RESOLUTION=highest INTO=newest
	@.build/newest/bin/python -m pytest -q -n $(WORKERS) $(ARGS)

test-lowest: | $(PY) ## Run the tests with the lowest dependencies that are allowed, in an environment of their own
	@$(MAKE) --no-print-directory .build/lowest/done RESOLUTION=lowest-direct INTO=lowest
	@.build/lowest/bin/python -m pytest -q -n $(WORKERS) -W default $(ARGS)

test-other: | $(PY) ## Run the tests on every other Python that is installed (MOST=1: on one), each in an environment of its own
	@tested=" $$($(PY) -c "$(VERSION)") "; left=$(MOST); \
	for name in $(OTHERS); do \
	  "$$name" -c "$(SUITABLE)" >/dev/null 2>&1 && [ "$$left" != 0 ] || continue; \
	  version=$$("$$name" -c "$(VERSION)"); \
	  case "$$tested" in *" $$version "*) continue;; esac; \
	  tested="$$tested$$version "; left=$$((left - 1)); echo "Testing on Python $$version"; \
	  $(MAKE) --no-print-directory test PYTHON="$$name" VENV=".build/python$$version" || exit 1; \
	done; \
	echo "Python versions tested or in use:$$tested"

.build/newest/done .build/lowest/done: pyproject.toml
	@echo "Installing langmem-ext[dev] into .build/$(INTO), $(RESOLUTION) versions (some minutes, once)"
	@rm -rf .build/$(INTO) && mkdir -p .build
	@$(PY) -m pip --disable-pip-version-check -qq install "uv>=0.9"
	@$(PY) -m uv venv -q --python $(PY) .build/$(INTO)
	@$(PY) -m uv pip install -q --python .build/$(INTO)/bin/python --resolution $(RESOLUTION) --editable ".[dev]"
	@touch $@

package: | $(PY) ## Build wheel and sdist, install each into an empty environment, run the demo there
	@rm -rf .build/package dist && mkdir -p .build
	@$(PY) -m pip --disable-pip-version-check -qq install "build>=1.2"
	@$(PY) -m build --outdir dist . >/dev/null
	@$(PY) -m venv .build/package
	@.build/package/bin/pip --disable-pip-version-check -qq install dist/*.whl
	@cd .build && package/bin/langmem-ext demo $(ARGS)
	@.build/package/bin/pip --disable-pip-version-check -qq install --force-reinstall --no-deps dist/*.tar.gz
	@cd .build && package/bin/langmem-ext demo --lang en >/dev/null
	@ls dist

lint: $(STAMPS)/dev ## Check style, formatting, what a security linter finds, and advisories about the pinned dependencies
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m bandit -q -c pyproject.toml -r langmem_ext
	@$(PY) -m tests.security.audit

type: $(STAMPS)/dev ## Check types, strictly
	@$(PY) -m mypy

notebooks: $(STAMPS)/notebooks ## Execute every notebook, offline
	@if ls notebooks/*.ipynb >/dev/null 2>&1; then $(PY) -m pytest -q -n $(WORKERS) --nbmake notebooks $(ARGS); \
	else echo "There are no notebooks yet."; fi

bench: $(STAMPS)/dev ## Run all benchmarks (DATA=folder of conversations); tables here, JSON in benchmarks/results
	@$(PY) -m benchmarks $(if $(DATA),--data $(DATA)) $(ARGS)

docs: $(STAMPS)/docs ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet && echo "site/index.html"

clean: ## Remove the private environment and everything generated
	rm -rf $(VENV) .build site dist build benchmarks/results .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(PY):
	@for candidate in $(CANDIDATES); do \
	  if "$$candidate" -c "$(SUITABLE)" >/dev/null 2>&1; then \
	    echo "Creating $(VENV) with $$candidate ($$("$$candidate" -V 2>&1))"; \
	    "$$candidate" -m venv $(VENV) && exit 0; \
	  fi; \
	done; \
	echo "make: no Python 3.11 or newer with venv was found among: $(strip $(CANDIDATES))." >&2; \
	echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13)," >&2; \
	echo "or name one: make PYTHON=/path/to/python3.12 demo" >&2; \
	exit 1

$(STAMPS)/package: pyproject.toml constraints.txt | $(PY)
	@echo "Installing langmem-ext into $(VENV) (a minute or two, once)"
	@$(PIP) --editable .
	@mkdir -p $(STAMPS) && touch $@

# An extra contains the package, so it also counts as having installed that.
$(STAMPS)/dev $(STAMPS)/notebooks $(STAMPS)/docs: pyproject.toml constraints.txt | $(PY)
	@echo "Installing langmem-ext[$(@F)] into $(VENV) (a minute or two, once)"
	@$(PIP) --editable ".[$(@F)]"
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/package
