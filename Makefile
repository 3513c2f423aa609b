# make demo: the bundled portrait moves with the bundled clip.   make test: every check and test.
# make help: all there is.
# Both set up a virtual environment first; a second run starts at once. Packages have the versions of
# constraints.txt, which the tests have passed with; with NEWEST=1 the newest that pyproject.toml allows, in an
# environment of their own: make test-newest, or NEWEST=1 before any other command.
PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11 python3.10 python; do \
  $$p -c 'import sys, venv; sys.exit(not (3,10) <= sys.version_info[:2] <= (3,13))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= $(if $(NEWEST),.venv-newest,.venv)
BIN := $(VENV)/bin
# By the environment it holds for what builds a package, too (setuptools); newer pips have a variable for that.
LOCK := $(if $(NEWEST),,PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt)
PIP := $(LOCK) $(BIN)/python -m pip --disable-pip-version-check
HEAD_DATA ?= ../shared/data/head

GPU_PYTHON ?= python3
OUT ?= out/gpu
PIECE ?= 0
space := $(subst ,, )

.PHONY: demo help test test-slow test-newest check types format setup lock bench art train gpu clean

demo: $(VENV)/.run ## the bundled portrait moves with the bundled clip: demo.mp4, then the live page
	$(BIN)/livecam demo

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: check ## every check and test but the slow ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow"

test-slow: $(VENV)/.dev ## the slow tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

test-newest: ## the tests with the newest versions of every package; if they pass: make lock
	rm -rf .venv-newest
	$(MAKE) test NEWEST=1

check: types ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy looks for livecam.engines in a folder livecam/engines, so it gets links that put it there. The tests have
# rules of their own.
TYPED := build/typed
types: $(VENV)/.dev ## types alone
	@rm -rf $(TYPED) && mkdir -p $(TYPED)/livecam
	@ln -s $(addprefix $(CURDIR)/,$(wildcard livecam/*) engines export benchmarks) $(TYPED)/livecam
	@ln -s $(addprefix $(CURDIR)/,training tests $(wildcard examples)) $(TYPED)
	cd $(TYPED) && $(abspath $(BIN))/mypy --config-file $(CURDIR)/pyproject.toml \
	  --cache-dir $(CURDIR)/.mypy_cache livecam training $(wildcard examples)
	cd $(TYPED) && MYPYPATH=$(subst $(space),:,$(patsubst %/,%,tests $(wildcard tests/*/))) $(abspath $(BIN))/mypy \
	  --config-file $(CURDIR)/tests/mypy.ini --cache-dir $(CURDIR)/.mypy_cache/tests tests

format: $(VENV)/.dev ## put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.dev ## the virtual environment, for training and tests too

# Takes the newest versions for every Python and system into constraints.txt. No hashes: PyTorch's wheels
# without CUDA have others than those on PyPI.
lock: $(VENV)/.venv ## the newest versions of every package into constraints.txt
	@$(BIN)/python -m pip --disable-pip-version-check install -q --upgrade uv
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.10 --extra train --extra dev pyproject.toml \
	  --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o constraints.txt

# Figures for this machine; let nothing else run meanwhile.
bench: $(VENV)/.dev ## latency by stage on this machine
	$(BIN)/python -m livecam.benchmarks.latency --json benchmarks/results/latency.json --plots benchmarks/results

# The pictures and the clip that come with livecam, from the head data.
art: $(VENV)/.dev ## the bundled portraits and clip, from the head data
	$(BIN)/python -m training.heads.art --head-data $(HEAD_DATA) --out livecam/assets
	$(BIN)/python -m training.heads.reactions --head-data $(HEAD_DATA) --out livecam/assets/reactions

# The refiner, on two cores: about two hours. docs/training.md explains the steps.
train: $(VENV)/.dev ## the refiner on two cores, about two hours
	$(BIN)/python -m training.pairs --head-data $(HEAD_DATA) --out out/pairs --count 600 --quick --workers 2
	$(BIN)/python -m training.perception --data out/pairs --out out/features.safetensors
	$(BIN)/python -m training cpu --data out/pairs --out out/mouth --features out/features.safetensors $(if $(wildcard out/mouth/state.json),--resume)
	$(BIN)/python -m training cpu --part eye --embedder out/mouth --data out/pairs --out out/eye --features out/features.safetensors $(if $(wildcard out/eye/state.json),--resume)
	$(BIN)/python -m training.ship out/mouth out/eye --out out/weights

# One piece of six minutes on a GPU, no virtual environment: make gpu PIECE=1 FROM=folder-of-piece-0 OUT=folder
gpu: ## a piece of the refiner's training on a GPU, from the shipped weights on
	$(GPU_PYTHON) -m training.gpu --head-data $(HEAD_DATA) --out $(OUT) --piece $(PIECE) --minutes 5.5 $(if $(FROM),--from $(FROM))

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "livecam needs Python 3.10 to 3.13 with venv; set PYTHON=/path/to/python."; exit 2; }
	@echo "[1/3] virtual environment in $(VENV), $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.venv pyproject.toml constraints.txt
	@echo "[2/3] packages: about 350 MB to fetch, a minute or two the first time"
	@$(PIP) install -q --progress-bar on -e .
	@$(headless)
	@echo "[3/3] face model: one 35 MB file to fetch, checked by its SHA-256"
	@$(BIN)/python -m livecam.export.face_model
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "[+] packages for training and tests: about 200 MB more"
	@$(PIP) install -q --progress-bar on -e '.[train,dev]'
	@$(headless)
	@touch $@

# mediapipe asks for OpenCV's desktop build, which needs libGL and overwrites the headless one: take it out.
define headless
if $(PIP) show -q opencv-contrib-python 2>/dev/null; then \
  $(PIP) uninstall -q -y opencv-contrib-python && $(PIP) install -q --force-reinstall --no-deps opencv-python-headless; fi
endef

clean: ## remove all that was made here
	rm -rf .venv .venv-newest $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache out demo.mp4
