# Two commands are all you need: `make run` and `make test`.
SIP_PORT ?= 5060
PY := .venv/bin/python

.PHONY: run test lint cover bench soak clean

run: .venv/run  ## the switch with a worked example on 127.0.0.1:$(SIP_PORT)
	@exec .venv/bin/switch400 run --example --port $(SIP_PORT)

test: lint cover  ## every check, in under ten minutes
	.ci/debian sip-tester:sipp espeak-ng
	$(PY) -m pytest -n 3 --dist loadfile -m "not bench and not soak"

cover: .venv/dev  ## every branch of routing/ is taken by an example, not by chance
	$(PY) -m pytest tests/unit/routing tests/unit/cli -q -m "not hypothesis and not bench and not soak" --cov --cov-fail-under=100

lint: .venv/dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/dev  ## measurements, printed
	.ci/debian sip-tester:sipp
	$(PY) -m pytest -m bench -s --timeout 900

soak: .venv/dev  ## minutes of load, fuzz and kill -9
	.ci/debian sip-tester:sipp chromium:chromium espeak-ng
	$(PY) -m pytest -m soak -s --timeout 1800

.venv/run: pyproject.toml .ci/venv .ci/pjsua2.txt
	.ci/venv
	touch $@

.venv/dev: .venv/run
	.ci/venv dev
	touch $@

clean:
	rm -rf .venv var
