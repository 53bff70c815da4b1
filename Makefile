# `make help` lists the commands. Everything is set up inside this folder, without root.

PYTHON ?= python3

# The tools that the project sets up come before those of the machine.
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)
export PYO3_PYTHON := $(VIRTUAL_ENV)/bin/python
export GOTOOLCHAIN := local
export CC PYTHON

PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement

NPM := node examples/express examples/nextjs tests/browser tests/stacks
EXAMPLES := target/examples/go-http .venv/examples.stamp examples/express/node_modules/.package-lock.json
BROWSER := $(EXAMPLES) target/examples/nextjs/server.js tests/browser/node_modules/.package-lock.json
CLIENTS := target/clients/c target/clients/go target/clients/go-snippet target/clients/go-command
C_TESTS := $(addprefix target/clients/vectors-,static shared c++.o)
ARCHIVE := target/release/libpylon_identity.a
COMMAND := target/release/libpylon_identity_command.a
HEADER := c-abi/include/pylon_identity.h
C_FLAGS := -O1 -Wall -Wextra -Wpedantic -Werror -Ic-abi/include
C_LINK = $(ARCHIVE) $(if $(filter Linux,$(shell uname -s)),-lutil -lrt -lpthread -lm -ldl)
NEXTJS_SOURCES := $(shell find examples/nextjs \( -name node_modules -o -name '.next' \) -prune -o -type f -print)

# Only from the command line of make: many people have an EMAIL in their environment.
given = $(if $(filter command,$(origin $1)),$(value $1))

.DEFAULT_GOAL := help
.PHONY: help demo demo-web test test-browser bench bench-bulk harden fuzz dist test-dist version lock codegen picture build \
	portable lint native empty-bindings prerequisites test-prerequisites clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: export DEMO_EMAIL = $(call given,EMAIL)
demo: export DEMO_SECRET_FILE = $(call given,SECRET_FILE)
demo: build $(CLIENTS)  ## sign one email in every language (yours: EMAIL=… SECRET_FILE=…)
	@python tests/demo.py

demo-web: build $(EXAMPLES)  ## show the chat of three web applications in your browser
	@node examples/demo-web/main.mjs

build: prerequisites native .venv/package.stamp  ## build the packages of all languages

test: test-prerequisites build .venv/harden.stamp $(CLIENTS) $(C_TESTS) $(BROWSER) .venv/version.stamp lint  ## run every test and lint of every language
	@python tests/run.py

test-browser: build $(BROWSER)  ## run only the tests of the examples in a real browser
	@python tests/run.py browser

lint: build node/node_modules/.package-lock.json .venv/examples.stamp .venv/dist.stamp  ## run every formatter check and linter
	@tools/lint.sh

bench: build target/bench/c target/bench/go .venv/bench.stamp empty-bindings node/node_modules/.package-lock.json  ## measure everything beside its rivals (1 minute)
	@python bench/measure.py

bench-bulk: build .venv/bulk.stamp  ## measure the recipes of docs/bulk.md beside the docs' snippet (3 minutes)
	@python bench/bulk.py

picture: .venv/bench.stamp  ## draw docs/bench.svg from the last make bench
	@python bench/plot.py

harden: build .venv/bin/c++ .venv/zig.stamp .venv/harden.stamp target/tools/bin/cargo-mutants node/node_modules/.package-lock.json  ## check the promises of SECURITY.md (ONLY=wiping, or another harden/test_*.py)
	@python -m pytest -q -p no:cacheprovider --basetemp target/pytest-harden harden/$(if $(call given,ONLY),test_$(call given,ONLY).py)

fuzz: build .venv/harden.stamp node/node_modules/.package-lock.json  ## look for input that breaks something (SECONDS=60)
	@python harden/fuzzing.py '$(or $(call given,SECONDS),60)'

dist: prerequisites .venv/dist.stamp .venv/bin/go  ## build the packages of the registries, into dist/
	@python packaging/dist.py

