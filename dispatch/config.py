"""Settings, read once from the environment. The table of all settings stands in docs/operations.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import Rejected

__all__ = ["SETTINGS", "Settings"]

#: name → (default, meaning); the documentation test compares docs/operations.md with this table
SETTINGS: dict[str, tuple[str, str]] = {
    "DISPATCH_DATA_DIR": ("./var", "数据目录：数据库、密钥、文件"),
    "DATABASE_URL": ("", "数据库；缺省为数据目录中的 SQLite，也可用 postgresql+psycopg://…"),
    "REDIS_URL": ("", "队列；缺省为内置 Valkey（数据目录中的 unix 套接字）"),
    "BLOB_URL": ("", "文件存放处；缺省为数据目录，也可用 s3://bucket/prefix"),
    "PUBLIC_BASE_URL": ("http://127.0.0.1:8000", "对外网址，印在二维码里"),
    "DISPATCH_OPERATOR": ("县行政服务中心", "中心名称：页眉、面单寄件人"),
    "DISPATCH_OPERATOR_PHONE": ("0570-0000000", "窗口电话：面单、核验页、告知短信"),
    "DISPATCH_OPERATOR_ADDRESS": ("行政服务中心综合出件窗口", "中心地址：面单寄件人"),
    "DISPATCH_TRUSTED_PROXIES": ("0", "前置代理层数"),
    "DISPATCH_ENV": ("development", "production 时拒绝演示账户、开发密钥与明文 http"),
    "DISPATCH_EXPRESS_CARRIER": ("range", "政务专递方式：range（号段）或 manual（手工登记）"),
    "LABEL_PRINTER": ("", "面单打印机，如 tcp://192.168.1.50:9100?dpi=203&size=100x180；不填则打印 PDF"),
    "DISPATCH_SAME_PERSON_RULE": ("on", "录入人不得出件：on 或 off"),
    "DISPATCH_PROOFREAD": ("off", "模板要求校对的证件，打印、装封前须另一人校对：on 或 off"),
    "DISPATCH_TWO_PERSON_RULE": ("on", "撤销等须两人：on 或 off"),
}


@dataclass(frozen=True)
class Settings:
    """All settings of one process. Build with ``from_env``; ``data_dir`` is absolute."""

    data_dir: Path
    database_url: str
    redis_url: str
    blob_url: str
    public_base_url: str
    operator: str
    operator_phone: str
    operator_address: str
    trusted_proxies: int
    env: str
    express_carrier: str
    same_person_rule: bool
    two_person_rule: bool
    proofread: bool = False
    label_printer: str = ""

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def sample(self) -> bool:
        """Outside production everything is a sample and says so."""
        return not self.production

    @property
    def verify_domain(self) -> str:
        return urlsplit(self.public_base_url).netloc

    @property
    def verify_prefix(self) -> str:
        """The byte segment of the QR text (contract, section 7)."""
        return f"{self.public_base_url}/v#"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check; ``Rejected('setting')`` names the setting and the remedy."""
        value = {name: environ.get(name, "") or default for name, (default, _) in SETTINGS.items()}
        data_dir = Path(value["DISPATCH_DATA_DIR"]).resolve()
        settings = cls(
            data_dir=data_dir,
            database_url=value["DATABASE_URL"] or f"sqlite:///{data_dir / 'dispatch.sqlite3'}",
            redis_url=value["REDIS_URL"] or f"unix://{data_dir / 'valkey.sock'}",
            blob_url=value["BLOB_URL"] or f"file://{data_dir / 'blobs'}",
            public_base_url=value["PUBLIC_BASE_URL"].rstrip("/"),
            operator=value["DISPATCH_OPERATOR"],
            operator_phone=value["DISPATCH_OPERATOR_PHONE"],
            operator_address=value["DISPATCH_OPERATOR_ADDRESS"],
            trusted_proxies=_count(value["DISPATCH_TRUSTED_PROXIES"], "DISPATCH_TRUSTED_PROXIES"),
            env=_one_of(value["DISPATCH_ENV"], "DISPATCH_ENV", ("development", "test", "production")),
            express_carrier=_one_of(
                value["DISPATCH_EXPRESS_CARRIER"], "DISPATCH_EXPRESS_CARRIER", ("range", "manual")
            ),
            same_person_rule=_one_of(
                value["DISPATCH_SAME_PERSON_RULE"], "DISPATCH_SAME_PERSON_RULE", ("on", "off")
            )
            == "on",
            proofread=_one_of(value["DISPATCH_PROOFREAD"], "DISPATCH_PROOFREAD", ("on", "off")) == "on",
            two_person_rule=_one_of(
                value["DISPATCH_TWO_PERSON_RULE"], "DISPATCH_TWO_PERSON_RULE", ("on", "off")
            )
            == "on",
            label_printer=value["LABEL_PRINTER"],
        )
        settings._check()
        return settings

    @property
    def embedded_redis(self) -> bool:
        """Whether this process tree runs its own Valkey."""
        return self.redis_url == f"unix://{self.data_dir / 'valkey.sock'}"

    def _check(self) -> None:
        parts = urlsplit(self.public_base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise Rejected("setting", "PUBLIC_BASE_URL 应为完整网址，例如 https://zd.example.gov.cn")
        if len(self.public_base_url) > 80:
            raise Rejected("setting", "PUBLIC_BASE_URL 太长（最多 80 个字符），二维码会过密")
        if self.production and parts.scheme != "https":
            raise Rejected("setting", "正式环境的 PUBLIC_BASE_URL 必须是 https:// 开头")


def _count(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Rejected("setting", f"{name} 应为非负整数，现在是“{text}”")
    return int(text)


def _one_of(text: str, name: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise Rejected("setting", f"{name} 只能是 {'、'.join(allowed)}，现在是“{text}”")
    return text
