"""The command line as people and scripts use it, and the whole service under blows."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.factories import approval

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Shell:
    """A data folder and commands run on it."""

    folder: Path
    environ: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(
        self, *words: str, stdin: str = "", code: int = 0, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "dispatch", *words], cwd=ROOT, env=self.environ | environ, input=stdin,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def refused(self, *words: str, code: int = 1, **environ: str) -> str:
        """Run what must fail: one line of Chinese on standard error, nothing on standard output."""
        done = self.run(*words, code=code, **environ)
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1, done.stderr
        assert any("\u4e00" <= ch <= "\u9fff" for ch in lines[0]), lines[0]
        assert done.stdout == ""
        return lines[0]

    def serve(self, *words: str, **environ: str) -> Running:
        port = _free_port()
        log = self.folder.parent / f"serve-{port}.log"
        command = [sys.executable, "-m", "dispatch", "serve", "--port", str(port), *words]
        with log.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environ | environ,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.running.append(process)
        return Running(process, port, log, tls="--tls" in words)


@dataclass
class Running:
    """A service in the foreground of its own process group."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    tls: bool

    @property
    def base(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def get(self, path: str) -> int:
        """The status of an answer, 0 for none."""
        anything = ssl.create_default_context()
        anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=anything)
        )
        try:
            with opener.open(self.base + path, timeout=3) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return 0

    def wait_ready(self, seconds: float = 40) -> None:
        until(lambda: self.get("/readyz") == 200, seconds, lambda: self.log.read_text(errors="replace"))

    def family(self) -> dict[int, str]:
        """Command lines by process id of all descendants."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
        found, wanted = {}, [self.process.pid]
        while wanted:
            for pid in parents.get(wanted.pop(), []):
                wanted.append(pid)
                found[pid] = _command(pid)
        return found

    def pid(self, word: str) -> int | None:
        return next((pid for pid, command in self.family().items() if word in command), None)


def _command(pid: int) -> str:
    try:
        return (
            (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition, seconds: float, why=lambda: "it never happened") -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def bare() -> Iterator[Shell]:
    """A machine where nothing was set up."""
    with tempfile.TemporaryDirectory(prefix="zd-cli-") as name:
        folder = Path(name) / "data"
        environ = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("DISPATCH_", "PUBLIC_", "DATABASE_", "REDIS_", "BLOB_"))
        }
        shell = Shell(folder, environ | {"DISPATCH_DATA_DIR": str(folder)})
        yield shell
        for process in shell.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(20)


@pytest.fixture
def shell(bare: Shell, prepared: Path) -> Shell:
    """A machine that was set up."""
    subprocess.run(["cp", "-r", str(prepared), str(bare.folder)], check=True)
    return bare


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Three good approvals and a bad one between them."""
    good = [approval() for _ in range(3)]
    lines = [json.dumps(case, ensure_ascii=False) for case in good]
    lines.insert(1, json.dumps(approval(decision="perhaps"), ensure_ascii=False))
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# -- one command at a time ---------------------------------------------------------------------------------------
def test_init_makes_an_administrator_once(bare: Shell) -> None:
    first = bare.run("init").stdout
    assert "admin" in first and "只显示这一次" in first
    assert "admin" not in bare.run("init").stdout
    assert oct(bare.folder.stat().st_mode & 0o777) == "0o700"
    assert bare.run("user", "list").stdout.startswith("admin\tadmin")


def test_before_init_commands_say_what_to_do_and_make_nothing(bare: Shell) -> None:
    for words in (
        ["user", "list"],
        ["doctor"],
        ["issue", "--all-ready"],
        ["apikey", "create", "x", "--scope", "read"],
    ):
        assert "init" in bare.refused(*words)
    assert not bare.folder.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense"], 2),
        (["user", "create"], 2),
        (["user", "create", "x", "--role", "boss", "--office", "33"], 2),
        (["apikey", "create", "x"], 2),
        (["apikey", "create", "x", "--scope", "everything"], 2),
        (["serve", "--port", "99999999"], 2),
        (["serve", "--surprise"], 2),
        (["issue"], 2),
        (["issue", "1", "--all-ready"], 2),
        (["import"], 2),
        (["import", "no-such-file.jsonl"], 1),
        (["range", "import", "range", "EE000000001ZZ", "EE000000002ZZ"], 1),
        (["range", "import", "nobody", "EE000000014ZZ", "EE000000014ZZ"], 1),
        (["user", "disable", "nobody"], 1),
        (["apikey", "revoke", "nobody"], 1),
        (["issue", "--all-ready", "--as", "nobody"], 1),
        (["keys", "rotate", "index"], 2),
        (["verify"], 64),
        (["verify", "no-such-file.pdf"], 64),
        (["verify", "x", "--keys", "no-such-file"], 64),
        (["verify", "x", "--surprise"], 64),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_mistakes_are_one_line_in_chinese(shell: Shell, words: list[str], code: int) -> None:
    shell.refused(*words, code=code)


