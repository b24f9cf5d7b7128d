"""What a form can hold at worst: rare names, markup, control characters, thousands of characters."""

from __future__ import annotations

import dataclasses

import pypdfium2 as pdfium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.documents.page import PageRecord, inspect, render
from dispatch.documents.templates import TemplateBook
from labels.fonts import FontBook
from tests.pages import (
    PREFIX,
    ROOT,
    approvals_by_title,
    page_codes,
    page_text,
    record_of,
    squeeze,
    token_of,
)

BOOK = FontBook()
TEMPLATES = TemplateBook.load(ROOT / "templates/documents")
BY_TITLE = approvals_by_title()
TITLES = [
    "营业执照",
    "不动产权证书",
    "企业名称预先核准通知书",
    "准予行政许可决定书",
    "不予行政许可决定书",
    "居民身份证",
]
RARE = "䶮㛃𬭎𠅤𫚕鿏〇·𪚥"
COMPANY = (
    "浙江省丽水市景宁畲族自治县澄照乡惠明寺有机茶叶种植加工销售"
    "旅游观光农民专业合作社联合社（普通合伙）第一分公司营业部"
)
SCOPE = (
    "餐饮服务；住宿服务；食品销售；初级农产品收购（依法须经批准的项目，经相关部门批准后方可开展经营活动）；"
    "Software development 2026；𬭎铁制品；第88号仓库；" * 60
)[:4000]
MARKUP = (
    '<b>张三</b> & {holder} {x} <a href="https://example.com">点</a> %s (\\) ] [ ) '
    '&amp; <img src="/etc/hostname"/>'
)


def record(title: str, fields: dict[str, str] | None = None, **changes: object) -> PageRecord:
    return record_of(TEMPLATES, *BY_TITLE[title][0], fields=fields, **changes)  # type: ignore[arg-type]


def read(made: PageRecord) -> str:
    assert inspect(made, BOOK) == []
    pdf = render(made, PREFIX, token_of(made), BOOK).pdf
    text = page_text(pdf)
    for key, value in made.printed.items():
        assert squeeze(value) in text, key
    assert page_codes(pdf, pages=1) == [[PREFIX + token_of(made)]]
    return text


@pytest.mark.parametrize("title", TITLES)
def test_rare_characters_stand_in_every_field(title: str) -> None:
    plain = record(title)
    read(
        record(
            title,
            {name: RARE + value for name, value in plain.fields.items()},
            printed={"holder": RARE + "阿卜杜·Wałęsa", "issuer": "䶮山" + plain.issuer},
        )
    )


@pytest.mark.parametrize("title", TITLES)
def test_markup_is_only_text(title: str) -> None:
    made = record(title, {"备注": MARKUP}, printed={"holder": "张三 <b>"})
    read(made)
    pdf = render(made, PREFIX, token_of(made), BOOK).pdf
    assert b"/URI" not in pdf and b"/Annots" not in pdf


@pytest.mark.parametrize("title", TITLES)
def test_line_breaks_and_tabs_are_layout(title: str) -> None:
    read(record(title, {"备注": "第一段\r\n第二段\n\n第三段\t制表\u3000全角空格"}))


@pytest.mark.parametrize("title", TITLES)
def test_long_names_and_numbers_fit(title: str) -> None:
    read(
        record(
            title,
            {"名称": COMPANY},
            printed={
                "holder": COMPANY * 3,
                "issuer": "景宁畲族自治县" + "综合行政执法" * 12,
                "number": "浙（2026）" + "长" * 52,
            },
            operator="很长的中心名称" * 12,
        )
    )


@pytest.mark.parametrize("title", TITLES)
def test_four_thousand_characters_continue_overleaf(title: str) -> None:
    made = record(title, {"经营范围": SCOPE})
    read(made)
    pdf = render(made, PREFIX, token_of(made), BOOK).pdf
    document = pdfium.PdfDocument(pdf)
    assert len(document) > 1
    first = squeeze(document[0].get_textpage().get_text_bounded())
    last = squeeze(document[len(document) - 1].get_textpage().get_text_bounded())
    assert f"第1页共{len(document)}页" in first
    assert "演示样本不具法律效力" in first and "演示样本不具法律效力" in last


