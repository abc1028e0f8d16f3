# Everything goes through scripts/setup, which does nothing where all is there.
.PHONY: all setup build test demo install format lint docs reference clean

PREFIX ?= /usr/local
CONFIGURATION ?= release
RENALGRADE = .build/$(CONFIGURATION)/renalgrade

all: build

setup:
	scripts/setup

build: setup
	swift build --configuration $(CONFIGURATION) --product renalgrade

test: setup
	swift build --build-tests
	swift test --skip-build

demo: build
	scripts/demo $(RENALGRADE)

# The binary finds libtorch where it was built (.deps/libtorch, or LIBTORCH): keep this folder.
install: build
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(RENALGRADE) "$(DESTDIR)$(PREFIX)/bin/renalgrade"

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
	rm -rf .build .docs demo
