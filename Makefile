# The same commands everywhere: each makes what it needs, from a fresh clone with only Python.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_OPTIONS ?= -n auto --dist loadfile

.PHONY: help demo test lint format bench pages pictures clean

help:
	@echo "make demo      make a digital torso, analyse it, show both answers"
	@echo "make test      linters and tests"
	@echo "make lint      linters alone"
	@echo "make format    bring the code into the project's format"
	@echo "make bench     measure the speed"
	@echo "make pages     write the generated parts of docs/ anew"
	@echo "make pictures  make the pictures of the README anew"
	@echo "make clean     remove the environment and what the commands made"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "CACBoneAxis needs Python 3.11 or later, which $(PYTHON) is not; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps are newer than pyproject.toml as long as nothing has to be installed.
$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV), with what the tests need"
	@$(BIN)/python -m pip install --quiet --editable ".[test]"
	@touch $@ $(VENV)/installed

demo: $(VENV)/installed
	$(BIN)/cacboneaxis demo

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest $(PYTEST_OPTIONS)

format: $(VENV)/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed
	$(BIN)/python Testing/bench/bench.py
	$(BIN)/python Testing/bench/reading.py
	$(BIN)/python Testing/bench/clicks.py
	$(BIN)/python Testing/bench/scaling.py

pages: $(VENV)/installed
	$(BIN)/python docs/make_pages.py

pictures: $(VENV)/installed-test
	@for script in Testing/panel/render_panel.py Testing/report/render_report.py; do \
		if [ -f $$script ]; then echo $$script; $(BIN)/python $$script || exit 1; fi; done

clean:
	rm -rf $(VENV) demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