@pytest.mark.parametrize("title", TITLES)
def test_every_field_at_its_longest(title: str) -> None:
    names = list(record(title).fields) or ["备注"]
    read(record(title, dict.fromkeys(names, SCOPE)))


@pytest.mark.parametrize("title", TITLES)
def test_many_fields_and_long_field_names(title: str) -> None:
    read(
        record(
            title,
            {f"栏目{at}": f"内容{at}" * 3 for at in range(60)}
            | {"很长的栏目名称" * 12: "一", "n" * 120: "二"},
        )
    )


def test_a_title_of_eighty_characters() -> None:
    for kind in ("certificate", "notice", "decision"):
        approval, document = BY_TITLE["林权证"][0]
        read(
            record_of(
                TEMPLATES,
                approval,
                document | {"kind": kind, "title": "关于景宁畲族自治县" + "特别事项" * 17 + "的证"},
            )
        )


@pytest.mark.parametrize(
    ("character", "said"),
    [
        ("\x00", "U+0000"),
        ("\u202e", "U+202E"),
        ("\ue000", "U+E000"),
        ("\ud800", "U+D800"),
        ("\U0001f600", "“😀”（U+1F600）"),
        ("\U00031350", "U+31350"),
        ("\u200b", "U+200B"),
        ("\ufb01", "U+FB01"),
    ],
)
@pytest.mark.parametrize("title", ["营业执照", "不予行政许可决定书", "居民身份证"])
def test_a_character_no_font_has_is_a_reason_with_field_and_code(
    title: str, character: str, said: str
) -> None:
    reasons = inspect(record(title, {"备注": f"好{character}坏"}), BOOK)
    assert len(reasons) == 1
    assert reasons[0].startswith("备注：字库中没有") and said in reasons[0]
    assert reasons[0].isprintable()


def test_holder_and_field_names_are_looked_at_too() -> None:
    assert any(
        reason.startswith("持有人：")
        for reason in inspect(record("林权证", printed={"holder": "张\ue001"}), BOOK)
    )
    assert any(
        reason.startswith("栏目名称：") for reason in inspect(record("林权证", {"栏\u202e目": "值"}), BOOK)
    )
    assert inspect(record("林权证", {"栏\u202e目": " "}), BOOK) == []


@pytest.mark.parametrize("missing", ["审查情况", "依据", "复议机关", "管辖法院"])
def test_a_denial_without_its_parts_is_blocked(missing: str) -> None:
    reasons = inspect(record("不予行政许可决定书", {missing: " \n"}), BOOK)
    assert reasons == [f"不予决定缺少“{missing}”，请补充后重新提交。"]


def test_a_denied_case_makes_any_decision_a_denial() -> None:
    granted = record("准予行政许可决定书")
    assert inspect(granted, BOOK) == []
    assert len(inspect(dataclasses.replace(granted, denial=True), BOOK)) == 4


def test_a_page_that_cannot_fit_is_a_reason() -> None:
    reasons = inspect(record("林权证", printed={"copy": "副" * 90}), BOOK)
    assert reasons == ["副本标记过长，版面放不下，请缩短后重新提交。"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(TITLES),
    st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=80), max_size=4),
)
def test_whatever_is_written_either_stands_or_is_refused(title: str, fields: dict[str, str]) -> None:
    made = record(title, fields)
    if not inspect(made, BOOK):
        text = page_text(render(made, PREFIX, token_of(made), BOOK).pdf)
        for key, value in made.printed.items():
            assert squeeze(value) in text, key


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(TITLES),
    st.text(st.sampled_from("行政许可，。（）“”：；〔〕 \n-2026abcé𬭎·"), max_size=400),
)
def test_printable_text_always_stands(title: str, value: str) -> None:
    made = record(title, {"备注": value})
    assert inspect(made, BOOK) == []
    assert squeeze(value) in page_text(render(made, PREFIX, token_of(made), BOOK).pdf)
