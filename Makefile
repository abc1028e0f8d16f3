# Everything goes through scripts/setup, which does nothing where all is there.
.PHONY: all setup build test test-without-torch test-threads demo demo-check picture bench bench-peers fuzz install format lint \
  docs reference clean

PREFIX ?= /usr/local
RENALGRADE = .build/release/renalgrade
# One optimised build serves the program, the demo and the tests, which reach into the rooms with @testable.
# Package.swift looks for libtorch: what it said when there was none must not be remembered.
SWIFT_FLAGS = --configuration release -Xswiftc -enable-testing --manifest-cache none

all: build

# On a new machine what needs no libtorch compiles while libtorch is downloaded.
WITHOUT_TORCH = RENALGRADE_WITHOUT_TORCH=1 swift build $(SWIFT_FLAGS)
MEANWHILE = --meanwhile '$(WITHOUT_TORCH) --target DICOM' --meanwhile '$(WITHOUT_TORCH) --target Study' \
  --meanwhile '$(WITHOUT_TORCH)'
setup:
	scripts/setup $(MEANWHILE)

build: setup
	swift build $(SWIFT_FLAGS) --product renalgrade

# Where a crash happened is what its last lines say: registers and a list of images would push it out of sight.
BACKTRACE = SWIFT_BACKTRACE=enable=yes,color=no,registers=none,images=none,limit=24,top=4

# A test that is skipped for want of something that scripts/setup can install is a failure.
test:
	scripts/setup --tests $(MEANWHILE)
	swift build $(SWIFT_FLAGS) --build-tests
	$(BACKTRACE) swift test $(SWIFT_FLAGS) --skip-build --event-stream-output-path .build/test-events.jsonl
	scripts/check-skips .build/test-events.jsonl

# The rooms that need no libtorch, as if there were none; in a folder of its own, so that neither build undoes the other.
# FILTER, a regular expression, chooses among their tests.
test-without-torch:
	scripts/setup --without-torch --tests
	RENALGRADE_WITHOUT_TORCH=1 swift test $(SWIFT_FLAGS) --scratch-path .build-without-torch $(if $(FILTER),--filter '$(FILTER)') \
	  --event-stream-output-path .build-without-torch/test-events.jsonl
	scripts/check-skips .build-without-torch/test-events.jsonl

# The rooms that need no libtorch, under the thread sanitizer: the tests of what runs in parallel.
test-threads:
	scripts/setup --without-torch --tests
	scripts/test-threads

demo: build
	scripts/demo $(RENALGRADE)

# The demo and its negative control, with what they must show.
demo-check: build
	scripts/demo $(RENALGRADE) --check

# The README's picture of the demo's report; needs Chromium.
picture:
	scripts/screenshot

# RenalGrade's own figures in a few minutes; `bench-peers` runs the Python peers in turn with it (Benchmarks/README.md).
bench: build
	swift build $(SWIFT_FLAGS) --product renalgrade-bench
	Benchmarks/run --own

# `make fuzz`, or for instance `make fuzz READER="nifti hdf5" INPUTS=20000 SEED=7`: mutated files for the readers.
fuzz: build
	swift build $(SWIFT_FLAGS) --product renalgrade-fuzz
	.build/release/renalgrade-fuzz --inputs $(or $(INPUTS),2000) --seed $(or $(SEED),1) $(if $(READER),--reader $(READER)) \
	  --keep .build/fuzz-findings

# `make bench-peers step16 rois` runs these alone.
bench-peers: build
	scripts/setup --peers
	swift build $(SWIFT_FLAGS) --product renalgrade-bench
	Benchmarks/run $(BENCHES)

# To make, what stands after bench-peers are targets, too: there is nothing to do for them.
ifeq ($(firstword $(MAKECMDGOALS)),bench-peers)
BENCHES = $(wordlist 2, $(words $(MAKECMDGOALS)), $(MAKECMDGOALS))
.PHONY: $(BENCHES)
$(BENCHES): ; @:
endif

# After `make build`, so that root need not build. The binary finds libtorch where it was built: keep this folder.
install:
	@test -x $(RENALGRADE) || { echo "install: run make build first" >&2; exit 1; }
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(RENALGRADE) $(RENALGRADE)-decoder "$(DESTDIR)$(PREFIX)/bin"

format:
	swift format --in-place --recursive Package.swift Sources Tests

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

docs: setup
	scripts/docs

reference:
	scripts/setup --python
	scripts/reference

clean:
	rm -rf .build .build-without-torch .build-threads .docs demo
