"""What a title looks like: templates as data, read from `templates/documents/*.toml` and checked when read.

A title without a file of its own gets the default of its kind, so a new document needs no code. The
template a page was made with is stored in its record (`Template.model_dump`), so editing a file never
changes an older page.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import Rejected

__all__ = ["PLACEHOLDER", "Kind", "Sealing", "Template", "TemplateBook"]

Kind = Literal["certificate", "notice", "decision", "physical"]
Layout = Literal["certificate", "notice", "decision", "sheet"]
Orientation = Literal["portrait", "landscape"]
Paper = Literal["A4", "A3"]
#: How the department's seal comes onto the paper: as a picture in the file, or with ink after printing.
Sealing = Literal["electronic", "hand"]
#: One paragraph, or several spellings of it of which the first that can be filled is used.
Wording = str | tuple[str, ...]

PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
#: Printed keys outside `fields.` (contract, section 8).
PRINTED_KEYS: Final = frozenset({"title", "number", "copy", "issuer", "holder", "issued", "expires"})
DEFAULTS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "certificate": "default-certificate",
        "notice": "default-notice",
        "decision": "default-decision",
        "physical": "default-sheet",
    }
)
TABLES: Final = frozenset({"types", "organs"})
PLACE_ENDINGS: Final = re.compile(r"(?:[\u4e00-\u9fff]{1,3}族)*自治[县州旗区]$|[县市区旗盟州]$")


class Template(BaseModel):
    """Layout, order and wording of one or more titles. `{name}` in a wording is a field or a printed key; a
    paragraph with a placeholder that has no value is left out. `seal`: "hand" leaves the seal area empty for
    ink. `proofread`: where the office proofreads, a second person compares the page before it is printed.
    `overprint`: where the office keeps pre-printed forms of this title, only what they lack is printed (套打)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    layout: Layout
    compare: Annotated[tuple[str, ...], Field(min_length=2, max_length=5)]
    version: Annotated[int, Field(ge=1)] = 1
    titles: tuple[str, ...] = ()
    paper: Paper = "A4"
    paper_by_copy: dict[str, Paper] = {}
    orientation: Orientation = "portrait"
    orientation_by_copy: dict[str, Orientation] = {}
    seal: Sealing = "electronic"
    proofread: bool = False
    overprint: bool = False
    number_label: str = "编号"
    number_word: str = ""
    holder_label: str = "持有人"
    issued_label: str = "发证日期"
    expires_label: str = "有效期至"
    rows: tuple[Annotated[tuple[str, ...], Field(min_length=1, max_length=2)], ...] = ()
    labels: dict[str, str] = {}
    opening: str = ""
    body: tuple[Wording, ...] = ()
    result: tuple[Wording, ...] = ()
    denial: tuple[Wording, ...] = ()
    facts: tuple[str, ...] = ()
    ending: tuple[Wording, ...] = ()
    remedy: tuple[Wording, ...] = ()
    notes: tuple[str, ...] = ()

    @field_validator("compare")
    @classmethod
    def _known_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if key not in PRINTED_KEYS and not key.startswith("fields."):
                raise ValueError(f"compare: {key!r} is no printed key")
        return keys

    @field_validator("opening", "body", "result", "denial", "ending", "remedy")
    @classmethod
    def _balanced(cls, value: Any) -> Any:
        for text in _flatten(value):
            if set(PLACEHOLDER.sub("", text)) & {"{", "}"}:
                raise ValueError(f"stray brace in {text!r}")
        return value

    @model_validator(mode="after")
    def _form_can_be_had(self) -> Self:
        """Only a certificate's places stay where they are, and no picture of a seal is drawn onto a form."""
        if self.overprint and (self.layout != "certificate" or self.seal != "hand"):
            raise ValueError('overprint wants layout = "certificate" and seal = "hand"')
        return self

    def fields(self) -> frozenset[str]:
        """Names of the fields that this template prints."""
        wordings = (self.opening, self.body, self.result, self.denial, self.ending, self.remedy)
        placed = {name for text in _flatten(wordings) for name in PLACEHOLDER.findall(text)}
        named = {name for row in self.rows for name in row} | set(self.facts) | placed | set(self.compare)
        return frozenset(name.removeprefix("fields.") for name in named - PRINTED_KEYS)

    def turned(self, copy: str) -> bool:
        """True when the copy named `copy` (正本, 副本 …) stands on landscape paper."""
        return self.orientation_by_copy.get(copy, self.orientation) == "landscape"

    def paper_of(self, copy: str) -> Paper:
        """The paper on which the copy named `copy` stands; one without a name is the 正本."""
        return self.paper_by_copy.get(copy or "正本", self.paper)


