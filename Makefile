# Everything a person does with a checkout. `make help` lists it.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install train sweep compare beliefs test test-slow lint format bench bench-sweeps clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else f"seqlab needs Python 3.11 to 3.13; this is {v.major}.{v.minor} (set PYTHON=...)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed  ## Make .venv and install seqlab with every package pinned

train: $(VENV)/.installed  ## Train the stacked bidirectional LSTM on JapaneseVowels (ARGS="seed=1 ..." to change it)
	$(BIN)/python train.py model=bilstm_stacked $(ARGS)

sweep: $(VENV)/.installed  ## Search for a good LSTM in under a minute (ARGS="budget.trials=20 ..." to change it)
	$(BIN)/python sweep.py sweep=smoke $(ARGS)

compare: $(VENV)/.installed  ## Is a second layer or direction worth it? Tune, replicate, report (under 15 minutes)
	$(BIN)/python sweep.py sweep=compare $(ARGS)

beliefs: $(VENV)/.installed  ## Put what people believe of recurrent networks to the test (35 minutes, goes on where it was)
	@for file in sweeps/beliefs/*.yaml; do name=$$(basename $$file .yaml); \
	  $(BIN)/python sweep.py sweep=beliefs/$$name sweep.dir=runs/beliefs/$$name $(ARGS) || exit 1; done
	$(BIN)/seqlab report runs/beliefs/*/ --out runs/beliefs-report

test: $(VENV)/.installed-dev  ## Run the tests (under 10 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(ARGS)

test-slow: $(VENV)/.installed-dev  ## Run the long tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow $(ARGS)

lint: $(VENV)/.installed-dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/.installed-dev  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev  ## Measure one training step against packed sequences
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/encoder_step.py

bench-sweeps: $(VENV)/.installed-dev  ## Measure sweeps: overhead, long studies, workers, W&B, pruning (half an hour)
	$(BIN)/python benchmarks/sweep_overhead.py
	$(BIN)/python benchmarks/sweep_coordinator.py
	$(BIN)/python benchmarks/sweep_speed.py
	$(BIN)/python benchmarks/sweep_pruning.py

clean:  ## Remove the virtual environment and what builds and tests leave behind
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
