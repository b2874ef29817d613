# What there is to do: `make help`. CARGO_TARGET_DIR is honoured.

CARGO ?= cargo
PROFILE ?= release
target := $(or $(CARGO_TARGET_DIR),target)
# Cargo calls the folder of its profile `dev` debug.
built := $(target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

.PHONY: help build demo lambda-demo function test test-build lint deploy-check doc record-histories bench bench-full bench-worker semver mutants fuzz semver-release clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the program wci and the example worker greeter, for use (PROFILE=dev: faster to build)
	$(CARGO) build --locked --profile $(PROFILE) -p wci -p greeter

# Unoptimised: built in half the time, by what `make test` builds too.
demo: ## Scale from zero and back on this machine; options in ARGS, for example ARGS=--keep
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(CARGO) build --locked -p wci -p greeter && $(target)/debug/wci demo $(ARGS)

lambda-demo: ## The same with AWS Lambda, without AWS: cargo lambda watch runs the function; TASKS=20 ARGS=--keep
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(CARGO) build --locked -p wci -p greeter -p wci-tests --bins && $(target)/debug/lambda-demo $(TASKS) $(ARGS)

function: ## Package the example worker as a Lambda function: x86-64, and arm64 with its Rust target
	@tools/package-function greeter

test-build:
	$(CARGO) build --locked -p wci -p greeter -p orders -p patterns
	$(CARGO) test --locked --workspace --no-run

test: test-build ## Run every test, those on a real server too
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && CARGO="$(CARGO)" tools/test

lint: ## Format, clippy, both without a warning
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

deploy-check: ## Lint what is in deploy/: policies, templates, manifests, unit, container, dashboard
	@deploy/check

doc: ## Build the documentation of the code, without a warning
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

record-histories: test-build ## Record the histories that the replay tests replay
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && $(CARGO) test --locked -p wci-tests --test record -- --ignored --nocapture

bench: build ## Measure it beside the controller in the server; takes some eleven minutes
	$(CARGO) build --locked --profile $(PROFILE) -p wci-bench
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && $(built)/wci-bench $(CASES)

bench-full: CASES += --full
bench-full: bench ## The same, with the time that the slow cases need

mutants: $(target)/tools/bin/cargo-mutants ## Change the scaling algorithms in small ways and see that a test notices; takes an hour or two
	PROPTEST_CASES=32 $(target)/tools/bin/cargo-mutants mutants --package wci-scaling --timeout 120 --output $(target) $(ARGS)

$(target)/tools/bin/cargo-mutants:
	$(CARGO) install cargo-mutants --version 27.1.0 --locked --root $(target)/tools

fuzz: ## Ask the scaling algorithms and the simulator anything, CASES times for each property
	PROPTEST_CASES=$(or $(CASES),20000) $(CARGO) test --locked --release -p wci-scaling -p wci-simulator --test properties --test demand_properties

bench-worker: ## Measure what a serverless worker's life costs besides its work; after `make function`, its size too
	@WCI_TEMPORAL_CLI=$$(tools/temporal-cli) && export WCI_TEMPORAL_CLI && \
	$(CARGO) build --locked --profile $(PROFILE) -p wci -p greeter -p wci-tests --bins && $(built)/bench-worker

semver-release: ## Write down what a release of the worker library offers; later changes are judged by it
	$(CARGO) test --locked -p temporal-serverless-worker --test semver -- --ignored --exact a_release_is_written_down

BASELINE ?= $(shell git describe --tags --abbrev=0 --match 'v*' 2>/dev/null)
semver: ## Compare the worker library's public API with a git revision: BASELINE=<rev>
	@test -n "$(BASELINE)" || { echo "no tag v* to compare with: make semver BASELINE=<rev>" >&2; exit 2; }
	@test -x .tools/bin/cargo-semver-checks || $(CARGO) install --locked --root .tools cargo-semver-checks@0.51.0
	PATH="$(CURDIR)/.tools/bin:$$PATH" $(CARGO) semver-checks -p temporal-serverless-worker --baseline-rev $(BASELINE)

clean: ## Remove what was built and fetched
	$(CARGO) clean
	rm -rf .tools
