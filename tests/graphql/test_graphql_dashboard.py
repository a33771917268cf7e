"""One dashboard over everything: each noun is there, whole, and its figures are those of REST."""

from datetime import date

import pytest

from app.db import Database
from app.graphql.ids import to_global
from app.queries.writes import Writes
from tests.factories.authority import Town, add_block
from tests.factories.http import Api
from tests.factories.outcomes import add_referral
from tests.graphql.conftest import Stage

DASHBOARD = """
query Dashboard {
  authority { id recordId laCode name safeguardingContact }
  areas(first: 10) { nodes { code name schools(first: 5) { name urn } } }
  schools { edges { cursor node { name urn laestab phase area { code } holidayContact } } pageInfo { hasNextPage } }
  providers(first: 10) { nodes { name contact services(first: 5) { name needs tier pamphlet }
    lots(first: 5) { name } contracts(first: 5) { title }
    practitioners(first: 5) { name active } } }
  contracts(first: 10) { nodes { recordId contractNumber startsOn endsOn pricePence provider { name }
    variations(first: 5) { number }
    lots(first: 5) { name service { name } prime { name } provider { name } contract { title } volumeProfile
      use { placesCount heldCount freeCount outOfServiceCount heldAfterCutCount volumeUsedCount } } } }
  lots(first: 10) { nodes { name volume volumeUnit needs keyStages } }
  referrals(first: 10) { nodes { ...Referral } }
  waitingList(first: 10) { nodes { reference state band } }
  allocations(first: 10) { nodes { recordId reference state summary { yearGroup attendanceBand knownToYou }
    answerDueAt declineReason
    provider { name } service { name } lot { name } practitioner { name } decision { outcome record }
    referral { reference } intervention { state } } }
  interventions(first: 10) { nodes { recordId state plannedEndOn startedOn closure { whatChanged signposted { name } }
    provider { name } school { name } lot { name } practitioner { name } plan { agreedOn familyWords version }
    contacts(first: 5) { recordId kind mode heldAt minutes result childSeen practitioner { name } }
    goals(first: 5) { position title needCode owner result }
    readings(first: 5) { measure respondent takenOn scores } referral { reference } } }
  returns(first: 10) { nodes { template period state dueOn content prefilled organisation { name kind } } }
  obligations(first: 10) { nodes { kind subjectKind subjectId clock dueAt metAt owedBy { name } } }
  attendance: outcomes(measure: ATTENDANCE, groupBy: AREA) { __typename key n closedCount suppressed
    ... on AttendanceOutcome { meanBeforeShare improvedShare persistentBeforeCount } }
  suspensions: outcomes(measure: SUSPENSIONS) { __typename n ... on SuspensionsOutcome { repeatCount halvedShare } }
  capacity(interval: WEEK) { startsOn endsOn interval points { startsOn heldPlaceDays totalPlaceDays heldShare }
    volume { lotId lotName unit volume usedCount usedShare } }
  timeliness { key milestone n reachedCount censoredCount medianSchoolDays }
}
fragment Referral on Referral {
  id recordId reference version state band bandAsked bandedOn receivedAt updatedAt senderReference misId yearGroup
  keyStage needCodes needs circumstances language interpreterNeeded modes preferredMode visitRiskLevel visitRisks
  immediateDanger agreementStatus agreement lawfulBasis safeContact safeguarding informationRequest warnings referrer
  childView parentView holds unplaceable outcome closeReason closeNote closedAt
  referringOrganisation { name kind } school { name } area { code } provider { name }
  pupil { givenName familyName dateOfBirth sex socialCare healthConditions statutory { upn freeSchoolMeals }
    household { homeLanguage } }
  household { address addressConfidential
    contacts(first: 5) { position name relationship phones } linkedChildren(first: 5) { name } }
  allocation { reference state } allocations(first: 5) { reference } intervention { state }
  decisions { trigger outcome record } history(first: 5) { sequence fromState toState reason organisation { name } }
  attendance { sessionsPossible sessionsAttended source } suspensions(first: 5) { suspensionCount sessionsLost source }
}
"""


