"""What all commands share: settings and services on demand, one clear line for every failure, progress bars."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import click
from tqdm import tqdm

from ..bootstrap import build
from ..config import Settings
from ..errors import DispatchError, Invalid
from ..people import actor_of
from ..rights import CLI, Actor
from ..services import Services
from ..setup import refuse_unsafe, require_ready

__all__ = ["Commands", "Failed", "House", "explain", "house", "say", "table", "warn", "with_progress"]

Item = TypeVar("Item")
FAILED = 1
WRONG_USE = 2


class Failed(Exception):
    """A command that did its work and has bad news: nothing more is printed. ``code`` is the process's answer."""

    def __init__(self, code: int = FAILED) -> None:
        super().__init__(code)
        self.code = code


class Commands(click.Group):
    """A group whose every failure is one Chinese line on standard error, never a traceback."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run one command and end the process."""
        extra["standalone_mode"] = False
        try:
            outcome = super().main(args, *rest, **extra)
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)
        except Failed as bad:
            sys.exit(bad.code)
        except click.ClickException as wrong:
            warn(explain(wrong))
            sys.exit(getattr(wrong, "our_code", WRONG_USE))
        except DispatchError as fault:
            warn(describe(fault))
            sys.exit(FAILED)
        except (click.Abort, KeyboardInterrupt):
            warn("已停止。")
            sys.exit(130)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        except OSError as fault:
            warn(
                f"读写失败：{fault.filename or ''} {fault.strerror or type(fault).__name__}".replace(
                    "  ", " "
                )
            )
            sys.exit(FAILED)
        sys.exit(outcome if isinstance(outcome, int) else 0)


def describe(fault: DispatchError) -> str:
    """One line: what is wrong and what to do."""
    if isinstance(fault, Invalid):
        return (
            "；".join(f"{one.pointer.lstrip('/') or '内容'}：{one.detail}" for one in fault.faults)
            or fault.detail
        )
    return fault.detail


def explain(wrong: click.ClickException) -> str:
    """Click's own refusals in our words."""
    context = getattr(wrong, "ctx", None)
    hint = f"用法见 {context.command_path} --help" if context else "用法见 --help"
    name = getattr(wrong, "param_hint", None) or getattr(
        getattr(wrong, "param", None), "human_readable_name", ""
    )
    if isinstance(wrong, click.exceptions.MissingParameter):
        return f"缺少 {name}。{hint}"
    if isinstance(wrong, click.NoSuchOption):
        return f"没有 {wrong.option_name} 这个选项。{hint}"
    if isinstance(wrong, click.BadParameter):
        kind = getattr(getattr(wrong, "param", None), "type", None)
        choices = f"，只能是 {'、'.join(kind.choices)}" if isinstance(kind, click.Choice) else ""
        return f"{name} 的值不对{choices}。{hint}"
    if isinstance(wrong, click.BadOptionUsage):
        return f"选项 {wrong.option_name} 缺少值。{hint}"
    if isinstance(wrong, click.UsageError) and "No such command" in wrong.message:
        return f"没有这个命令。{hint}"
    return (
        f"命令写法不对。{hint}"
        if isinstance(wrong, click.UsageError) and wrong.message.isascii()
        else wrong.message
    )


def say(text: str = "") -> None:
    """A line on standard output."""
    click.echo(text)


def warn(text: str) -> None:
    """A line on standard error."""
    click.echo(text, err=True)


def table(rows: Iterable[Sequence[object]]) -> None:
    """Rows as tab-separated text, for people and for ``cut``."""
    for row in rows:
        say("\t".join("" if cell is None else str(cell) for cell in row))


def with_progress(items: Sequence[Item], what: str, act: Callable[[Item], None]) -> None:
    """Do ``act`` for every item behind a bar on standard error."""
    for item in tqdm(
        items, desc=what, unit="件", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False
    ):
        act(item)


@dataclass
class House:
    """Settings and services of one command, built when first asked for."""

    @cached_property
    def settings(self) -> Settings:
        return Settings.from_env(os.environ)

    @cached_property
    def unchecked(self) -> Services:
        """The services, whether the machine has been set up or not."""
        return build(self.settings)

    @cached_property
    def services(self) -> Services:
        """The services of a machine that has been set up."""
        require_ready(self.unchecked)
        refuse_unsafe(self.unchecked)
        return self.unchecked

    def actor(self, user: str | None) -> Actor:
        """The named member of staff, else the command line itself."""
        return actor_of(self.services, user) if user else CLI


house = click.make_pass_decorator(House, ensure=True)
