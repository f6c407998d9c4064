# Everything works with relative paths: make can't handle an absolute one that contains a space.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules --no-print-directory

PY := .venv/bin/python
LINK := .ansible/collections/ansible_collections/leastpriv/pgsql
PG_VERSIONS ?= 18 17 16 15 14 13
WORKERS ?= auto
AT_ONCE ?= $(shell nproc 2>/dev/null || echo 2)
# Playbooks keep a processor busy each; with two, the tests of the modules have the other.
PLAYS ?= $(shell expr $(AT_ONCE) / 2)
TLS_AND_ICU := $(patsubst %,tests/server/test_%.py,db_isolation_locale hba_decide hba_rules login_kinds)
JOBS := versions role builds molecule patroni sanity integration archive lint unit

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_HOME := $(CURDIR)/.ansible
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
export MOLECULE_GLOB := molecule/*/molecule.yml
export PG_VERSIONS
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Ansible refuses to start where the locale isn't UTF-8
export LC_ALL := C.UTF-8
# git trusts a checkout of another user when it is told to
export GIT_CONFIG_COUNT := 1
export GIT_CONFIG_KEY_0 := safe.directory
export GIT_CONFIG_VALUE_0 := $(CURDIR)
# what would lead Python or libpq somewhere else
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGPASSFILE PGDATABASE
unexport PGSERVICE PGSERVICEFILE PGOPTIONS PGSSLMODE PGTARGETSESSIONATTRS

.PHONY: help venv setup fetch demo test unit server versions servers builds matrix molecule role patroni integration sanity lint docs-lint format
.PHONY: build archive clean FORCE

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

# A virtual environment doesn't survive a move, nor the end of its interpreter.
HERE := $(shell test -x $(PY) && cat .venv/.complete 2>/dev/null)
.venv/.complete: requirements-dev.txt requirements-constraints.txt $(if $(filter-out x$(CURDIR),x$(HERE)),FORCE)
	@echo 'setting up .venv'
	@sh scripts/setup.sh

$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

venv: .venv/.complete
setup: venv $(LINK) ## Install everything that the other targets need into .venv

fetch: setup ## Install the PostgreSQL servers of PG_VERSIONS (default: 18 to 13)
	@sh scripts/system_packages.sh
	@$(PY) -m testbed fetch $(PG_VERSIONS)

demo: setup ## Provision an embedded PostgreSQL server, break it, repair it, and prove who may do what
	@$(PY) -m demo

test: fetch ## Run every test below, AT_ONCE jobs at the same time (default: one a core)
	@$(PY) scripts/side_by_side.py --at-once $(AT_ONCE) $(JOBS)

unit: setup ## Pure tests: no server, no Ansible (seconds)
	@$(PY) -m pytest tests/unit

server: fetch ## For daily work: the first of PG_VERSIONS without what takes long, the last in short (a minute or two)
	@PG_QUICK=1 PG_VERSIONS='$(firstword $(PG_VERSIONS)) $(filter-out $(firstword $(PG_VERSIONS)),$(lastword $(PG_VERSIONS)))' \
		$(PY) -m pytest tests/server -n $(WORKERS)

versions: fetch ## The same with the first and the last of PG_VERSIONS in full, and the others in short
	@PG_QUICK=ends $(PY) -m pytest tests/server -n $(WORKERS)

servers: fetch ## The modules on all PG_VERSIONS in full, with the driver PG_DRIVER (psycopg2, psycopg)
	@$(PY) -m pytest tests/server -n $(WORKERS)

builds: fetch ## What needs TLS or ICU, on a build of the first of PG_VERSIONS that has both
	@PG_BUILD=npm PG_VERSIONS='$(firstword $(PG_VERSIONS))' $(PY) -m pytest $(TLS_AND_ICU) -n $(WORKERS)

matrix: setup ## Every PostgreSQL with every driver, and every ansible-core, side by side: hours; see CONTRIBUTING.md
	@$(PY) -m matrix --at-once $(AT_ONCE)

role: fetch ## The role and the playbooks, by ansible-playbook on real servers
	@$(PY) -m pytest tests/role -n $(PLAYS) --dist loadfile

patroni: fetch ## Runs during switchovers and failovers of a real Patroni with three nodes
	@$(PY) -m pytest tests/patroni

molecule: fetch ## Every molecule scenario
	@$(PY) -m molecule reset --all
	@$(PY) -m molecule test --all

sanity: setup ## ansible-test sanity
	@$(PY) scripts/ansible_test.py sanity

integration: setup ## ansible-test integration on a real server
	@$(PY) scripts/ansible_test.py integration

lint: setup ## Format, types, YAML, Ansible's production profile, documentation, changelog
	@$(PY) scripts/lint.py

docs-lint: setup ## The plugins' documentation only
	@$(PY) scripts/lint.py docs

format: setup ## Format the Python code
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .

build: setup ## Build the collection's archive into .cache/dist and check what is in it
	@$(PY) scripts/archive.py

archive: setup ## Build the archive, install it somewhere else, and run the demo from there
	@$(PY) scripts/archive.py --demo

clean: ## Remove everything that make has made, the virtual environment included
	rm -rf .venv .ansible .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
