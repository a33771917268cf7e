"""Conditional requests on a row's version (RFC 9110, section 13).

The entity tag of a thing is its version number, which every change raises, so it is a strong one. Where an answer also
holds figures that move without a new version (how many places are free), a mark made from the answer follows the
number: a read tells `"7.9a1c"` from `"7.04be"`, while a change asks only that the version is still 7.
"""

import re

from app.errors import PreconditionFailed, PreconditionRequired

# One list member: an optional weakness mark and the quoted tag. A tag may hold commas, so a split will not do.
_MEMBER = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')


def entity_tag(version: int, mark: str = "") -> str:
    """The strong entity tag of a version: `7` becomes `"7"`, and `"7.9a1c"` with a mark of what else is answered."""
    return f'"{version}.{mark}"' if mark else f'"{version}"'


def is_unchanged(if_none_match: str | None, tag: str) -> bool:
    """True when `If-None-Match` names the present tag, so that a read answers 304. Compares weakly, as reads do."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    opaque = tag.removeprefix("W/")
    return any(member == opaque for _, member in _members(if_none_match))


def require_match(if_match: str | None, version: int) -> None:
    """Let a change pass only when `If-Match` names the present version. Compares strongly, as changes do.

    Raises PreconditionRequired (428) without the header and PreconditionFailed (412) when it names other versions.
    """
    if if_match is None:
        raise PreconditionRequired
    check_match(if_match, version)


def check_match(if_match: str | None, version: int) -> None:
    """As `require_match`, for acts where the header is optional: without it, the act passes."""
    if if_match is None or if_match.strip() == "*":
        return
    tag = entity_tag(version)
    marked = f'"{version}.'
    if not any(member == tag or member.startswith(marked) for weak, member in _members(if_match) if not weak):
        raise PreconditionFailed(headers={"ETag": tag})


def _members(header: str) -> list[tuple[str, str]]:
    """The (weakness mark, tag) pairs of a list. What cannot be read is not a member, so it matches nothing."""
    return _MEMBER.findall(header)
