# Every target installs what it needs: a fresh machine with Python and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIGHT := $(VENV)-demo
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# What is measured runs on Debian's Python where it is: like the image's it is optimised by a profile.
# One that pyenv builds by default is not, and takes 17 % longer for a sign-on in process.
BENCH_PYTHON ?= $(firstword $(wildcard /usr/bin/python3.11 /usr/bin/python3.12 /usr/bin/python3.13) $(PYTHON))
PIP_BENCH := $(BIN)/python -m pip --python $(VENV)-bench/bin/python install --quiet

# Only for the scripts of the pages, and only if Node is installed.
NODE := $(if $(shell command -v npm),node_modules/.installed)

# Newer Pythons, where pyenv, Debian and the official image have them, and the tests that their
# differences can break.
NEWER := 3.12 3.13 3.14
ON_NEWER := settings tokens telemetry authenticators cli server \
	$(patsubst %, system/test_%.py, answers environment fork key_server process sign_on)
python_of = $(firstword $(wildcard $(foreach folder, $(HOME)/.pyenv/versions/$1.*/bin /usr/local/bin /usr/bin, $(folder)/python$1)))

.PHONY: demo run test pythons check docs bench lock reference picture sbom audit dist clean

demo: $(LIGHT)/.installed ## show everything on loopback, in a browser or with curl
	@$(LIGHT)/bin/python -m app demo $(DEMO)

run: $(LIGHT)/.installed ## serve with config/example.env
	@set -a; . ./config/example.env; set +a; exec $(LIGHT)/bin/python -m app serve

test: $(VENV)/.installed $(NODE) ## run all tests, with branch coverage of app
	@$(BIN)/python -m pytest --cov --cov-report=term $(TEST)

pythons: $(addprefix python-, $(NEWER)) ## run many of the tests on each newer Python that is here
python-%:
	@if [ -z '$(call python_of,$*)' ]; then echo 'Python $*: not found'; exit; fi; \
	$(MAKE) --no-print-directory PYTHON=$(call python_of,$*) VENV=$(VENV)-$* $(VENV)-$*/.installed && \
	$(VENV)-$*/bin/python --version && $(VENV)-$*/bin/python -m pytest --quiet $(addprefix tests/, $(ON_NEWER))

check: $(VENV)/.installed $(NODE) ## check format, lint, types, imports and links
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/kubernetes-validate --strict --quiet $(filter-out %/kustomization.yaml,$(wildcard config/kubernetes/*.yaml config/kubernetes/ingress/*.yaml))
	@$(BIN)/shellcheck .ci/run tests/packaging/build_image.sh config/compose/make-secrets
	@$(BIN)/python -m tests.site build/site-source && $(SITE) --site-dir build/site
	@if [ -x node_modules/.bin/tsc ]; then node_modules/.bin/tsc -p jsconfig.json; \
	else echo 'Node is not installed: the types of the scripts are not checked'; fi

lock: $(VENV)/.installed ## update the lock files
	@$(COMPILE) --upgrade pyproject.toml -o requirements.lock
	@$(COMPILE) --upgrade pyproject.toml --extra otel --group dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) --upgrade pyproject.toml --extra otel -c requirements.lock -o requirements-otel.lock
	@$(COMPILE) --upgrade pyproject.toml --group bench -c requirements.lock -o requirements-bench.lock
	@echo hatchling | $(COMPILE) -c requirements-dev.lock - -o requirements-build.lock

bench: $(VENV)/.bench ## measure this service and others under load, with ratios; needs wrk
	@$(VENV)-bench/bin/python -m tests.benchmark $(BENCH)

reference: $(VENV)/.installed ## write the generated documents
	@$(BIN)/python -m app reference configuration > docs/configuration.md
	@$(BIN)/python -m app reference command-line > docs/command-line.md
	@$(BIN)/python -m app reference example-env > config/example.env
	@$(BIN)/python -m app reference rows-schema > config/destinations.schema.json
	@$(BIN)/python -m tests.requirements > docs/requirements.md

docs: $(VENV)/.installed ## build the documents as a site that can be searched, in site
	@$(BIN)/python -m tests.site build/site-source && $(SITE)
	@echo 'Look at it: python3 -m http.server --bind 127.0.0.1 --directory site'

sbom: $(VENV)/.installed ## list what the image contains, as CycloneDX, in sbom.json
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml -o sbom.json

audit: $(VENV)/.installed ## look for known vulnerabilities in the locked packages
	@$(BIN)/pip-audit --require-hashes -r requirements.lock

picture: $(VENV)/.installed ## take docs/demo.png with Chromium
	@$(BIN)/python tests/browser/picture.py docs/demo.png

# The wheel is installed as its users do: somewhere else, without a compiler and without this folder.
dist: $(VENV)/.installed ## build wheel and sdist, and try the wheel in an empty environment
	@rm -rf dist $(VENV)-dist
	@$(BIN)/python -m hatchling build
	@$(BIN)/twine check --strict dist/*
	@$(PYTHON) -m venv $(VENV)-dist
	@$(VENV)-dist/bin/python -m pip install --quiet --only-binary=:all: --require-hashes --no-deps -r requirements.lock
	@$(VENV)-dist/bin/python -m pip install --quiet --no-index --no-deps dist/*.whl
	@cd /tmp && $(abspath $(VENV)-dist)/bin/marketplace-sso demo --once

clean:
	rm -rf $(VENV) $(LIGHT) $(VENV)-dist $(addprefix $(VENV)-, $(NEWER)) build dist site node_modules .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Only what the service needs. It runs the code of this folder, and has an installed copy for its version.
$(LIGHT)/.installed: requirements.lock requirements-build.lock pyproject.toml
	@rm -f $@
	@test -x $(LIGHT)/bin/python || $(PYTHON) -m venv $(LIGHT)
	@echo 'Installing what the service needs into $(LIGHT), once:'
	@{ $(LIGHT)/bin/python -u -m pip install --require-hashes --no-deps -r requirements.lock -r requirements-build.lock \
	&& $(LIGHT)/bin/python -m pip install --quiet --no-deps --no-build-isolation . && touch $@; } | { \
	n=0; all=$$(cat requirements.lock requirements-build.lock | grep -c '^[a-z].*=='); \
	while read -r word name rest; do case $$word in \
	Collecting) n=$$((n + 1)); printf '\r  %d of %d packages: %-40.40s' $$n $$all "$${name%%==*}" ;; \
	Installing) printf '\r  %d of %d packages: %-40.40s' $$n $$all 'unpacking' ;; \
	esac; done; printf '\n'; }; test -e $@

# The other servers have their own folder: the service never depends on them.
$(VENV)/.bench: $(VENV)/.installed requirements-bench.lock tests/benchmark/node/package.json tests/benchmark/go/main.go
	@test -x $(VENV)-bench/bin/python || $(BIN)/uv venv --quiet --python $(BENCH_PYTHON) $(VENV)-bench
	@$(PIP_BENCH) --require-hashes --no-deps -r requirements-bench.lock
	@$(PIP_BENCH) --no-deps --no-build-isolation --editable .
	@! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --no-package-lock --prefix tests/benchmark/node
	@! command -v go >/dev/null || go build -C tests/benchmark/go -o $(CURDIR)/$(VENV)-bench/bin/go-contender .
	@touch $@

node_modules/.installed: package.json
	@npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null \
	&& touch $@ || echo 'npm cannot install: the types of the scripts are not checked'
