"""``verify``: a file or a scanned text against keys one already holds; no network, no database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from ..bootstrap import keys_folder
from ..errors import DispatchError
from ..offline import check_pdf, check_text
from ..publications import key_set
from ..verdict import Answer
from .console import Failed, House, house, say, warn

__all__ = ["verify"]

WRONG_USE = 64  # EX_USAGE of sysexits.h
_EXIT = {"PASSED": 0, "FAILED": 1, "INDETERMINATE": 2}
_RESULTS = {"PASSED": "核验通过", "FAILED": "核验不通过", "INDETERMINATE": "暂无法判断（不等于伪造）"}
_STATUS = {
    "unreadable": "读不出核验码", "unsupported": "不支持的核验码版本", "unknown_key": "签名密钥不在手头的公钥之中",
    "bad_signature": "签名不符", "expired": "已过有效期", "valid": "签名真实、在有效期内",
    "unavailable": "签名真实，但现在的状态离线查不到",
}  # fmt: skip
_CHECKS = {
    "signature": "签名",
    "date": "日期",
    "status": "当前状态",
    "log": "公开日志",
    "file": "文件",
    "fields": "栏目",
}
_LONGEST_FILE = 30 * 2**20


class Wrong(click.UsageError):
    """Wrong use of this command has an exit code of its own."""

    our_code = WRONG_USE


class VerifyCommand(click.Command):
    """Every misuse ends with 64."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(context, args)
        except click.UsageError as wrong:
            wrong.our_code = WRONG_USE  # type: ignore[attr-defined]
            raise


@click.command(
    cls=VerifyCommand,
    help="离线核验：PDF 文件，或扫码得到的文字。退出码 0 通过、1 不通过、2 无法判断、64 用法不对",
)
@click.argument("what", metavar="FILE.pdf|文字")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path),
    help="公钥文件（/keys.json）；不写则用本机数据目录的",
)
@click.option(
    "--ca", "ca_file", type=click.Path(path_type=Path), help="印章根证书（/ca.pem）；不写则用本机数据目录的"
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@house
def verify(at: House, what: str, keys_file: Path | None, ca_file: Path | None, as_json: bool) -> None:
    """Offline check."""
    try:
        answer = _checked(at, what, keys_file, ca_file)
    except DispatchError as fault:
        raise Wrong(fault.detail) from fault
    except OSError as fault:
        raise Wrong(f"文件读不出来：{fault.filename}") from fault
    say(json.dumps(answer.as_dict(), ensure_ascii=False)) if as_json else _tell(answer)
    raise Failed(_EXIT[answer.result])


def _checked(at: House, what: str, keys_file: Path | None, ca_file: Path | None) -> Answer:
    keys = _keys_in(keys_file) if keys_file else key_set(at.unchecked)["keys"]
    now, types = at.unchecked.clock.now(), at.unchecked.templates.types
    # not Path.exists: it raises where a name is longer than names may be, as a bare token is
    if not (os.path.exists(what) or what.lower().endswith(".pdf")):
        return check_text(what, keys, now=now, types=types)
    path = Path(what)
    if path.stat().st_size > _LONGEST_FILE:
        raise Wrong("文件超过 30 MB，不是本系统的证件。")
    return check_pdf(path.read_bytes(), keys, now=now, types=types, roots_pem=_roots(at, ca_file))


def _keys_in(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        keys = json.loads(path.read_bytes())["keys"]
    except (ValueError, KeyError, TypeError):
        keys = None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise Wrong(f"{path} 不是公钥文件（应为 /keys.json 的内容）。")
    return keys


def _roots(at: House, ca_file: Path | None) -> bytes:
    if ca_file is not None:
        return ca_file.read_bytes()
    # Only what is there: a check must not found an authority.
    return at.unchecked.sealer.ca_pem() if (keys_folder(at.settings) / "ca").is_dir() else b""


def _tell(answer: Answer) -> None:
    if answer.sample:
        say("演示样本，不具法律效力；核验过程如下")
    say(f"{answer.result}\t{_RESULTS[answer.result]}：{_STATUS.get(answer.status, answer.status)}")
    if answer.document is not None:
        shown = answer.document
        known = {
            "名称": f"{shown.title}{shown.copy}",
            "编号": shown.number,
            "机关": shown.issuer,
            "持有人": shown.holder,
            "发证": shown.issued,
            "有效期至": shown.expires or "长期",
        }
        for label, value in known.items():
            say(f"{label}\t{value}") if value else None
        for label, value in shown.compare.items():
            say(f"请与纸面核对：{label}\t{value}")
    say(f"已核验\t{'、'.join(_CHECKS[c] for c in answer.checked) or '无'}")
    say(f"未核验\t{'、'.join(_CHECKS[c] for c in answer.not_checked)}")
    if answer.result == "INDETERMINATE":
        warn("暂无法判断不等于伪造，请联网核验或拨打窗口电话。")
