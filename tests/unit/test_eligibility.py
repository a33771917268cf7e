from app.domain.eligibility import eligibility_text


def test_who_a_service_is_for_is_said_in_plain_words() -> None:
    text = eligibility_text(
        key_stages=["KS2", "KS1"],
        needs=["attendance", "parenting_support"],
        languages=["ENG", "POL"],
        modes=["school", "home"],
        standard_weeks=6,
    )
    assert text == (
        "For families of children in key stage 1 or key stage 2, where there is a need of this kind:"
        " coming to school; confidence and support as a parent."
        " The work is at home or at school, in English or Polish, and usually lasts 6 school weeks."
    )


def test_single_entries_read_well() -> None:
    text = eligibility_text(
        key_stages=["EYFS"], needs=["housing"], languages=["ENG"], modes=["remote"], standard_weeks=1
    )
    assert "children in the early years, where" in text
    assert text.endswith("The work is by telephone or video, in English, and usually lasts 1 school week.")
