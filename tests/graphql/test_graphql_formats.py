"""Courses, placements and link days in the graph: the same rows and figures as REST, and nothing of others'."""

from typing import Any

import pytest

from tests.graphql.conftest import Stage

QUERY = """
{
  courses(first: 10) { nodes { recordId state seats seatsFree firstOn sessions { number startsAt registeredAt }
    service { name format } provider { name } lot { name }
    enrolments { recordId who state firstAttendedOn attendance { number result reason } school { name } } } }
  courseEnrolments(first: 10, state: ["taken"]) { nodes { recordId seatNumber course { title } } }
  placements(first: 10) { nodes { recordId state basis weeks startsOn endsOn firstAttendedOn
    days { on morning afternoon } reviews { heldOn decision nextReviewOn } school { name } provider { name } } }
  linkDays(first: 10) { nodes { recordId on part state practitioner { name } school { name }
    actions { what dueOn state term owedBy { name } } } }
  lots(first: 10) { nodes { recordId volumeUnit use { heldCount promisedCount volumeUsedCount } } }
}
"""


async def test_an_officer_reads_of_every_format_what_rest_says(stage: Stage) -> None:
    answer = await stage.data("officer", QUERY)
    rest = stage.caller("officer")
    ids = stage.scene.ids
    (course,) = answer["courses"]["nodes"]
    told = (await rest.get(f"/v1/courses/{ids['course']}")).json()
    assert (course["recordId"], course["seatsFree"], course["seats"]) == (told["id"], told["seats_free"], told["seats"])
    assert [one["number"] for one in course["sessions"]] == [one["number"] for one in told["sessions"]]
    (enrolment,) = course["enrolments"]
    told = (await rest.get(f"/v1/course-enrolments/{ids['enrolment']}")).json()
    assert enrolment["recordId"] == told["id"]
    assert enrolment["firstAttendedOn"] == told["first_attended_on"] == "2026-11-10"
    assert [one["result"] for one in enrolment["attendance"]] == ["late"]
    (placement,) = answer["placements"]["nodes"]
    told = (await rest.get(f"/v1/placements/{ids['placement']}")).json()
    assert (placement["recordId"], placement["endsOn"]) == (told["id"], told["ends_on"])
    assert placement["days"] == told["days"]
    (day,) = answer["linkDays"]["nodes"]
    assert (day["recordId"], day["state"]) == (ids["link_day"], "confirmed")
    assert [one["state"] for one in day["actions"]] == ["open"]
    for lot in answer["lots"]["nodes"]:
        figures = (await rest.get(f"/v1/lots/{lot['recordId']}")).json()["figures"]
        assert lot["use"] == {
            "heldCount": figures["held_count"],
            "promisedCount": figures["promised_count"],
            "volumeUsedCount": figures["volume_used_count"],
        }


async def test_volume_of_the_outcomes_is_that_of_the_lots(stage: Stage) -> None:
    rest = stage.caller("officer")
    today = (await rest.get("/v1/lots")).json()["data"][0]["figures"]["as_of"]
    capacity = (await rest.get("/v1/outcomes/capacity", params={"starts_on": today, "ends_on": today})).json()
    used = {line["lot_id"]: line["used_count"] for line in capacity["volume"]}
    lots = (await rest.get("/v1/lots?limit=200")).json()["data"]
    assert {lot["id"]: lot["figures"]["volume_used_count"] for lot in lots if lot["id"] in used} == used
    # The course and the placement have used one each; the link day is still to be done.
    by_format = {lot["service_format"]: lot["figures"]["volume_used_count"] for lot in lots}
    assert (by_format["course"], by_format["placement"], by_format["link_days"]) == (1, 1, 0)


@pytest.mark.parametrize("who", ["other school", "other provider"])
async def test_a_stranger_reads_that_there_is_a_course_and_nothing_more(stage: Stage, who: str) -> None:
    answer: dict[str, Any] = (await stage.ask(who, QUERY))["data"]
    assert [one["enrolments"] for one in answer["courses"]["nodes"]] == [[]]
    assert answer["courseEnrolments"]["nodes"] == []
    assert answer["placements"]["nodes"] == []
    assert answer["linkDays"]["nodes"] == []


async def test_the_course_itself_tells_nothing_of_who_is_on_it(stage: Stage) -> None:
    answer = await stage.ask("other school", "{ courses { nodes { title venue seatsFree } } }")
    assert answer["data"]["courses"]["nodes"][0]["title"] == "Calm mornings"
