# `make help` lists the targets. CARGO_TARGET_DIR is honoured.

CARGO ?= cargo
PROFILE ?= release
target := $(or $(CARGO_TARGET_DIR),target)
# Cargo builds its profile `dev` into a folder named debug.
built := $(target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

.PHONY: deny sbom help build demo lambda-demo function test test-build test-servers lint check-docs deploy-check doc record-histories soak soak-long bench bench-full bench-worker semver mutants fuzz semver-release clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build wci and the example worker greeter, optimised (PROFILE=dev builds faster)
	$(CARGO) build --locked --profile $(PROFILE) -p wci -p greeter

# Unoptimised: it builds in half the time and shares its artifacts with `make test`.
demo: ## Run the demo: scale a local worker from zero and back (ARGS=--keep leaves it running)
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(CARGO) build --locked -p wci -p greeter && $(target)/debug/wci demo $(ARGS)

lambda-demo: ## Run the demo with a Lambda function in a local emulator, without AWS (TASKS=20 ARGS=--keep)
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(CARGO) build --locked -p wci -p greeter -p wci-tests --bins && $(target)/debug/lambda-demo $(TASKS) $(ARGS)

function: ## Package the example worker as a Lambda function, for x86-64 and, if its Rust target is installed, arm64
	@tools/package-function greeter

test-build:
	$(CARGO) build --locked -p wci -p greeter -p orders -p patterns
	$(CARGO) test --locked --workspace --no-run

test: test-build ## Run every test, including those on a real Temporal server
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && CARGO="$(CARGO)" tools/test

test-servers: test-build ## Run the core end-to-end tests against several releases of Temporal Server (VERSIONS="1.8.3")
	@CARGO="$(CARGO)" tools/test-servers $(VERSIONS)

lint: ## Check formatting and run clippy; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

check-docs: ## Check spelling, links, conflict markers, decision records and the crate table
	@tools/check-docs && CARGO="$(CARGO)" tools/check-crates && tools/codespell

deploy-check: ## Lint deploy/: policies, templates, manifests, unit, container, dashboard
	@deploy/check

doc: ## Build the API documentation; broken and private links are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

record-histories: test-build ## Record new workflow histories for the replay tests
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && $(CARGO) test --locked -p wci-tests --test record -- --ignored --nocapture

# Where it can, in a user namespace: there a full disk can be tried without root.
isolated := $(shell unshare --user --map-root-user --mount true 2>/dev/null && echo unshare --user --map-root-user --mount)
MINUTES ?= 5
soak: ## Load and faults at random for five minutes through real processes (MINUTES=20 SEED=7)
	$(CARGO) build --locked -p wci -p greeter -p wci-tests --bins
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(isolated) $(target)/debug/soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

soak-long: MINUTES = 240
soak-long: soak ## The same for four hours

# One build for all three: separate ones would compile the SDK twice.
bench: ## Benchmark against the server's built-in controller; takes about eleven minutes (CASES=lone selects)
	$(CARGO) build --locked --profile $(PROFILE) -p wci -p greeter -p wci-bench
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && $(built)/wci-bench $(CASES)

bench-full: CASES += --full
bench-full: bench ## Run the same benchmark at full length, including the slow cases

mutants: $(target)/tools/bin/cargo-mutants ## Run mutation tests of the scaling algorithms; takes one to two hours
	PROPTEST_CASES=32 $(target)/tools/bin/cargo-mutants mutants --package wci-scaling --timeout 120 --output $(target) $(ARGS)

$(target)/tools/bin/cargo-mutants:
	$(CARGO) install cargo-mutants --version 27.1.0 --locked --root $(target)/tools

fuzz: ## Run the property tests and fuzz targets with new random seeds (CASES=20000 for each), and days of faults (DAYS=10000)
	PROPTEST_CASES=$(or $(CASES),20000) $(CARGO) test --locked --release -p wci-scaling -p wci-instance -p wci-simulator --test properties --test demand_properties
	WCI_SEEDS=$(or $(DAYS),10000) $(CARGO) test --locked --release -p wci-simulator --test endurance
	BOLERO_RANDOM_ITERATIONS=$(or $(CASES),20000) $(CARGO) test --locked --workspace --test fuzz
	BOLERO_RANDOM_ITERATIONS=$(or $(CASES),20000) $(CARGO) test --locked --workspace --lib --bins fuzz::

deny: $(target)/tools/bin/cargo-deny ## Check licences, sources and advisories of all dependencies (deny.toml)
	$< --locked --log-level warn check bans licenses sources -A no-license-field
	@if $< fetch db >/dev/null 2>&1; then $< --locked --offline --log-level warn check advisories; \
	else echo "advisories: not checked, because the database cannot be fetched" >&2; fi

sbom: $(target)/tools/bin/cargo-cyclonedx ## Write a software bill of materials of wci, in CycloneDX JSON
	$< cyclonedx --manifest-path worker/Cargo.toml --format json --spec-version 1.5 --target all --override-filename wci.cdx
	mkdir -p $(target)/sbom && sed 's|file://$(CURDIR)/|file:///|g' worker/wci.cdx.json > $(target)/sbom/wci.cdx.json
	rm -f */wci.cdx.json examples/*/wci.cdx.json
	@echo $(target)/sbom/wci.cdx.json

# Built without optimisation: the build takes longer than all of its runs.
$(target)/tools/bin/cargo-deny:
	$(CARGO) install cargo-deny --version 0.20.2 --locked --debug --root $(target)/tools

$(target)/tools/bin/cargo-cyclonedx:
	$(CARGO) install cargo-cyclonedx --version 0.5.9 --locked --debug --root $(target)/tools

bench-worker: ## Measure the overhead of a serverless worker's invocation and, after `make function`, its package size
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(CARGO) build --locked --profile $(PROFILE) -p wci -p greeter -p wci-tests --bins && $(built)/bench-worker

semver-release: ## Record the public API of a worker library release, the baseline for later changes
	$(CARGO) test --locked -p temporal-serverless-worker --test semver -- --ignored --exact a_release_is_written_down

BASELINE ?= $(shell git describe --tags --abbrev=0 --match 'v*' 2>/dev/null)
semver: ## Compare the worker library's public API with a git revision (BASELINE=<rev>)
	@test -n "$(BASELINE)" || { echo "no tag v* to compare with; run make semver BASELINE=<rev>" >&2; exit 2; }
	@test -x .tools/bin/cargo-semver-checks || $(CARGO) install --locked --root .tools cargo-semver-checks@0.51.0
	PATH="$(CURDIR)/.tools/bin:$$PATH" $(CARGO) semver-checks -p temporal-serverless-worker --baseline-rev $(BASELINE)

clean: ## Remove build output and fetched tools
	$(CARGO) clean
	rm -rf .tools
