"""What is wrong, and what is only unusual, in a referral's facts: one plain sentence each.

Faults refuse the referral; warnings are answered with it and stay on it. Facts come as plain data with the field
names of the public contract, their types already right.
"""

from datetime import date, timedelta
from typing import Any, Final

from app.domain.attendance import attendance_faults
from app.domain.codes import code_fault
from app.domain.needs import need_fault
from app.domain.suspensions import suspension_warnings
from app.domain.upn import upn_fault, upn_warning
from app.domain.year_groups import year_group_fault, year_group_warning
from app.errors import FieldFault

Facts = dict[str, Any]

OLDEST_YEARS: Final = 25
_CODED: Final = {
    "upn_missing_reason": "upn_unknown_reason",
    "ethnicity": "ethnicity",
    "first_language": "language",
    "sen_provision": "sen_provision",
    "young_carer": "young_carer",
}


def referral_faults(facts: Facts, today: date) -> list[FieldFault]:
    """Everything that stops a referral from being taken on `today` (a London date)."""
    return [
        *_pupil_faults(facts["pupil"], today),
        *_need_faults(facts["needs"]),
        *agreement_faults(facts["agreement"], today),
        *_language_faults(facts),
        *(_attendance_faults(facts["attendance"], today) if facts.get("attendance") else ()),
        *_preference_faults(facts),
        *_sibling_faults(facts),
    ]


def _sibling_faults(facts: Facts) -> list[FieldFault]:
    if facts.get("sibling_of") is None or facts.get("sibling_wish") is not None:
        return []
    sentence = "Say what the family wishes for the brother or sister (sibling_wish), or leave the reference out."
    return [FieldFault("/sibling_of", "no_wish", sentence)]


def amendment_faults(changes: Facts) -> list[FieldFault]:
    """As `referral_faults`, for the fields that an amendment changes: none of them is dated."""
    faults: list[FieldFault] = []
    if changes.get("needs"):
        faults += _need_faults(changes["needs"])
    faults += _language_faults(changes)
    faults += _preference_faults(changes)
    return faults


def referral_warnings(facts: Facts, today: date) -> list[FieldFault]:
    """What a person should look at again; the referral is taken all the same. Call it only without faults."""
    pupil = facts["pupil"]
    warnings: list[FieldFault] = []

    def warn(pointer: str, code: str, sentence: str | None) -> None:
        if sentence:
            warnings.append(FieldFault(pointer, code, sentence))

    if pupil.get("upn"):
        warn("/pupil/upn", "upn_unusual", upn_warning(pupil["upn"]))
    warn(
        "/pupil/year_group",
        "out_of_year",
        year_group_warning(pupil["year_group"], pupil["date_of_birth"], today),
    )
    suspensions = facts.get("suspensions")
    if suspensions:
        for period in ("this_half_term", "last_term"):
            for sentence in suspension_warnings(suspensions[f"{period}_count"], suspensions[f"{period}_sessions"]):
                warn(f"/suspensions/{period}_sessions", "suspensions_unusual", sentence)
    board = facts["circumstances"].get("governing_board_on")
    if board and board < today:
        warn("/circumstances/governing_board_on", "hearing_past", "The governing board's date has passed.")
    if not any(contact.get("parental_responsibility") for contact in facts["contacts"]):
        warn("/contacts", "no_parental_responsibility", "No contact is said to have parental responsibility.")
    if not any(contact["phones"] or contact.get("email") for contact in facts["contacts"]):
        warn("/contacts", "not_reachable", "No contact has a telephone number or an e-mail address.")
    return warnings


def home_warnings(home_la_code: str | None, la_code: str) -> list[FieldFault]:
    """A warning for a pupil whose home is in another authority than `la_code`, the school's: it is taken all the same.

    Another authority may have duties of its own to the child.
    """
    if home_la_code in (None, la_code):
        return []
    sentence = f"The pupil lives in another authority ({home_la_code}), which may have duties to the child."
    return [FieldFault("/pupil/home_la_code", "other_home_authority", sentence)]


def _pupil_faults(pupil: Facts, today: date) -> list[FieldFault]:
    found = [
        *_upn_faults(pupil),
        *((name, "unknown_code", code_fault(codes, pupil[name])) for name, codes in _CODED.items() if pupil.get(name)),
        *_listed_codes(pupil, "sen_types", "sen_type"),
        *_listed_codes(pupil, "pupil_premium", "pupil_premium"),
        ("year_group", "year_group", year_group_fault(pupil["year_group"])),
        *_birth_faults(pupil["date_of_birth"], today),
    ]
    return [FieldFault(f"/pupil/{name}", code, sentence) for name, code, sentence in found if sentence]


