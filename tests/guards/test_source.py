"""Rules of the house that the source itself must keep."""

import ast
import re
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"
# Who may widen a transaction to its whole authority, and why.
BROKERS = {
    "services/answers_to_offers.py": "an answer moves the referral, which the provider may not see yet",
    "services/first_reading.py": "the first read opens the referral, which the provider may not see yet",
    "services/referrals/siblings.py": "the sibling's referral may be decided with it",
    "services/referrals/submit.py": "matching, deciding and offering need every organisation's rows",
    "services/referrals/check.py": "as submitting, and stores nothing",
    "services/referrals/attention.py": "an officer is asked to look, which whoever sends the facts may not write",
    "services/referrals/bands.py": "a band changes the order of the waiting list, which is decided anew",
    "services/referrals/override.py": "what the rule would have done stands on everyone who waits",
    "services/referrals/offer_acts.py": "an offer that ends frees a place for the next on the waiting list",
    "services/referrals/reopen.py": "whether the place is free, and whether another referred the pupil meanwhile",
    "services/referrals/household_acts.py": "a child who leaves may free a place, and a case is another sender's",
    "services/referrals/school_changes.py": "the new school has no part in the referral yet",
    "services/referrals/closing.py": "closing frees a place for the next on the waiting list",
    "services/referrals/transfers.py": "a transfer may free a place for the next on the waiting list",
    "services/referrals/acts.py": "an act may free a place for the next on the waiting list",
    "services/interventions/contacts.py": "the first contact moves the referral and the booking",
    "services/interventions/close.py": "closing frees a place for the next on the waiting list",
    "services/interventions/extend.py": "an extension moves the booking",
    "services/interventions/pause.py": "a pause moves the booking, and who was promised the place",
    "services/lots.py": "a new lot's places are offered to the waiting list at once",
    "services/contracts.py": "what a variation opens is offered to the waiting list at once",
    "services/capacity.py": "new places are offered to the waiting list at once",
    "services/out_of_service.py": "a place that comes back is offered to the waiting list at once",
    "services/practitioners.py": "a caseload that grows opens places to the waiting list",
    "services/hand_over.py": "cases move between providers, and what they leave is offered to the waiting list",
    "services/allocation_runs.py": "a run decides the whole waiting list",
    "services/courses/plan.py": "a course is given places that no other course or family has",
    "services/courses/enrol.py": "a seat is held while others ask for it",
    "services/courses/answers.py": "a seat that falls free goes to whoever waited longest, of any school",
    "services/courses/register.py": "a register counts what everyone on it has used of the volume",
    "services/courses/end.py": "everyone's enrolment ends with the course",
    "services/placements/ask.py": "a place is held while others ask for it",
    "services/placements/answer.py": "an answer opens the pupil, and what was held for it, to another organisation",
    "services/placements/run.py": "what either party records moves the booking and what the other owes",
    "services/placements/end.py": "an end moves the booking, and the pupil's registration at the unit",
    "services/link_days/acts.py": "a day is booked while others ask for the same practitioner",
    "services/link_days/actions.py": "what one side adds or does, the other may owe",
    "services/policies.py": "a version is withdrawn while nothing can be decided under it",
    "services/returns/templates.py": "a version is withdrawn while no return can be opened with it",
    "services/calendars.py": "a new calendar may have ended a period of every organisation already",
    "services/panels/sending.py": "a panel takes a referral off the waiting list, whose order others share",
    "services/panels/sittings.py": "what waits for a sitting is others' too, and goes on the new agenda",
    "services/panels/agenda.py": "a member that declares a conflict may not change the item that it reads",
    "services/panels/circulation.py": "what is frozen stands on the family's rows, whosever they are",
    "services/panels/deciding.py": "the chair's organisation decides of a referral that it may not see",
    "services/panels/actions.py": "the owner of an action may not see the sitting that is told of it",
    "services/panels/minutes.py": "what a sitting did not reach goes on to the next agenda",
    "services/pre_exclusion.py": "a school puts its review on the agenda of a panel that it may not see",
    "services/business_clock.py": "the clock acts for the whole authority",
}
# Who may count over the whole authority in a read, and why.
WIDE_READERS = {
    "services/services.py": "a school reads whether a place is free, and nothing of whose places they are",
    "services/waiting_list.py": "the order and the expected starts stand on everyone who waits; a sender reads its own",
    "services/explanations.py": "a sender reads why its referral was decided so, and not the record of the decision",
    "services/referrals/attention.py": "a rule stands on what every school of a pupil sent; none of it is answered",
    "services/allocation_runs.py": "a preview is decided from the whole waiting list, and offers nothing",
    "services/courses/reading.py": "everyone reads how many seats are free, and nobody whose the others are",
    "services/lots.py": "a prime reads how its subcontractor's lot stands, and none of its bookings",
}


def sources() -> list[tuple[str, str]]:
    return [(str(path.relative_to(APP)), path.read_text()) for path in sorted(APP.rglob("*.py"))]


def test_only_the_door_commits() -> None:
    for name, text in sources():
        if name != "db.py":
            assert ".commit(" not in text, name
            assert not re.search(r"[\"'](SET CONSTRAINTS|COMMIT|BEGIN|ROLLBACK)\b", text), name


def test_the_time_is_asked_in_one_place() -> None:
    asked = re.compile(r"datetime\.(utc)?now\(|date\.today\(|time\.(time|monotonic|perf_counter)\(")
    for name, text in sources():
        # The embedded server's launcher runs alone, before the application can be imported.
        if name != "clock.py" and not name.startswith("embedded/"):
            assert not asked.search(text), name


def test_business_time_is_passed_into_sql_never_asked_there() -> None:
    asked = re.compile(r"\b(now\(\)|CURRENT_DATE|CURRENT_TIMESTAMP|clock_timestamp|LOCALTIME)", re.IGNORECASE)
    for name, text in sources():
        for literal in literals(text):
            if re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|DEFAULT)\b", literal):
                assert not asked.search(literal), f"{name}: {literal[:80]}"


def literals(text: str) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_only_listed_services_reach_the_whole_authority() -> None:
    users = {name for name, text in sources() if re.search(r"\bbroker\(", text) and name != "db.py"}
    assert users == set(BROKERS), "an unlisted broker, or a stale line in BROKERS"


def test_routers_and_graphql_hold_no_sql() -> None:
    for name, text in sources():
        if name.startswith(("routers/", "graphql/")):
            for literal in literals(text):
                assert not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s", literal), f"{name}: {literal[:60]}"


def test_only_listed_services_count_over_the_whole_authority() -> None:
    users = {name for name, text in sources() if re.search(r"\bwhole_authority\(", text) and name != "db.py"}
    assert users == set(WIDE_READERS), "an unlisted reader, or a stale line in WIDE_READERS"
