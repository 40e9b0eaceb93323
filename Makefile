# Every target installs what it needs: a fresh machine with Python and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# Only for the scripts of the pages, and only if Node is installed.
NODE := $(if $(shell command -v npm),node_modules/.installed)

.PHONY: demo run test check bench lock reference picture sbom audit dist clean

demo: $(VENV)/.installed ## show everything on loopback, in a browser or with curl
	@$(BIN)/python -m app demo $(DEMO)

run: $(VENV)/.installed ## serve with config/example.env
	@set -a; . ./config/example.env; set +a; exec $(BIN)/python -m app serve

test: $(VENV)/.installed $(NODE) ## run all tests, with branch coverage of app
	@$(BIN)/python -m pytest --cov --cov-report=term $(TEST)

check: $(VENV)/.installed $(NODE) ## check format, lint, types and imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/kubernetes-validate --strict --quiet $(filter-out %/kustomization.yaml,$(wildcard config/kubernetes/*.yaml config/kubernetes/ingress/*.yaml))
	@$(BIN)/shellcheck .ci/run tests/packaging/build_image.sh config/compose/make-secrets
	@if [ -x node_modules/.bin/tsc ]; then node_modules/.bin/tsc -p jsconfig.json; \
	else echo 'Node is not installed: the types of the scripts are not checked'; fi

lock: $(VENV)/.installed ## update the lock files
	@$(COMPILE) --upgrade pyproject.toml -o requirements.lock
	@$(COMPILE) --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) --upgrade pyproject.toml --group bench -c requirements.lock -o requirements-bench.lock
	@echo hatchling | $(COMPILE) -c requirements-dev.lock - -o requirements-build.lock

bench: $(VENV)/.bench ## measure this service and others under load, with ratios; needs wrk
	@$(VENV)-bench/bin/python -m tests.benchmark $(BENCH)

reference: $(VENV)/.installed ## write the generated documents
	@$(BIN)/python -m app reference configuration > docs/configuration.md
	@$(BIN)/python -m app reference example-env > config/example.env
	@$(BIN)/python -m app reference rows-schema > config/destinations.schema.json
	@$(BIN)/python -m tests.requirements > docs/requirements.md

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
	rm -rf $(VENV) $(VENV)-dist dist node_modules .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The other servers have their own folder: the service never depends on them.
$(VENV)/.bench: $(VENV)/.installed requirements-bench.lock tests/benchmark/node/package.json tests/benchmark/go/main.go
	@test -x $(VENV)-bench/bin/python || $(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements-bench.lock
	@$(VENV)-bench/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --no-package-lock --prefix tests/benchmark/node
	@! command -v go >/dev/null || go build -C tests/benchmark/go -o $(CURDIR)/$(VENV)-bench/bin/go-contender .
	@touch $@

node_modules/.installed: package.json
	@npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null \
	&& touch $@ || echo 'npm cannot install: the types of the scripts are not checked'
