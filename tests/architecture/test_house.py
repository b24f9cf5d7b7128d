"""The house's rules, checked by a machine."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dispatch.config import SETTINGS
from dispatch.lifecycle import CaseState, ConsignmentState, DocumentState, ScanAction
from tests.functional.hands import MOST_BYTES
from workers.pipeline import STEPS

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted(p for room in ("dispatch", "labels", "workers") for p in (ROOT / room).rglob("*.py"))
RULES = [
    p
    for p in PRODUCT
    if p.relative_to(ROOT).parts[0] != "workers"
    and not {"web", "adapters", "migrations", "commands"} & set(p.parts)
]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_import_rules() -> None:
    found = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-3000:]


def test_every_module_imports_without_effects(tmp_path: Path) -> None:
    """In an empty folder, with an empty environment and no sockets: no file appears, nothing connects."""
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in PRODUCT]
    names = [
        n.removesuffix(".__init__") for n in names if not n.endswith("__main__") and ".migrations." not in n
    ]
    code = (
        "import socket, sys, threading\n"
        "def refuse(*a, **k): raise RuntimeError('a socket at import')\n"
        "socket.socket.connect = refuse\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        f"for name in {names!r}: __import__(name)\n"
        "assert threading.active_count() == 1, 'a thread at import'\n"
    )
    found = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_modules_and_functions_keep_their_size(path: Path) -> None:
    lines = path.read_text("utf-8").count("\n")
    # a revision is written by a machine, one function for each table; it is as long as there are tables
    assert lines <= 600 or path.parent.name == "versions", f"{lines} lines"
    for function in _functions(path):
        size = (function.end_lineno or 0) - function.lineno + 1
        assert size <= 60, f"{function.name}: {size} lines"
        inner = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert not inner, f"{function.name}: an import inside a function"


def test_catch_alls_are_few_and_explained() -> None:
    """One deliberate catch-all per loop that must not die; each says why in a comment on its line."""
    for path in PRODUCT:
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ExceptHandler):
                broad = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
                assert not broad or "#" in lines[node.lineno - 1], (
                    f"{_name(path)}:{node.lineno} catches everything without a reason"
                )


def test_rules_never_read_the_clock() -> None:
    clock = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|time\.time\(")
    found = [_name(p) for p in RULES if clock.search(p.read_text("utf-8"))]
    assert found == []


def test_web_has_no_sql() -> None:
    for path in (ROOT / "dispatch/web").rglob("*.py"):
        modules = {n.module or "" for n in ast.walk(_tree(path)) if isinstance(n, ast.ImportFrom)}
        assert not {m for m in modules if m.startswith("sqlalchemy") or m in ("models", "dispatch.models")}, (
            _name(path)
        )


def test_public_functions_have_docstrings_where_a_module_offers_them() -> None:
    missing = []
    for path in RULES:
        tree = _tree(path)
        offered = {
            str(item.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and getattr(node.targets[0], "id", "") == "__all__"
            and isinstance(node.value, ast.List)
            for item in node.value.elts
            if isinstance(item, ast.Constant)
        }
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and node.name in offered
                and not ast.get_docstring(node)
            ):
                missing.append(f"{_name(path)}: {node.name}")
    assert missing == []


def test_every_setting_is_documented() -> None:
    table = (ROOT / "docs/operations.md").read_text("utf-8")
    assert [name for name in SETTINGS if f"`{name}`" not in table] == []


def test_every_state_has_its_word() -> None:
    words = (ROOT / "docs/glossary.md").read_text("utf-8")
    states = {str(s) for kind in (CaseState, DocumentState, ConsignmentState) for s in kind}
    assert [s for s in states if f"| {s} |" not in words] == []


def test_every_scan_action_is_documented() -> None:
    text = (ROOT / "docs/lifecycle.md").read_text("utf-8")
    assert [str(a) for a in ScanAction if f"`{a}`" not in text] == []


def test_every_step_is_documented() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert [step for step in STEPS if f"`{step}`" not in text] == []


def test_every_command_is_documented() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "dispatch", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands = re.findall(r"^  ([a-z]+)", found.stdout.split("Commands:")[1], re.M)
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    assert commands
    assert [c for c in commands if f"`{c}" not in text] == []
    table = text.split("## 命令 Commands")[1].split("\n## ")[0]
    promised = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([a-z]+)", row.split(" | ")[0])
    }
    assert promised <= set(commands)


def test_every_dependency_has_its_reason() -> None:
    table = (ROOT / "docs/adr/0009-dependencies.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[\[>=]", d)[0] for d in project["dependencies"]]
    assert [n for n in names if n not in table] == []


def test_decisions_name_the_test_that_guards_them() -> None:
    for path in sorted((ROOT / "docs/adr").glob("[0-9]*.md")):
        guards = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", path.read_text("utf-8"))
        assert guards, path.name
        for file, test in guards:
            assert (ROOT / file).exists(), f"{path.name}: {file}"
            assert not test or f"def {test}" in (ROOT / file).read_text("utf-8"), f"{path.name}: {test}"


def test_every_picture_is_shown_and_small() -> None:
    """Pages of ours show pictures that are there; none is kept that nobody shows."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    shown = {
        (page.parent / link).resolve()
        for page in pages
        for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text("utf-8"))
    }
    kept = set((ROOT / "docs/pictures").iterdir())
    assert shown == kept
    assert [path.name for path in kept if path.stat().st_size > MOST_BYTES] == []


def test_top_level_holds_what_a_reader_expects() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    expected = {
        "dispatch", "templates", "labels", "workers", "tests", "wsgi.py", "requirements.txt", "pyproject.toml",
        "Makefile", "README.md", "CHANGELOG.md", "docs", "bench", ".ci", ".gitignore",
    }  # fmt: skip
    assert {name.split("/")[0] for name in tracked if name} <= expected