async def test_a_dashboard_reads_everything_at_once(stage: Stage) -> None:
    data = await stage.data("officer", DASHBOARD)
    ids = stage.scene.ids
    assert data["authority"]["laCode"] == "999"
    assert data["authority"]["safeguardingContact"]["name"] == "Testshire MASH"
    assert {area["code"]: len(area["schools"]) for area in data["areas"]["nodes"]} == {"north": 2, "south": 1}
    assert [edge["node"]["name"] for edge in data["schools"]["edges"]] == [
        "Ashdown Academy (made up)",
        "Fernbank Primary (made up)",
        "Marlow High (made up)",
    ]
    referrals = {node["recordId"]: node for node in data["referrals"]["nodes"]}
    assert set(referrals) >= {ids["referral"], ids["waiting_referral"], ids["pending_referral"]}
    case = referrals[ids["referral"]]
    assert case["pupil"]["givenName"] == "Zephyrine"
    assert case["pupil"]["statutory"]["upn"].endswith("901")
    assert case["household"]["contacts"][0]["name"] == "Ottoline Quillfeather"
    assert case["household"]["address"]["lines"] == ["1 Wisteria Lane"]
    assert case["needs"][0]["words"] == "Words of one's own"
    assert case["provider"]["name"] == "Harbour Families (made up)"
    assert case["allocation"]["state"] == "accepted"
    states = [step["toState"] for step in case["history"]]
    assert states[:4] == ["submitted", "offered", "accepted", "in_progress"]
    assert case["attendance"] == [{"sessionsPossible": 72, "sessionsAttended": 53, "source": "referral"}]
    assert case["decisions"][0]["record"]["outcome"] == "offered"
    waiting = [node["reference"] for node in data["waitingList"]["nodes"]]
    assert referrals[ids["waiting_referral"]]["reference"] in waiting
    assert case["reference"] not in waiting
    pending = next(node for node in data["allocations"]["nodes"] if node["recordId"] == ids["pending_allocation"])
    assert pending["summary"] == {"yearGroup": "7", "attendanceBand": "50_to_80", "knownToYou": False}
    work = next(node for node in data["interventions"]["nodes"] if node["recordId"] == ids["intervention"])
    assert work["contacts"][0]["recordId"] == ids["contact"]
    assert work["contacts"][0]["childSeen"] is True
    assert work["goals"][0]["title"] == "Goal of the garden"
    assert set(work["readings"][0]["scores"].values()) == {4}
    assert work["plan"]["version"] >= 1
    assert work["closure"] is None
    assert {node["organisation"]["kind"] for node in data["returns"]["nodes"]} >= {"school", "provider"}
    assert data["obligations"]["nodes"]
    (lot,) = next(node for node in data["contracts"]["nodes"] if node["recordId"] == ids["contract"])["lots"]
    assert lot["use"]["placesCount"] >= lot["use"]["heldCount"] >= 1
    assert lot["use"]["volumeUsedCount"] >= 1
    assert data["contracts"]["nodes"][0]["pricePence"] == 25_000_000
    assert data["suspensions"][0] == {"__typename": "SuspensionsOutcome", "n": 0, "repeatCount": 0, "halvedShare": None}
    assert data["capacity"]["interval"] == "WEEK"
    assert {row["milestone"] for row in data["timeliness"]} == {"OFFERED", "ACCEPTED", "FIRST_CONTACT"}


@pytest.mark.parametrize("who", ["school", "provider", "other school", "other provider"])
async def test_a_party_reads_the_same_document_without_a_fault_of_ours(stage: Stage, who: str) -> None:
    answer = await stage.ask(who, DASHBOARD)
    assert {error["extensions"]["code"] for error in answer.get("errors", [])} <= {"FORBIDDEN"}
    assert answer["data"]["schools"]["edges"]