def test_settings_that_cannot_be_are_named(shell: Shell) -> None:
    assert "PUBLIC_BASE_URL" in shell.refused("user", "list", PUBLIC_BASE_URL="not an address")
    assert "DISPATCH_TRUSTED_PROXIES" in shell.refused("user", "list", DISPATCH_TRUSTED_PROXIES="two")
    assert "https" in shell.refused("serve", DISPATCH_ENV="production", PUBLIC_BASE_URL="http://zd.example")
    shell.refused(
        "user", "list", DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=2"
    )


def test_production_does_not_start_on_what_a_demonstration_left(shell: Shell) -> None:
    strict = {"DISPATCH_ENV": "production", "PUBLIC_BASE_URL": "https://zd.example"}
    assert "演示" in shell.refused("serve", **strict)
    assert "演示" in shell.refused("user", "list", **strict)
    assert "--tls" in shell.refused("serve", "--tls", **strict)


def test_accounts_from_the_command_line(shell: Shell) -> None:
    shell.run(
        "user",
        "create",
        "wang",
        "--role",
        "clerk",
        "--office",
        "3311",
        "--password-stdin",
        stdin="quiet-river-42\n",
    )
    assert "wang\tclerk\t3311\t在用" in shell.run("user", "list").stdout
    shell.run("user", "password", "wang", "--password-stdin", stdin="another-river-43\n")
    shell.run("user", "badge", "wang", stdin="BADGE-000123\r\n")
    assert "有工牌" in shell.run("user", "list").stdout
    assert "工牌码应为" in shell.refused("user", "badge", "wang", "--code", "短")
    assert "注销" in shell.run("user", "badge", "wang", "--code", "").stdout
    assert "没有名为" in shell.refused("user", "badge", "nobody", "--code", "BADGE-000124")
    shell.run("user", "disable", "wang")
    assert "已停用" in shell.run("user", "list").stdout
    shell.refused("user", "create", "li", "--role", "clerk", "--office", "33", "--password-stdin")


def test_a_key_stands_alone_on_standard_output(shell: Shell) -> None:
    key = shell.run("apikey", "create", "platform", "--scope", "cases", "--scope", "read").stdout
    assert key.count("\n") == 1 and key.startswith("zd_") and len(key.strip()) >= 43
    listed = shell.run("apikey", "list").stdout
    assert "platform\tcases read" in listed and key.strip() not in listed
    assert "platform" in shell.refused("apikey", "create", "platform", "--scope", "read")
    shell.run("apikey", "revoke", "platform")


def test_an_import_keeps_the_good_rows_and_names_the_bad_ones(shell: Shell, cases: Path) -> None:
    dry = shell.run("import", str(cases), "--dry-run", code=1)
    assert "可以导入 3 件" in dry.stdout and "第 2 行" in dry.stderr and "decision" in dry.stderr
    first = shell.run("import", str(cases), code=1)
    assert "已导入 3 件" in first.stdout and "未通过 1 件" in first.stdout
    again = shell.run("import", str(cases), code=1)
    assert "已导入 0 件" in again.stdout and "已有相同 3 件" in again.stdout
    issued = shell.run("issue", "--all-ready")
    assert "新出件 3 件" in issued.stdout
    number = json.loads(cases.read_text("utf-8").splitlines()[0])["acceptance_no"]
    assert "此前已出 1 件" in shell.run("issue", number).stdout
    unknown = shell.run("issue", number, "9" * 21, code=1)
    assert "9" * 21 in unknown.stderr and "未能出件 1 件" in unknown.stdout


def test_the_template_can_be_imported(shell: Shell, tmp_path: Path) -> None:
    for name in ("模板.xlsx", "模板.csv"):
        target = tmp_path / name
        shell.run("import", str(target), "--template")
        assert target.stat().st_size > 100
        shell.run("import", str(target), "--dry-run")


def test_who_entered_a_file_does_not_issue_it(shell: Shell, cases: Path) -> None:
    for name in ("wang", "li"):
        shell.run(
            "user",
            "create",
            name,
            "--role",
            "clerk",
            "--office",
            "33",
            "--password-stdin",
            stdin="quiet-river-42\n",
        )
    shell.run("import", str(cases), "--as", "wang", code=1)
    assert "未能出件 3 件" in shell.run("issue", "--all-ready", "--as", "wang", code=1).stdout
    assert "新出件 3 件" in shell.run("issue", "--all-ready", "--as", "li").stdout


def test_ranges_and_keys(shell: Shell) -> None:
    assert "ZZ" in shell.run("range", "list").stdout
    shell.refused("range", "import", "range", "EZ000000014ZZ", "EZ000000014ZZ")
    shell.run("keys", "rotate", "token")
    assert shell.run("keys", "list").stdout.count("token\t") == 2


def test_the_doctor_finds_nothing_on_a_fresh_machine(shell: Shell) -> None:
    assert "没有发现问题" in shell.run("doctor").stdout