test-dist: dist build .venv/bulk.stamp .venv/bin/c++ $(NPM:=/node_modules/.package-lock.json)  ## install them as users do, and test them
	@python -m pytest -q -p no:cacheprovider --basetemp target/pytest-dist packaging/tests tests/stacks

codegen: | prerequisites  ## write again the lists that are generated from the core
	@cargo xtask codegen
portable: | .venv/bin/go ; @python tools/portable.py  ## build the WebAssembly module and its Go source again

version: .venv/version.stamp  ## set the version everywhere (VERSION=1.2.3)
	@tools/version.sh '$(call given,VERSION)'

lock: .venv/stamp ; @tools/lock.sh  ## lock requirements/*.in again, in requirements/*.txt

clean:  ## remove everything that was built or set up
	rm -rf target .venv $(NPM:=/node_modules) examples/nextjs/.next node/*.node go/lib/*/*.a dist python/pylon_identity/_native.*so

# --- set up ---

prerequisites test-prerequisites:
	@tests/prerequisites.sh $(filter test,$(@:-prerequisites=))

.venv/stamp: requirements/dev.txt | prerequisites
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) $<
	@touch $@

.venv/%.stamp: requirements/%.txt | .venv/stamp
	$(PIP_INSTALL) $<
	@touch $@

.venv/bin/go .venv/bin/c++: .venv/bin/%: | .venv/stamp
	@tools/setup-$*.sh

$(NPM:=/node_modules/.package-lock.json): %/node_modules/.package-lock.json: %/package.json %/package-lock.json | prerequisites
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

target/tools/bin/cargo-mutants:
	cargo install --quiet --locked --root target/tools cargo-mutants@27.1.0

# --- build ---

native: | prerequisites .venv/bin/go
	@tools/build-native.sh

# The recipe is empty: cargo wrote the files, and their times change only with their contents.
$(ARCHIVE) $(COMMAND) $(wildcard node/*.node): native ;

.venv/package.stamp: $(shell find core cli python -name target -prune -o \( -name '*.rs' -o -name '*.toml' \) -print) Cargo.toml Cargo.lock | .venv/stamp
	cd python && maturin develop --release --locked --quiet
	@touch $@

empty-bindings: native
	cargo build --quiet --release --locked -p pylon-identity-python -p pylon-identity-node --examples

target/examples/nextjs/server.js: examples/nextjs/node_modules/.package-lock.json $(NEXTJS_SOURCES) $(wildcard node/*.*) | native
	@tools/build-nextjs.sh

target/clients/c: tests/clients/client.c
target/clients/vectors-static target/clients/vectors-shared: c-abi/tests/vectors.c
target/bench/c: bench/bench.c
target/clients/vectors-shared: C_LINK = -Ltarget/release -lpylon_identity -Wl,-rpath,$(CURDIR)/target/release
target/clients/c target/clients/vectors-static target/clients/vectors-shared target/bench/c: $(HEADER) $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -std=c99 $(C_FLAGS) $(filter %.c,$^) $(C_LINK) -o $@

target/clients/vectors-c++.o: c-abi/tests/vectors.c $(HEADER) | .venv/bin/c++
	@mkdir -p $(@D)
	c++ -std=c++11 $(C_FLAGS) -x c++ -c $< -o $@

# Go does not notice a new archive, so the old program is removed first.
target/clients/go: $(wildcard tests/clients/go/*)
target/clients/go-snippet: $(wildcard tests/snippets/go/*)
target/clients/go-command: $(wildcard go/cmd/pylon-identity/*) $(COMMAND)
target/examples/go-http: $(wildcard examples/go-http/*)
target/bench/go: $(wildcard bench/go/*)
target/clients/go target/clients/go-snippet target/clients/go-command target/examples/go-http target/bench/go: $(ARCHIVE) $(wildcard go/*.go go/include/*)
	@mkdir -p $(@D) && rm -f $@
	cd $(dir $(filter %/main.go,$^)) && go build -o $(CURDIR)/$@ .
