"""What is published of a policy: a page for the public, and the algorithmic transparency record, both made from it.

The record has the headings of the Algorithmic Transparency Recording Standard that English public bodies publish by
(Department for Science, Innovation and Technology). UK GDPR, articles 22A to 22D: a significant decision that uses
special-category data is not solely automated, so both say who decides.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.domain.policy import BANDS, Policy

NEVER_USED: Final = (
    "a predicted risk, benefit, outcome or engagement",
    "how long the support is expected to last",
    "statistics about the school",
    "free text that anybody wrote",
    "a child's name, sex or ethnicity",
    "what a provider is paid",
)
_HARD_RULES: Final = (
    "the contract runs on the day",
    "the place serves the school's area",
    "it serves the child's key stage",
    "it covers the main need",
    "someone works in the family's language",
    "it works in a way that the family can take up",
    "the family has not refused the provider",
    "the provider has not declined this referral",
    "no safeguarding check is open",
    "a course has not begun",
    "the place falls free soon enough to be offered",
)


_CONTRACT_END: Final = (
    "Places are offered until the contract's last day. Support that a provider has accepted by then runs on to its own"
    " planned end, whatever the date; an offer still open lapses, and the family waits again with its old date. An"
    " officer may hand running support over to the contract that follows, with the families' agreement or by the"
    " authority's decision; it goes on from where it was."
)


@dataclass(frozen=True, slots=True)
class Publication:
    """Whose policy it is, and since when."""

    authority: str
    version: int
    effective_from: date
    contact: str
    digest: str
    """Of the content as it was stored: a field that came later has its default in the policy, and no part in this."""


def public_page(policy: Policy, about: Publication) -> str:
    """The policy in plain English, as Markdown."""
    parts = [
        f"# How {about.authority} decides who gets which place",
        f"Version {about.version}, in force from {_date(about.effective_from)}. Its fingerprint is"
        f" `{about.digest}`: any change makes another.",
        "## A person says how urgent it is",
        "The referrer sets the band against the criteria below. An officer may change it, with a reason that is kept."
        " The service never scores a child.",
        "\n".join(f"- **{band}**: {policy.criteria[band]}" for band in BANDS),
        "## Who could have which place",
        "A place can be offered when all of these hold:",
        "\n".join(f"{number}. {rule}" for number, rule in enumerate(_HARD_RULES, 1)),
        "A referral that no place could serve is shown to the authority the same day.",
        "## Who comes first",
        _order_text(policy),
        "## Which place",
        _choice_text(policy),
        "## When",
        _when_text(policy),
        "## Brothers and sisters",
        _siblings_text(policy),
        "## What asks a person to look",
        _attention_text(policy),
        "## When a contract ends",
        _CONTRACT_END,
        "## What is never used",
        "\n".join(f"- {item}" for item in NEVER_USED),
        "## If you disagree",
        f"Every decision is recorded with its reasons and can be made again from its record. Ask {about.contact}: an"
        " officer can look at it with you, change a band with a reason, or offer a free place out of order. The record"
        " names whoever does so, with the reason and what the order would have done. No officer can place a family with"
        " a provider that it refuses, or in a place that is taken.",
    ]
    return "\n\n".join(parts) + "\n"


def _order_text(policy: Policy) -> str:
    text = (
        "By band, then by the date of the band, then by the time of the referral, then by its reference. A change of"
        " band counts from the day of the change."
    )
    stop = policy.long_stop
    if stop:
        text += (
            f" A referral in {stop['band']} that has waited {stop['school_days']} school days counts as"
            f" {stop['becomes']} from that day."
        )
    share = policy.fair_share
    if share["on"]:
        text += (
            f" Within a band, a school that has had more than {share['percent']}% of its share of starts, and"
            f" {_hundredths(share['extra_hundredths'])} more, comes after the others"
            f"{_exempt(share['exempt'])}."
        )
    return text


def _exempt(bands: list[str]) -> str:
    return f"; {', '.join(bands)} {'is' if len(bands) == 1 else 'are'} exempt" if bands else ""


def _choice_text(policy: Policy) -> str:
    costs = policy.costs
    return (
        "Once it is settled who is next, the place with the least cost is chosen. A place of average reach costs"
        f" {costs['reach']}, and one that twice as many families could use twice that, so that rare places stay free"
        f" for those who need them. Each wish that it does not meet costs {costs['soft']}: a further need, the way of"
        " working that the family likes best, a provider that it knows, the"
        " practitioner of a brother or sister. Ties are broken by fixed identifiers, never by chance."
    )


def _when_text(policy: Policy) -> str:
    bands = policy.at_once["bands"]
    at_once = (
        f"{_and(bands)} {'is' if len(bands) == 1 else 'are'} decided on arrival; the others are too when"
        if bands
        else "A referral is decided on arrival when"
    )
    confirm = (
        f" The plan of a night takes effect once one of these has confirmed it: {', '.join(policy.approvers)}."
        if policy.confirm_batches
        else ""
    )
    return (
        f"{at_once} {policy.at_once['free_places']} or more places that would do are free, or can be offered ahead, and"
        " nobody who could use one waits. Everyone else is decided whenever a place comes back, and each night. A place"
        " is offered ahead of the"
        f" day on which it is planned to fall free, by up to so many school days: {_by_band(policy.windows)}. Work that"
        f" needs longer says so {_school_days(policy.extension_notice_school_days)} or more before its planned end,"
        " unless the place is promised to the next family by then. A family that was promised a place has it next: it"
        " begins earlier when that work ends early, and later when it has not ended. Providers answer within so many"
        f" working days: {_by_band(policy.answer_days)}. {_silence_text(policy)} Nobody who has accepted is ever"
        f" moved to another place.{confirm}"
    )


def _silence_text(policy: Policy) -> str:
    return (
        "Where the authority's contract with a provider says so, an offer that is not answered by then counts as"
        " accepted: the provider learns whose it is when it first reads it, and may still object, within"
        f" {policy.objection_working_days} working days of that, if a worker knows the family or somebody would be at"
        " risk; an officer looks at every such case of P1 and P2 on the same day. Any other offer that is not answered"
        " goes to an officer, and the family is offered another place when there is one."
    )


def _siblings_text(policy: Policy) -> str:
    return (
        "Where the family wishes one practitioner for brothers and sisters, and whoever refers them says so, those who"
        " wait are decided together, when the first of them has its turn. Once one of them is offered a place, the"
        " others have a claim on the next place of that practitioner, until"
        f" {_school_days(policy.sibling_claim_school_days)} after the first contact. Nobody waits for a practitioner"
        " whom they cannot have: siblings whom no practitioner can serve together are placed apart. A family that was"
        " passed over so is told, without a name."
    )


def _attention_text(policy: Policy) -> str:
    if not policy.attention:
        return "No fact of a referral asks for attention by itself."
    rules = "\n".join(f"- {rule['plain_english']}{_then(rule['then'])}" for rule in policy.attention)
    return (
        "Some facts that a school sends ask an officer to look at a referral. They set no band, change nobody's place"
        " in the order, and are never added up into a score:\n\n"
        f"{rules}\n\nThe sender is told what was found. An officer looks within"
        f" {policy.attention_working_days} working days where the band is to be reviewed, and says what was decided."
    )


def _then(consequences: list[str]) -> str:
    asked = [
        *(["an officer reviews the band"] if "review_band" in consequences else []),
        *(["it is put to a panel"] if "panel_agenda" in consequences else []),
    ]
    return f" Then {_and(asked)}." if asked else ""


def transparency_record(policy: Policy, about: Publication) -> dict[str, Any]:
    """The algorithmic transparency record of the policy, as plain data by the standard's headings."""
    return {
        "standard": "Algorithmic Transparency Recording Standard",
        "tier_1": {
            "name": "Allocation of commissioned family support",
            "description": (
                "Offers block-booked places of family support to referred families in a published order, with fixed"
                " rules and whole-number arithmetic. It learns nothing and predicts nothing."
            ),
            "contact": about.contact,
        },
        "tier_2": {
            "owner": {"organisation": about.authority, "approvers": list(policy.approvers)},
            "description_and_rationale": {
                "how_it_works": [
                    _order_text(policy),
                    _choice_text(policy),
                    _when_text(policy),
                    _siblings_text(policy),
                ],
                "criteria": dict(policy.criteria),
                "alternatives_considered": [
                    "First come, first served: the most urgent wait as long as the least.",
                    "A weekly panel: places stand empty until it meets.",
                    "Weighted re-planning: a little shorter waits, for queue jumps that nobody could explain.",
                ],
            },
            "decision_making": {
                "human_decisions": [
                    "A referrer sets the band, by the published criteria; an officer may change it, with a reason.",
                    "A provider accepts or declines each offer. Where its contract counts silence as yes, it may object"
                    " afterwards, and an officer looks at each urgent case.",
                    "An officer confirms the plan of a night before it takes effect."
                    if policy.confirm_batches
                    else "An officer looks at every referral that is held, or that no place could serve.",
                    "Facts such as repeated suspensions ask an officer to look at a referral; they decide nothing.",
                    "A named officer may offer a family a free place out of order, with a reason; the record keeps"
                    " what the order would have done.",
                ],
                "solely_automated": False,
                "appeals": f"{about.contact}. Every decision has a record, from which it can be made again.",
            },
            "technical_specification": {
                "method": "Lexicographic priority matching by shortest augmenting paths; no model, no training data.",
                "policy_version": about.version,
                "policy_digest": about.digest,
                "effective_from": about.effective_from.isoformat(),
                "figures": {
                    name: value for name, value in policy.content().items() if name not in ("criteria", "approvers")
                },
            },
            "data": {
                "used": [
                    "band and its date, time of the referral, reference",
                    "area, school, key stage, needs, language, ways of working",
                    "providers refused, declined or known",
                    "which referrals are of brothers and sisters, where the family wishes one practitioner",
                    "places: when they fall free, what they can do, how many past referrals they could have served",
                ],
                "never_used": list(NEVER_USED),
                "special_category_data": "Needs may tell of health; no decision on them is solely automated.",
            },
            "risks_and_mitigations": [
                {
                    "risk": "Every referral is said to be most urgent.",
                    "mitigation": "Bands are set by people, against criteria that anyone can read.",
                },
                {
                    "risk": "Low bands wait without end.",
                    "mitigation": _long_stop_text(policy),
                },
                {
                    "risk": "Families whom one practitioner alone could serve are hidden in averages.",
                    "mitigation": "A referral that no place could serve is shown to the authority the same day.",
                },
            ],
        },
    }


def _long_stop_text(policy: Policy) -> str:
    stop = policy.long_stop
    if not stop:
        return "The waits of each band are published; this policy has no long-stop."
    return f"After {stop['school_days']} school days a {stop['band']} counts as {stop['becomes']}, from that day."


def _by_band(figures: dict[str, int]) -> str:
    return ", ".join(f"{band} {figures[band]}" for band in BANDS)


def _school_days(count: int) -> str:
    return "a school day" if count == 1 else f"{count} school days"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _hundredths(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}".rstrip("0").rstrip(".")


def _date(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
