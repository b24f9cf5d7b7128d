"""Templates are data: every title has one, faults are named with their file, numbers are spelled as
offices do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dispatch.documents.templates import Template, TemplateBook
from dispatch.errors import Rejected
from tests.pages import ROOT, approvals_by_title

FOLDER = ROOT / "templates/documents"
BOOK = TemplateBook.load(FOLDER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "documents"
    shutil.copytree(FOLDER, copied)
    return copied


def test_every_title_of_the_samples_has_a_type_and_a_template_of_its_own() -> None:
    for title, pairs in approvals_by_title().items():
        kind = pairs[0][1]["kind"]
        template = BOOK.for_title(title, kind)
        assert title in template.titles
        assert template.kind == kind
        assert title in BOOK.types.values()
        assert 2 <= len(template.compare) <= 5
    assert sorted(BOOK.types) == list(range(1, len(BOOK.types) + 1))


def test_fields_that_templates_name_exist_in_the_samples() -> None:
    for title, pairs in approvals_by_title().items():
        template = BOOK.for_title(title, pairs[0][1]["kind"])
        known = {name for _, document in pairs for name in document["fields"]}
        for key in template.compare:
            assert not key.startswith("fields.") or key.removeprefix("fields.") in known, (title, key)


def test_a_title_says_how_it_is_sealed_and_whether_it_is_proofread() -> None:
    assert BOOK.for_title("农家乐（民宿）经营登记证", "certificate").seal == "hand"
    assert BOOK.for_title("营业执照", "certificate").seal == "electronic"
    asked = {title for template in BOOK.templates.values() if template.proofread for title in template.titles}
    assert asked == {"准予行政许可决定书", "不予行政许可决定书"}


@pytest.mark.parametrize(
    ("kind", "layout"),
    [
        ("certificate", "certificate"),
        ("notice", "notice"),
        ("decision", "decision"),
        ("physical", "sheet"),
    ],
)
def test_an_unknown_title_gets_the_default_of_its_kind(kind: str, layout: str) -> None:
    template = BOOK.for_title("从未见过的文书", kind)  # type: ignore[arg-type]
    assert template.layout == layout
    assert template.titles == ()


def test_an_accompanying_sheet_is_a_sheet_whatever_it_accompanies() -> None:
    assert BOOK.for_title("营业执照", "certificate", sheet=True).layout == "sheet"
    assert BOOK.for_title("营业执照", "notice").layout == "notice"
    assert BOOK.for_title("居民身份证", "physical", sheet=True).titles == ("居民身份证",)


@pytest.mark.parametrize(
    ("issuer", "title", "kind", "letters"),
    [
        ("景宁畲族自治县水利局", "准予行政许可决定书", "decision", "景水许"),
        ("南湖区市场监督管理局", "企业名称预先核准通知书", "notice", "南湖市监名"),
        ("磐安县总工会", "职工医疗互助保障金给付通知书", "notice", "磐工保"),
        ("温岭市残疾人联合会", "困难残疾人生活补贴核定通知书", "notice", "温残联"),
        ("淳安县人力资源和社会保障局", "职业资格证书", "certificate", "淳人社"),
        ("三门县经济和科技局", "浙江省工业企业“零土地”技术改造项目备案通知书", "notice", "三经科备"),
        ("局", "无名通知", "notice", "局"),
    ],
)
def test_letters_of_allotted_numbers(issuer: str, title: str, kind: str, letters: str) -> None:
    assert BOOK.number_letters(issuer, title, kind) == letters  # type: ignore[arg-type]


def test_letters_agree_with_the_numbers_departments_gave() -> None:
    compared = 0
    for title, pairs in approvals_by_title().items():
        for approval, document in pairs:
            number = document["number"] or ""
            if "〔" in number and document["kind"] != "physical":
                letters = BOOK.number_letters(approval["department"]["name"], title, document["kind"])
                assert number.startswith(f"{letters}〔"), number
                compared += 1
    assert compared > 100


FAULTS = [
    ("default-notice.toml", 'layout = "notice"', 'layout = "poster"', "layout"),
    ("default-notice.toml", 'kind = "notice"', 'kind = "notice"\ncolour = "red"', "colour"),
    ("food-permit.toml", "compare = [", 'compare = ["price", ', "price"),
    ("name-approval.toml", "{决定内容}", "{决定内容", "stray brace"),
    ("food-permit.toml", '["食品经营许可证"]', '["营业执照"]', "营业执照"),
    ("food-permit.toml", "titles =", "titles ==", "TOML"),
    ("types.toml", '2 = "食品经营许可证"', '2 = "营业执照"', "两个编号"),
    ("types.toml", '2 = "食品经营许可证"', 'two = "食品经营许可证"', "two"),
    ("organs.toml", '"市监"', "7", "organs"),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), FAULTS)
def test_a_fault_is_named_with_its_file(folder: Path, name: str, old: str, new: str, said: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(Rejected) as refused:
        TemplateBook.load(folder)
    assert said in refused.value.detail
    assert ".toml" in refused.value.detail


def test_a_missing_default_is_a_fault(folder: Path) -> None:
    (folder / "default-sheet.toml").unlink()
    with pytest.raises(Rejected, match="default-sheet"):
        TemplateBook.load(folder)


def test_a_template_survives_being_kept() -> None:
    for template in BOOK.templates.values():
        assert Template.model_validate(template.model_dump(mode="json")) == template
