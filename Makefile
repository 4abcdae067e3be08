# Two commands are all you need: `make run` and `make test`.
SIP_PORT ?= 5060
PY := .venv/bin/python
USUAL := not bench and not soak and not interop
QUICK := -m "not hypothesis and $(USUAL)"
PYTEST := $(PY) -m pytest -n 3 --dist loadfile -m "$(USUAL)"
OTHERS := tests/unit/routing tests/unit/callproc tests/unit/tui
# Percent of the branches and lines of b2bua without callproc; it only ever rises.
COVERED := 95
LOCKS := requirements/build.lock requirements/run.lock

.PHONY: run test lint cover site lock bench soak interop clean

run: .venv/run  ## the switch with a worked example on 127.0.0.1:$(SIP_PORT)
	@exec .venv/bin/switch400 run --example --port $(SIP_PORT)

test: lint cover  ## every check, in under six minutes
	.ci/debian sip-tester:sipp espeak-ng
	$(PYTEST) tests/e2e tests/load $(OTHERS)

# The rooms' unit tests run here, and only here, since they are measured; the other tests run in `test`.
cover: .venv/dev  ## every branch of routing/ is taken by an example, not by chance; of b2bua/, so many percent by unit tests
	$(PY) -m pytest tests/unit/routing tests/unit/cli -q $(QUICK) --cov=routing --cov-fail-under=100
	$(PYTEST) tests/unit $(OTHERS:%=--ignore=%) --cov=b2bua --cov-report= --cov-fail-under=$(COVERED)

lint: .venv/dev site
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

site: .venv/dev  ## docs/ as pages in var/site; a dead link is a fault
	$(PY) -m mkdocs build --quiet --strict

lock: .venv/dev  ## requirements/*.lock anew from pyproject.toml; LOCK=--upgrade takes the newest of everything
	.ci/lock $(LOCK)

bench: .venv/dev  ## measurements, printed
	.ci/debian sip-tester:sipp
	$(PY) -m pytest -m bench -s --timeout 900

soak: .venv/dev  ## minutes of load, fuzz and kill -9
	.ci/debian sip-tester:sipp chromium:chromium espeak-ng
	$(PY) -m pytest -m soak -s --timeout 1800

interop: .venv/dev  ## calls with telephones and proxies that other people wrote; writes docs/interop.md (VOIPTESTS=DIR PJPROJECT=DIR add suites)
	.ci/debian sip-tester:sipp kamailio baresip-core:baresip linphone-nogtk:linphonec sox
	$(PY) -m pytest -n 3 --dist loadgroup -m interop --timeout 300 tests/interop

.venv/run: pyproject.toml .ci/venv $(LOCKS)
	.ci/venv
	touch $@

.venv/dev: .venv/run requirements/dev.lock
	.ci/venv dev
	touch $@

clean:
	rm -rf .venv var
