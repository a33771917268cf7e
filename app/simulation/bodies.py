"""What a school's system sends: a made-up pupil and the school's facts, in the shape of `POST /v1/referrals`."""

from datetime import timedelta
from typing import Any

from app.domain.needs import NEEDS
from app.simulation.demand import Arrival, ReferralFacts
from app.simulation.draws import Draws
from app.simulation.pupils import SimContact, SimPupil
from app.simulation.world import World

Body = dict[str, Any]

_DANGER_SHARE = 0.02
_SESSIONS_PER_SUSPENSION = 3
_RISK_LEVELS = {"none": 0.82, "some": 0.15, "high": 0.03}


def referral_body(world: World, arrival: Arrival) -> Body:
    """The whole referral of one arrival."""
    school = world.schools[arrival.school_index]
    pupil = world.pupil(arrival.school_index, arrival.position)
    facts = world.referral_facts(arrival)
    draws = Draws(world.seed, "body", arrival.number)
    agreed_on = (arrival.on - timedelta(days=draws.between(0, 5))).isoformat()
    risk = draws.weighted(_RISK_LEVELS)
    return {
        "sender_reference": arrival.reference,
        "pupil": _pupil(pupil),
        "school_urn": school.urn,
        "household": {
            "home_language": pupil.contacts[0].language,
            "interpreter_needed": pupil.contacts[0].interpreter_needed,
            "linked_children": [
                {"name": name, "date_of_birth": born.isoformat(), "relationship": "sibling"}
                for name, born in pupil.under_fives
            ],
        },
        "contacts": [_contact(contact) for contact in pupil.contacts],
        "safe_contact": {"channels": ["phone_call"], "safe_times": draws.pick(("after 16:00", "mornings"))},
        "visit_risks": {"level": risk, "details": None if risk == "none" else "Made up: ask the school first."},
        "referrer": {"name": school.contact_name, "role": "Attendance lead", "email": school.contact_email},
        "agreement": {
            "status": "given",
            "given_by": pupil.contacts[0].name,
            "parental_responsibility": pupil.contacts[0].parental_responsibility,
            "how": draws.pick(("in_person", "telephone", "writing")),
            "agreed_on": agreed_on,
        },
        "lawful_basis": {
            "purpose": "Early help for the family",
            "basis": "public_task",
            "told_by": school.contact_name,
            "told_on": agreed_on,
        },
        "immediate_danger": draws.chance(_DANGER_SHARE),
        "safeguarding": {"designated_lead": school.contact_name},
        "needs": [{"code": code, "about": NEEDS[code].usually_about.value} for code in facts.needs],
        "attendance": _attendance(facts),
        "suspensions": {
            "this_half_term_count": facts.suspensions_this_half_term,
            "this_half_term_sessions": facts.suspensions_this_half_term * _SESSIONS_PER_SUSPENSION,
            "last_term_count": facts.suspensions_last_term,
            "last_term_sessions": facts.suspensions_last_term * _SESSIONS_PER_SUSPENSION,
        },
        "circumstances": {
            "risk_of_permanent_exclusion": "risk_of_exclusion" in facts.needs,
            "support_tried": list(facts.support_tried),
        },
        "child_view": facts.child_view or None,
        "parent_view": facts.parent_view or None,
        "band": facts.band,
        "language": facts.language,
        "interpreter_needed": facts.interpreter_needed,
        "modes": list(facts.modes),
    }


def faulty(world: World, arrival: Arrival, body: Body) -> Body:
    """The same referral with one of the mistakes that systems make, every one of which is refused."""
    draws = Draws(world.seed, "fault", arrival.number)
    attendance, pupil = body["attendance"], body["pupil"]
    too_many = {**attendance, "sessions_attended": attendance["sessions_possible"] + 1}
    letter = "A" if pupil["upn"][0] != "A" else "B"
    return draws.pick(
        (
            {**body, "attendance": too_many},
            {**body, "pupil": {**pupil, "upn": letter + pupil["upn"][1:]}},
            {**body, "risk_score": 7},
            {**body, "needs": [{"code": "no_such_need"}]},
            {**body, "agreement": {"status": "not_yet"}},
        )
    )


def _pupil(pupil: SimPupil) -> Body:
    return {
        "upn": pupil.upn,
        "mis_id": pupil.mis_id,
        "given_name": pupil.given_name,
        "family_name": pupil.family_name,
        "date_of_birth": pupil.date_of_birth.isoformat(),
        "year_group": pupil.year_group,
        "sex": pupil.sex,
        "ethnicity": pupil.ethnicity,
        "first_language": pupil.first_language,
        "sen_provision": pupil.sen_provision,
        "sen_types": list(pupil.sen_types),
        "free_school_meals": pupil.free_school_meals,
    }


def _contact(contact: SimContact) -> Body:
    return {
        "name": contact.name,
        "relationship": contact.relationship,
        "parental_responsibility": contact.parental_responsibility,
        "lives_with_child": contact.lives_with_child,
        "phones": [contact.phone],
        "email": contact.email,
        "language": contact.language,
        "interpreter_needed": contact.interpreter_needed,
    }


def _attendance(facts: ReferralFacts) -> Body:
    stated = facts.attendance
    return {
        "from_on": stated.starts_on.isoformat(),
        "to_on": stated.ends_on.isoformat(),
        "sessions_possible": stated.possible,
        "sessions_attended": stated.attended,
        "sessions_authorised": stated.authorised,
        "sessions_unauthorised": stated.unauthorised,
    }
