# make demo: the bundled portrait moves with the bundled clip.   make test: every check and test.
# Both set up a virtual environment first; a second run starts at once.
PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11 python3.10 python; do \
  $$p -c 'import sys, venv; sys.exit(not (3,10) <= sys.version_info[:2] <= (3,13))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q

.PHONY: demo test test-slow check format setup clean
demo: $(VENV)/.run
	$(BIN)/livecam demo

test: check
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.dev

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "livecam needs Python 3.10 to 3.13 with venv on the PATH; set PYTHON=/path/to/python."; exit 2; }
	@echo "[1/3] virtual environment in $(VENV), with $$($(PYTHON) --version)"
	$(PYTHON) -m venv $(VENV)
	@touch $@

# mediapipe asks for OpenCV's GUI build, which needs libGL and lands on top of the headless one: take it out again.
$(VENV)/.run: $(VENV)/.venv pyproject.toml
	@echo "[2/3] packages (about 350 MB, a minute or two the first time)"
	$(PIP) -e .
	@if $(BIN)/python -m pip show -q opencv-contrib-python 2>/dev/null; then \
	  $(BIN)/python -m pip uninstall -q -y opencv-contrib-python; \
	  $(PIP) --force-reinstall --no-deps opencv-python-headless; fi
	@echo "[3/3] face model"
	$(BIN)/python -m export.face_model
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "[+] packages for training and tests (about 200 MB more)"
	$(PIP) -e '.[train,dev]'
	@if $(BIN)/python -m pip show -q opencv-contrib-python 2>/dev/null; then \
	  $(BIN)/python -m pip uninstall -q -y opencv-contrib-python; \
	  $(PIP) --force-reinstall --no-deps opencv-python-headless; fi
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache out demo.mp4
