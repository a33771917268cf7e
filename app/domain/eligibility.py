"""Who a service is for, in a few plain sentences that a school's office can read."""

from collections.abc import Sequence
from typing import Final

from app.domain.codes import codes
from app.domain.needs import NEEDS

_STAGES: Final = {
    "EYFS": "the early years",
    "KS1": "key stage 1",
    "KS2": "key stage 2",
    "KS3": "key stage 3",
    "KS4": "key stage 4",
    "KS5": "key stage 5",
}
_MODES: Final = {"home": "at home", "school": "at school", "remote": "by telephone or video"}


def eligibility_text(
    *,
    key_stages: Sequence[str],
    needs: Sequence[str],
    languages: Sequence[str],
    modes: Sequence[str],
    standard_weeks: int,
) -> str:
    """Return who a service takes, for what, in which languages, where and for how long (in school weeks)."""
    languages_known = codes("language")
    stages = _listed([_STAGES[stage] for stage in _STAGES if stage in key_stages])
    reasons = "; ".join(NEEDS[need].label.lower() for need in needs)
    spoken = _listed([languages_known[language] for language in languages])
    places = _listed([_MODES[mode] for mode in _MODES if mode in modes])
    weeks = "1 school week" if standard_weeks == 1 else f"{standard_weeks} school weeks"
    return (
        f"For families of children in {stages}, where there is a need of this kind: {reasons}."
        f" The work is {places}, in {spoken}, and usually lasts {weeks}."
    )


def _listed(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last