_Found = tuple[str, str, str | None]


def _upn_faults(pupil: Facts) -> list[_Found]:
    upn, missing = pupil.get("upn"), pupil.get("upn_missing_reason")
    if upn and missing:
        return [("upn_missing_reason", "upn_and_reason", "Give the UPN or the reason why there is none, not both.")]
    if upn:
        return [("upn", "upn", upn_fault(upn))]
    if missing:
        return []
    return [("upn", "upn_missing", "Give the UPN, or in upn_missing_reason the reason why there is none.")]


def _listed_codes(pupil: Facts, name: str, code_set: str) -> list[_Found]:
    return [
        (f"{name}/{position}", "unknown_code", code_fault(code_set, code)) for position, code in enumerate(pupil[name])
    ]


def _birth_faults(born: date, today: date) -> list[_Found]:
    if born > today:
        return [("date_of_birth", "future", "The date of birth is in the future.")]
    if born < today - timedelta(days=366 * OLDEST_YEARS):
        return [("date_of_birth", "too_old", f"The date of birth is more than {OLDEST_YEARS} years ago.")]
    return []


def _need_faults(needs: list[Facts]) -> list[FieldFault]:
    faults = []
    seen: set[str] = set()
    for position, need in enumerate(needs):
        sentence = need_fault(need["code"])
        if sentence:
            faults.append(FieldFault(f"/needs/{position}/code", "unknown_code", sentence))
        elif need["code"] in seen:
            faults.append(FieldFault(f"/needs/{position}/code", "repeated", "This need is named twice."))
        seen.add(need["code"])
    return faults


def agreement_faults(agreement: Facts, today: date) -> list[FieldFault]:
    """What an agreement lacks to let the work go on: it was given by someone, or a coded exception names a person."""
    faults = []
    status = agreement["status"]
    if status == "given":
        for name, words in (("given_by", "who agreed"), ("agreed_on", "the date of the agreement"), ("how", "how")):
            if not agreement.get(name):
                faults.append(FieldFault(f"/agreement/{name}", "missing", f"The family agreed: say {words}."))
    elif status == "exception":
        if not agreement.get("exception"):
            faults.append(
                FieldFault("/agreement/exception", "missing", "Without the family's agreement, give the coded reason.")
            )
        if not agreement.get("exception_person"):
            faults.append(
                FieldFault(
                    "/agreement/exception_person", "missing", "Without the family's agreement, name who decided."
                )
            )
    else:
        faults.append(
            FieldFault(
                "/agreement/status",
                "agreement_missing",
                "A referral needs the family's agreement, or a coded exception that names a person.",
            )
        )
    agreed_on = agreement.get("agreed_on")
    if agreed_on and agreed_on > today:
        faults.append(FieldFault("/agreement/agreed_on", "future", "The date of the agreement is in the future."))
    return faults


def _attendance_faults(attendance: Facts, today: date) -> list[FieldFault]:
    faults = [
        FieldFault("/attendance", "attendance", sentence)
        for sentence in attendance_faults(
            attendance["sessions_possible"],
            attendance["sessions_attended"],
            attendance.get("sessions_authorised"),
            attendance.get("sessions_unauthorised"),
        )
    ]
    if attendance["from_on"] > attendance["to_on"]:
        faults.append(FieldFault("/attendance/to_on", "dates", "The attendance period ends before it starts."))
    elif attendance["to_on"] > today:
        faults.append(FieldFault("/attendance/to_on", "future", "The attendance period ends in the future."))
    return faults


def _language_faults(facts: Facts) -> list[FieldFault]:
    if not facts.get("language"):
        return []
    sentence = code_fault("language", facts["language"])
    return [FieldFault("/language", "unknown_code", sentence)] if sentence else []


def _preference_faults(facts: Facts) -> list[FieldFault]:
    modes, preferred = facts.get("modes"), facts.get("preferred_mode")
    if modes and preferred and preferred not in modes:
        return [FieldFault("/preferred_mode", "not_among_modes", "The preferred mode is not among the modes.")]
    return []
