"""English local authorities by their three-digit DfE code, and which codes may begin a UPN."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from app.domain.packaged import packaged_rows

# Authorities abolished since 2009: pupils now on roll still carry UPNs that these issued.
# Bedfordshire, Dorset (to 2019), Poole, Bournemouth, Cheshire, Cumbria, Northamptonshire.
ABOLISHED_LA_CODES: Final = frozenset({"820", "835", "836", "837", "875", "909", "928"})

# Prefixes in UPNs that are no English authority: pseudo-authorities 001 to 005, Welsh authorities
# 660 to 681 and service schools 701 to 708 (school census validation rule 1530).
OTHER_UPN_PREFIXES: Final = frozenset(
    f"{number:03d}" for span in (range(1, 6), range(660, 682), range(701, 709)) for number in span
)


@dataclass(frozen=True, slots=True)
class LocalAuthority:
    """One authority: DfE code (3 digits), ONS code (9 characters), name and region."""

    la_code: str
    gss_code: str
    name: str
    region: str


@cache
def local_authorities() -> Mapping[str, LocalAuthority]:
    """Return the 153 English authorities by DfE code, read once."""
    rows = packaged_rows("la_codes.csv")
    return MappingProxyType(
        {
            row["la_code"]: LocalAuthority(row["la_code"], row["gss_code"], row["la_name"], row["region_name"])
            for row in rows
        }
    )


def is_known_la_code(la_code: str) -> bool:
    """Say whether the code belongs to an English authority, today's or one abolished since 2009."""
    return la_code in local_authorities() or la_code in ABOLISHED_LA_CODES


def is_known_upn_prefix(la_code: str) -> bool:
    """Say whether a UPN is known to begin with these three digits (after its check letter)."""
    return is_known_la_code(la_code) or la_code in OTHER_UPN_PREFIXES