async def test_pages_follow_one_another_and_end(stage: Stage) -> None:
    query = """query ($after: String) { schools(first: 2, after: $after) {
      edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    first = (await stage.data("officer", query))["schools"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert first["pageInfo"]["hasPreviousPage"] is False
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"]
    second = (await stage.data("officer", query, after=first["pageInfo"]["endCursor"]))["schools"]
    assert [edge["node"]["name"] for edge in first["edges"] + second["edges"]] == [
        "Ashdown Academy (made up)", "Fernbank Primary (made up)", "Marlow High (made up)",
    ]  # fmt: skip
    assert second["pageInfo"]["hasNextPage"] is False
    assert second["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.parametrize(
    ("root", "order"),
    [
        ("referrals", "recordId"), ("allocations", "recordId"), ("obligations", "recordId"), ("returns", "recordId"),
        ("contracts", "recordId"), ("waitingList", "recordId"), ("interventions", "recordId"), ("lots", "recordId"),
    ],
)  # fmt: skip
async def test_every_list_is_walked_whole_and_once(stage: Stage, root: str, order: str) -> None:
    whole = (await stage.data("officer", f"{{ {root}(first: 200) {{ nodes {{ {order} }} }} }}"))[root]["nodes"]
    walked, after = [], None
    while True:
        page_of_one = f"nodes {{ {order} }} pageInfo {{ hasNextPage endCursor }}"
        query = f"query ($after: String) {{ {root}(first: 1, after: $after) {{ {page_of_one} }} }}"
        page = (await stage.data("officer", query, after=after))[root]
        walked += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert walked == whole
    assert whole


async def test_filters_narrow(stage: Stage) -> None:
    ids = stage.scene.ids
    school = to_global("School", stage.scene.town.school.organisation_id)
    provider = to_global("Provider", stage.scene.town.provider.organisation_id)
    query = """query ($school: ID, $provider: ID) {
      waiting: referrals(state: ["waiting"], school: $school) { nodes { recordId } }
      several: referrals(state: ["waiting", "offered"], band: ["P1", "P2"]) { nodes { recordId } }
      cases: referrals(provider: $provider) { nodes { recordId } }
      none: referrals(receivedBefore: "2020-01-01T00:00:00Z") { nodes { recordId } }
      open: obligations(state: OPEN) { nodes { metAt cancelledAt } }
      met: obligations(state: MET) { nodes { metAt } }
      overdue: obligations(state: OVERDUE) { nodes { dueAt } }
      accepted: allocations(state: ["accepted"], provider: $provider) { nodes { recordId } }
      pending: allocations(state: ["pending"]) { nodes { recordId } } }"""
    data = await stage.data("officer", query, school=school, provider=provider)
    found = {name: [node.get("recordId") for node in data[name]["nodes"]] for name in data}
    assert ids["waiting_referral"] in found["waiting"]
    assert not {ids["referral"], ids["pending_referral"]} & set(found["waiting"])
    assert {ids["waiting_referral"], ids["pending_referral"]} <= set(found["several"])
    assert ids["referral"] not in found["several"]
    assert ids["referral"] in found["cases"]
    assert ids["waiting_referral"] not in found["cases"]
    assert found["none"] == []
    assert ids["allocation"] in found["accepted"]
    assert ids["pending_allocation"] in found["pending"]
    assert not set(found["accepted"]) & set(found["pending"])
    assert data["open"]["nodes"]
    assert all(node["metAt"] is None and node["cancelledAt"] is None for node in data["open"]["nodes"])
    assert data["met"]["nodes"]
    assert all(node["metAt"] for node in data["met"]["nodes"])


async def test_the_figures_are_those_of_rest(clone: Database, real_town: Town, real_api: Api) -> None:
    async with clone.write(real_town.officer) as session:
        writes = Writes()
        for band in ("P1", "P2", "P2"):
            add_referral(session, writes, real_town, band=band)
        await writes.flush(session)
    officer = real_api.as_(real_town.officer)
    period = {"startsOn": "2026-09-01", "endsOn": "2026-12-31"}
    answer = await officer.graphql(
        """query ($period: Period) {
          outcomes(measure: ATTENDANCE, groupBy: BAND, period: $period) { key n closedCount }
          timeliness(groupBy: BAND, period: $period) { key milestone n reachedCount censoredCount medianSchoolDays }
          capacity(interval: DAY, period: $period) { points { startsOn heldPlaceDays totalPlaceDays heldShare }
            volume { lotId usedCount } } }""",
        period=period,
    )
    assert "errors" not in answer, answer
    dates = f"starts_on={period['startsOn']}&ends_on={period['endsOn']}"
    rest = {
        name: (await officer.get(f"/v1/outcomes/{name}?{dates}{extra}")).json()
        for name, extra in (("attendance", "&group_by=band"), ("timeliness", ""), ("capacity", "&interval=day"))
    }
    assert [(row["key"], row["n"], row["closedCount"]) for row in answer["data"]["outcomes"]] == [
        (row["key"], row["n"], row["closed_count"]) for row in rest["attendance"]["data"]
    ]
    assert [row["closedCount"] for row in answer["data"]["outcomes"]] == [1, 2]
    assert [
        (row["key"], row["milestone"].lower(), row["n"], row["reachedCount"], row["medianSchoolDays"])
        for row in answer["data"]["timeliness"]
    ] == [
        (row["key"], row["milestone"], row["n"], row["reached_count"], row["median_school_days"])
        for row in rest["timeliness"]["data"]
    ]
    assert [tuple(point.values()) for point in answer["data"]["capacity"]["points"]] == [
        (row["starts_on"], row["held_place_days"], row["total_place_days"], row["held_share"])
        for row in rest["capacity"]["data"]
    ]
    assert answer["data"]["capacity"]["volume"][0]["usedCount"] == rest["capacity"]["volume"][0]["used_count"]
    assert date.fromisoformat(answer["data"]["capacity"]["points"][0]["startsOn"]) == date(2026, 9, 1)


async def test_a_prime_reads_the_same_use_of_a_subcontracted_lot_as_by_rest(
    clone: Database, real_town: Town, real_api: Api
) -> None:
    lot_id = await add_block(clone, real_town, real_town.providers[1], places=3)
    async with clone.write(real_town.officer) as session:
        await session.run(
            "UPDATE lot SET contract_id = $3, prime_id = $4, name = 'Lot 2' WHERE authority_id = $1 AND id = $2",
            real_town.officer.authority_id,
            lot_id,
            real_town.contracts[0],
            real_town.provider.organisation_id,
        )
    prime = real_api.as_(real_town.provider)
    answer = await prime.graphql("{ lots(first: 5) { nodes { recordId use { placesCount freeCount } } } }")
    assert "errors" not in answer, answer
    told = {node["recordId"]: node["use"] for node in answer["data"]["lots"]["nodes"]}
    rest = (await prime.get(f"/v1/lots/{lot_id}")).json()["figures"]
    assert (rest["places_count"], rest["free_count"]) == (3, 3)
    assert told[str(lot_id)] == {"placesCount": 3, "freeCount": 3}


async def test_a_contract_runs_to_the_end_that_its_extension_moved(
    clone: Database, real_town: Town, real_api: Api
) -> None:
    await add_block(
        clone, real_town, real_town.provider, places=1, starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31)
    )
    officer = real_api.as_(real_town.officer)
    variation = {
        "kind": "extension", "effective_on": "2026-08-01", "ends_on": "2027-08-31", "reason": "Option taken up."
    }  # fmt: skip
    path = f"/v1/contracts/{real_town.contracts[1]}/variations"
    assert (await officer.post(path, variation)).status_code == 201

    async def runs_on(day: str) -> bool:
        query = "query ($day: Date) { contracts(runningOn: $day) { nodes { recordId } } }"
        answer = await officer.graphql(query, day=day)
        assert "errors" not in answer, answer
        ids = {node["recordId"] for node in answer["data"]["contracts"]["nodes"]}
        return str(real_town.contracts[1]) in ids

    assert [await runs_on(day) for day in ("2025-08-31", "2026-08-31", "2027-08-31", "2027-09-01")] == [
        False,
        True,
        True,
        False,
    ]