class TemplateBook:
    """All templates of a folder. Build with `load`."""

    def __init__(
        self,
        templates: Mapping[str, Template],
        types: Mapping[int, str],
        organs: Mapping[str, str],
        places: Mapping[str, str],
    ) -> None:
        self.templates = dict(templates)
        self.types = dict(types)
        self._organs = sorted(organs.items(), key=lambda item: -len(item[0]))
        self._places = dict(places)
        self._by_title = {title: template for template in templates.values() for title in template.titles}

    @classmethod
    def load(cls, folder: Path) -> TemplateBook:
        """Reads every `*.toml` in `folder`; raises Rejected("template", …) that names the file and the
        fault."""
        templates: dict[str, Template] = {}
        for path in sorted(folder.glob("*.toml")):
            if path.stem not in TABLES:
                templates[path.stem] = _template(path)
        _check_together(folder, templates)
        organs = _read(folder / "organs.toml")
        return cls(
            templates,
            _types(folder / "types.toml"),
            _strings(folder, organs, "organs"),
            _strings(folder, organs, "places"),
        )

    def for_title(self, title: str, kind: Kind, *, sheet: bool = False) -> Template:
        """The title's own template where there is one of this kind, else the default of the kind.
        `sheet`: the paper accompanies another one (imported file or physical original)."""
        own = self._by_title.get(title)
        wanted: Kind = "physical" if sheet else kind
        if own is not None and own.kind == wanted:
            return own
        return self.templates[DEFAULTS[wanted]]

    def common_fields(self) -> tuple[str, ...]:
        """Names of fields that two templates or more print, the most used first."""
        used = Counter(name for template in self.templates.values() for name in template.fields())
        return tuple(
            name for name, times in sorted(used.items(), key=lambda one: (-one[1], one[0])) if times > 1
        )

    def number_letters(self, issuer: str, title: str, kind: Kind) -> str:
        """The letters of an allotted number: place, organ, word of the title (景宁畲族自治县水利局, 许 →
        景水许)."""
        organ = next(((ending, short) for ending, short in self._organs if issuer.endswith(ending)), None)
        place = issuer.removesuffix(organ[0]) if organ else issuer
        letters = self._place(place) + (organ[1] if organ else "")
        return (letters or issuer[:2]) + self.for_title(title, kind).number_word

    def _place(self, place: str) -> str:
        if place in self._places:
            return self._places[place]
        stem = PLACE_ENDINGS.sub("", place)
        return (stem or place)[:1]


def _flatten(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in _flatten(part)]


def _fault(path: Path, detail: str) -> Rejected:
    return Rejected("template", f"文书模板 {path.name} 有误：{detail}")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _fault(path, "文件不存在") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _fault(path, f"不是合格的 TOML（{error}）") from error


def _template(path: Path) -> Template:
    try:
        return Template.model_validate({**_read(path), "name": path.stem})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _fault(path, f"{where}: {first['msg']}") from error


def _check_together(folder: Path, templates: Mapping[str, Template]) -> None:
    for kind, name in DEFAULTS.items():
        if name not in templates:
            raise _fault(folder / f"{name}.toml", "缺少此类文书的缺省模板")
        if templates[name].kind != kind:
            raise _fault(folder / f"{name}.toml", f"kind 应为 {kind}")
    owner: dict[str, str] = {}
    for name, template in templates.items():
        for title in template.titles:
            if title in owner:
                raise _fault(folder / f"{name}.toml", f"《{title}》已在 {owner[title]}.toml 中")
            owner[title] = name


def _types(path: Path) -> dict[int, str]:
    table = _read(path).get("types", {})
    types: dict[int, str] = {}
    for number, title in table.items():
        if not number.isdigit() or not 1 <= int(number) <= 0xFFFF or not isinstance(title, str) or not title:
            raise _fault(path, f"{number} = {title!r}")
        types[int(number)] = title
    if len(set(types.values())) != len(types):
        raise _fault(path, "同一名称有两个编号")
    return types


def _strings(folder: Path, table: Mapping[str, Any], name: str) -> dict[str, str]:
    rows = table.get(name, {})
    if not isinstance(rows, dict) or not all(isinstance(value, str) for value in rows.values()):
        raise _fault(folder / "organs.toml", f"[{name}] 须为文字对照")
    return dict(rows)
