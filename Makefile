# 证达. `make` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000
HOST   ?= $(if $(LAN),0.0.0.0,127.0.0.1)

.DEFAULT_GOAL := help
.PHONY: help run test test-long check format bench pictures requirements revision clean
.DELETE_ON_ERROR:

help: ## this list
	@echo "make run [PORT=8000] [LAN=1]   启动演示服务；LAN=1 供手机从局域网访问（https）"
	@echo "make test                      全部测试；任一失败即失败"
	@echo "make check                     格式、规范、类型、导入规则、单元测试（快）"
	@echo "make test-long                 长测试：风暴、大批量"
	@echo "make bench                     性能测量，输出一个 JSON"
	@echo "make pictures                  由运行中的系统重做指南里的图"
	@echo "make format                    整理格式"
	@echo "make requirements              由 pyproject.toml 重新编译 requirements.txt（需要 uv）"
	@echo "make revision ID=0002 M=\"…\"   由数据表定义生成数据库升级脚本"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 以上（现在是 `$(PYTHON) --version 2>&1`）。可用 make PYTHON=python3.12 指定。" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "建不了虚拟环境：请安装 python3-venv。" >&2; exit 1; }

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	@echo "安装程序库 …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/test.stamp: .ci/requirements-test.txt $(VENV)/run.stamp
	@echo "安装测试用的程序库 …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .ci/requirements-test.txt
	@touch $@

run: $(VENV)/run.stamp ## the demonstration, in the foreground
	@exec $(BIN)/python -m dispatch serve --demo --host $(HOST) --port $(PORT) $(if $(LAN),--tls)

test: $(VENV)/test.stamp ## everything
	@sh .ci/apt.sh
	@$(BIN)/python -m pytest -n 2 -m "not long"

test-long: $(VENV)/test.stamp ## storms and large sets
	@$(BIN)/python -m pytest -m long --timeout 3600

check: $(VENV)/test.stamp ## the fast inner loop
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n 2 tests/unit

format: $(VENV)/test.stamp
	@$(BIN)/ruff check --fix -q . || true
	@$(BIN)/ruff format .

pictures: $(VENV)/test.stamp ## the guide's pictures, from a working day in a browser
	@shots=`mktemp -d` && SHOTS_DIR=$$shots $(BIN)/python -m pytest -q tests/functional/test_day.py tests/functional/test_paper_page.py tests/functional/test_tasks.py && $(BIN)/python -m tests.functional.pictures $$shots docs/pictures; status=$$?; rm -rf $$shots; exit $$status

bench: $(VENV)/run.stamp ## one JSON object
	@$(BIN)/python -m dispatch bench

requirements: ## needs uv; compiled for every platform, with hashes and without addresses
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.txt
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --group test --group check -c requirements.txt pyproject.toml -o .ci/requirements-test.txt

revision: $(VENV)/test.stamp ## for developers, after the tables changed
	@test -n "$(ID)" -a -n "$(M)" || { echo '请写 make revision ID=0002 M="what changed"' >&2; exit 2; }
	@$(BIN)/python -m dispatch.migrations "$(ID)" "$(M)"

clean: ## what can be made again
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
