"""Administrative division codes (GB/T 2260): is a code known, and what is the place called.

Codes have 6 digits (province, city, county), 9 (town) or 12 (village). Whether the first six are known
decides acceptance; towns change too often for that, so an unknown town is only worth a warning. Cities
without counties (东莞, 中山, 儋州, 嘉峪关) are ordinary entries of the table. Source of the data:
``data/README.md``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Divisions", "Retired", "ancestors", "builtin", "is_known", "knows_town", "name_of", "region_of"]

DATA = Path(__file__).parent / "data"

# Cities without counties: their towns stand directly below, and an address names the city in the county's
# place.
_WITHOUT_COUNTIES = frozenset({"441900", "442000", "460400", "620200"})
# Cities that stand in the table only to group counties: never part of an address.
_PLACEHOLDERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


@dataclass(frozen=True)
class Retired:
    """An abolished county that other systems still send: its old name and the code that took its place."""

    name: str
    successor: str


@dataclass(frozen=True)
class Divisions:
    """One edition of the table. ``towns`` maps a county to its line ``001名称 002名称 …``."""

    names: Mapping[str, str]
    towns: Mapping[str, str]
    retired: Mapping[str, Retired]

    def is_known(self, code: str) -> bool:
        """Whether the first six digits stand in the table or were retired from it."""
        return code[:6] in self.names or code[:6] in self.retired

    def knows_town(self, code: str) -> bool:
        """Whether the town of a 9- or 12-digit code is known. True where we have no list to judge by."""
        line = self.towns.get(code[:6])
        return len(code) < 9 or line is None or self._town(code) is not None

    def name_of(self, code: str) -> str | None:
        """The place's own name without those above it; of a village code the town's. None when unknown."""
        if len(code) >= 9:
            return self._town(code)
        if code in self.names:
            return self.names[code]
        return self.retired[code].name if code in self.retired else None

    def region_of(self, code: str) -> tuple[str, str, str, str]:
        """Province, city, county, town as an address writes them; empty where there is none or it is
        unknown."""
        county = code[:6]
        province = self.names.get(county[:2] + "0000", "")
        city = self.names.get(county[:4] + "00", "") if county[2:] != "0000" else ""
        own = (self.name_of(county) or "") if county[4:] != "00" or county in _WITHOUT_COUNTIES else ""
        return province, "" if city in _PLACEHOLDERS else city, own, (self._town(code) or "")

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The same names from the province down, without the empty ones."""
        return tuple(name for name in self.region_of(code) if name)

    def _town(self, code: str) -> str | None:
        if len(code) < 9:
            return None
        for entry in self.towns.get(code[:6], "").split(" "):
            if entry[:3] == code[6:9]:
                return entry[3:]
        return None


def _lines(name: str) -> list[str]:
    return [line for line in (DATA / name).read_text("utf-8").splitlines() if line]


@functools.cache
def builtin() -> Divisions:
    """The table that ships with the program, read once."""
    towns = (line.partition(" ") for line in _lines("towns.txt"))
    return Divisions(
        names=dict(line.split(" ", 1) for line in _lines("counties.txt")),
        towns={county: line for county, _, line in towns},
        retired={
            code: Retired(name, successor)
            for code, name, successor in (line.split(" ") for line in _lines("retired.txt"))
        },
    )


def is_known(code: str) -> bool:
    """``Divisions.is_known`` of the built-in table."""
    return builtin().is_known(code)


def knows_town(code: str) -> bool:
    """``Divisions.knows_town`` of the built-in table."""
    return builtin().knows_town(code)


def name_of(code: str) -> str | None:
    """``Divisions.name_of`` of the built-in table."""
    return builtin().name_of(code)


def region_of(code: str) -> tuple[str, str, str, str]:
    """``Divisions.region_of`` of the built-in table."""
    return builtin().region_of(code)


def ancestors(code: str) -> tuple[str, ...]:
    """``Divisions.ancestors`` of the built-in table."""
    return builtin().ancestors(code)
