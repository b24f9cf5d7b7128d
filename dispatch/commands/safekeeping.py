"""``backup``, ``restore`` and ``keys export|import``: copies for bad days."""

from __future__ import annotations

import os
from pathlib import Path

import click
from tqdm import tqdm

from .. import backup as copies
from ..bootstrap import keys_folder
from ..errors import Rejected
from ..keybackup import export_keys, import_keys
from ..setup import make_folders
from .console import House, house, say
from .machine import keys
from .staff import read_password

__all__ = ["backup", "restore"]


@click.command(help="备份到文件夹：数据库与文件，运行中也一致；不含私钥（另用 keys export）")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@house
def backup(at: House, folder: Path) -> None:
    """A copy while the service runs."""
    services = at.services
    with tqdm(desc="备份", unit="项", disable=None, leave=False) as bar:
        done = copies.backup(services, folder, lambda _name: bar.update(1))
    say(
        f"已备份并核对：{done['rows']} 行、{done['files']} 个文件，在 {folder}。私钥不在其中，请另用 keys export 保存。"
    )


@click.command(help="从备份恢复到空的数据目录；先用 keys import 导入密钥，并停掉服务")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@house
def restore(at: House, folder: Path) -> None:
    """A copy brought back."""
    make_folders(at.settings)
    with tqdm(desc="恢复", unit="项", disable=None, leave=False) as bar:
        done = copies.restore(at.unchecked, folder, lambda _name: bar.update(1))
    say(f"已恢复并对账：{done['rows']} 行、{done['files']} 个文件。")


@keys.command("export", help="把全部密钥加密导出到一个文件，请与备份分开保管")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--password-stdin", is_flag=True, help="从标准输入读口令")
@house
def export(at: House, file: Path, password_stdin: bool) -> None:
    """Every key under a passphrase."""
    sealed = export_keys(keys_folder(at.settings), read_password(password_stdin))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as fault:
        raise Rejected("exists", f"{file} 已存在，请换一个文件名。") from fault
    with os.fdopen(descriptor, "wb") as target:
        target.write(sealed)
    say(f"密钥已加密导出到 {file}。没有口令就无法恢复，请分开保管。")


@keys.command("import", help="从导出的文件导入密钥")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--password-stdin", is_flag=True, help="从标准输入读口令")
@house
def bring_back(at: House, file: Path, password_stdin: bool) -> None:
    """Keys brought back."""
    make_folders(at.settings)
    fresh = import_keys(keys_folder(at.settings), file.read_bytes(), read_password(password_stdin))
    say(f"已导入 {fresh} 个密钥文件。")
