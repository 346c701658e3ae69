# The same commands everywhere: each makes what it needs, from a fresh clone with only Python.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_OPTIONS ?= -n auto --dist loadfile

# Scenes are tested on these, the oldest and the newest of the MRML libraries (Slicer's own numbering).
OLDEST_SLICER := 5.11.0.2
N ?= 200
SEED ?= 1

.PHONY: help demo test slow slicers data mutants lint format bench pages pictures clean

help:
	@echo "make demo      make a digital torso, analyse it, show both answers"
	@echo "make test      linters and tests, some minutes"
	@echo "make slow      tests that take longer, and scenes on the oldest and the newest Slicer"
	@echo "make data      fetch the public scans that some tests read"
	@echo "make mutants   change the code in N=$(N) places and list the changes that no test notices"
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

slow: $(VENV)/installed-test slicers
	$(BIN)/pytest $(PYTEST_OPTIONS) -m slow

slicers: | $(BIN)/python
	@for version in "==$(OLDEST_SLICER)" ""; do \
		folder=build/slicer$$version; \
		$(BIN)/python -m venv --clear $$folder \
		&& $$folder/bin/pip install --quiet --upgrade "slicer-core$$version" numpy scipy SimpleITK pydicom Pillow \
			pytest hypothesis jsonschema "highdicom>=0.26" PySide6-Essentials \
		&& $$folder/bin/pip list 2>/dev/null | grep slicer-core \
		&& $$folder/bin/python -m pytest -q -p no:cacheprovider Testing/mrml Testing/reading || exit 1; done

data: $(VENV)/installed
	$(BIN)/python Testing/fetch_data.py

mutants: $(VENV)/installed-test
	$(BIN)/python Testing/mutants.py --count $(N) --seed $(SEED)

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