def test_the_doctor_names_what_somebody_changed(shell: Shell, cases: Path) -> None:
    shell.run("import", str(cases), code=1)
    subprocess.run(
        [sys.executable, "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); "
         "c.execute(\"update audit set actor='somebody' where seq=2\"); c.commit()", str(shell.folder / "dispatch.sqlite3")],
        check=True,
    )  # fmt: skip
    done = shell.run("doctor", code=1)
    assert "审计" in done.stdout and "1 处" in done.stderr


# -- the whole service -------------------------------------------------------------------------------------------
@pytest.mark.timeout(180)
def test_the_service_starts_bare_survives_blows_and_leaves_nothing_behind(bare: Shell) -> None:
    service = bare.serve()
    service.wait_ready()
    assert "已有一个服务在运行" in bare.refused("serve", "--port", str(_free_port()))
    assert bare.run("apikey", "create", "platform", "--scope", "read").stdout.startswith("zd_")
    for word in ("valkey-server", "dispatch worker", "dispatch relay", "dispatch web"):
        old = service.pid(word)
        assert old is not None, service.family()
        os.kill(old, signal.SIGKILL)
        until(
            lambda word=word, old=old: service.pid(word) not in (None, old),
            3,
            lambda word=word: f"{word} was not started again",
        )
    service.wait_ready()
    family = list(service.family())
    service.process.kill()
    service.process.wait()
    until(
        lambda: not any(_alive(pid) for pid in family),
        5,
        lambda: f"left behind: {[_command(p) for p in family if _alive(p)]}",
    )

    again = bare.serve()
    again.wait_ready()
    family = list(again.family())
    again.process.terminate()
    assert again.process.wait(20) == 0
    assert not any(_alive(pid) for pid in family)
    assert again.get("/readyz") == 0


@pytest.mark.timeout(120)
def test_work_is_done_within_seconds_from_the_command_line_too(shell: Shell, cases: Path) -> None:
    service = shell.serve()
    service.wait_ready()
    shell.run("import", str(cases), code=1)
    shell.run("issue", "--all-ready")
    blobs = shell.folder / "blobs"
    until(lambda: len(list(blobs.rglob("*.pdf"))) >= 3, 40)


@pytest.mark.timeout(120)
def test_a_long_folder_name_is_no_obstacle_for_the_socket(bare: Shell) -> None:
    deep = bare.folder / ("很长的目录名" * 6) / "x"
    deep.mkdir(parents=True)
    service = bare.serve(DISPATCH_DATA_DIR=str(deep))
    service.wait_ready()
    assert service.pid("valkey-server") is not None
    sockets = [
        p
        for p in Path(tempfile.gettempdir()).glob("zhengda-*")
        if p.is_dir() and (p / "valkey.sock").exists()
    ]
    assert sockets
    service.process.terminate()
    assert service.process.wait(20) == 0
    assert not any(p.exists() for p in sockets)


@pytest.mark.timeout(180)
def test_the_demonstration_over_https_with_new_passwords_each_time(bare: Shell) -> None:
    passwords = []
    for _ in range(2):
        service = bare.serve("--demo", "--tls", "--host", "127.0.0.1")
        service.wait_ready(80)
        until(lambda service=service: "Ctrl-C" in service.log.read_text(errors="replace"), 20)
        told = service.log.read_text(errors="replace")
        assert "https://" in told and "演示样本" in told and "clerk" in told and "admin" in told
        passwords.append({line.split("\t")[-1] for line in told.splitlines() if line.startswith("  ")})
        assert "Traceback" not in told
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(20) == 0
    assert len(passwords[0]) >= 7 and not passwords[0] & passwords[1]


def test_a_port_in_use_is_told_with_a_way_out(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = shell.refused("serve", "--port", str(taken.getsockname()[1]))
    assert "--port" in told


def test_a_folder_that_cannot_be_written_is_told(bare: Shell) -> None:
    assert "数据目录" in bare.refused("serve", DISPATCH_DATA_DIR="/proc/zhengda")
    assert "数据目录" in bare.refused("init", DISPATCH_DATA_DIR="/proc/zhengda")


def test_a_machine_is_backed_up_and_brought_back_elsewhere(shell: Shell, cases: Path, tmp_path: Path) -> None:
    shell.run("import", str(cases), code=1)
    copy, sealed = str(tmp_path / "copy"), str(tmp_path / "keys.bin")
    assert "已备份并核对" in shell.run("backup", copy).stdout
    shell.run("keys", "export", sealed, "--password-stdin", stdin="four quiet rivers meet\n")
    other = {"DISPATCH_DATA_DIR": str(tmp_path / "other")}
    shell.refused("keys", "import", sealed, **other)
    shell.run("keys", "import", sealed, "--password-stdin", stdin="four quiet rivers meet\n", **other)
    assert "已恢复并对账" in shell.run("restore", copy, **other).stdout
    assert "新出件 3 件" in shell.run("issue", "--all-ready", **other).stdout
    shell.refused("restore", copy, **other)
    shell.refused("restore", str(tmp_path / "nothing"), **other)
    shell.refused("keys", "export", sealed, "--password-stdin")
