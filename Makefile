# make demo   the whole course on a class of sample students: generate, autograde, report
# make test   every test
# make lint   ruff and mypy
# make docs   the documentation as a site in site/, warnings are errors
# make clean  remove the environment, the demo and the caches (never submissions or a gradebook)
#
# Each makes .venv first if it is missing. PYTHON=/path/to/python chooses the interpreter.

.PHONY: help demo test lint docs clean python
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

# The first Python on PATH that is new enough and can make environments. Each candidate is run, not only looked for:
# pyenv leaves shims that fail for versions that aren't selected, and Debian ships python3 without ensurepip.
FIND_PYTHON = \
	find_python() { \
		set -f; IFS=:; \
		for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
			for folder in $$PATH; do \
				[ -x "$$folder/$$name" ] && is_good "$$folder/$$name" && echo "$$folder/$$name" && return; \
			done; \
		done; \
		return 1; \
	}; \
	is_good() { \
		"$$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	}; \
	if [ -n "$(PYTHON)" ]; then python='$(PYTHON)'; else python=$$(find_python) || python=; fi; \
	if [ -z "$$python" ] || ! is_good "$$python"; then \
		echo "Python 3.11 or newer with its venv module is needed: \
	apt install python3 python3-venv (Debian, Ubuntu), dnf install python3 (Fedora), brew install python (macOS)." >&2; \
		exit 1; \
	fi

python:
	@$(FIND_PYTHON); echo "$$python"

# The environment is built as .venv.new and renamed when whole, so an interrupted build is never taken for one. The
# scripts that pip writes hold the absolute path of their interpreter; it is changed in them before the rename. (All
# else in a venv is found relative to pyvenv.cfg.) .installed is newer than pyproject.toml when all of it is installed:
# after a change there, pip runs again in place, and an interrupted pip leaves no .installed behind.
PIP = -m pip --disable-pip-version-check --no-input install --quiet
RELOCATE = 'import pathlib; \
	[f.write_bytes(f.read_bytes().replace(b".venv.new", b".venv")) \
	for f in (*pathlib.Path(".venv.new/bin").iterdir(), pathlib.Path(".venv.new/pyvenv.cfg")) \
	if f.is_file() and not f.is_symlink() and b".venv.new" in f.read_bytes()]'

.venv/.installed: pyproject.toml
	@if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then \
		$(FIND_PYTHON); \
		echo "Making .venv with $$python (some 100 packages, a minute or two) ..." >&2; \
		rm -rf .venv .venv.new && \
		"$$python" -m venv .venv.new && \
		.venv.new/bin/python $(PIP) --editable '.[test]' && \
		.venv.new/bin/python -c $(RELOCATE) && \
		mv .venv.new .venv; \
	else \
		rm -f $@ && .venv/bin/python $(PIP) --editable '.[test]'; \
	fi
	@touch $@

.venv/.lint: .venv/.installed
	@.venv/bin/python $(PIP) --editable '.[test,lint]'
	@touch $@

demo: .venv/.installed
	@.venv/bin/grader demo

test: .venv/.installed
	.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: .venv/.lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

docs: .venv/.installed
	.venv/bin/python docs/make_commands.py --check
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict

clean:
	rm -rf .venv .venv.new demo site .grader .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
