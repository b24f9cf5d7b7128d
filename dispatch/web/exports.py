"""Lists as files: one door for every table that leaves a page."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from flask import Response, request

from ..calendar import local_date
from ..errors import Fault, Invalid
from ..export import FORMS, MAX_ROWS, Table, export_table, file_name
from .access import services

__all__ = ["file_to_keep", "table_file"]


def table_file(table: Table, day: date | None = None) -> Response:
    """The table in the form that ``?as=`` names (``xlsx``, ``csv``, ``csv-gbk``, ``jsonl``; Excel where nothing is said),
    under its Chinese name with today's date, or that of the ``day`` it is about. The link beside a list is the macro
    ``export_links``."""
    form = request.args.get("as", "xlsx")
    if form not in FORMS:
        raise Invalid([Fault("/as", "unknown_value", f"导出格式应为：{'、'.join(FORMS)}。")])
    if len(table.rows) > MAX_ROWS:
        raise Invalid([Fault("", "too_large", "内容太多，一张表放不下。请先缩小范围再导出。")])
    name = file_name(table.title, day or local_date(services().clock.now()), form)
    return file_to_keep(export_table(table, form), FORMS[form].media_type, name)


def file_to_keep(data: bytes, media_type: str, name: str) -> Response:
    """Bytes to be saved under a Chinese name (RFC 6266)."""
    suffix = name.rsplit(".", 1)[-1]
    disposition = f"attachment; filename=\"export.{suffix}\"; filename*=UTF-8''{quote(name)}"
    return Response(data, content_type=media_type, headers={"Content-Disposition": disposition})
