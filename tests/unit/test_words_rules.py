"""To whom a message and a concern go: pure rules."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.concerns import ConcernActKind, ConcernKind, ConcernState, recipient_of, state_of
from app.domain.messages import Addressee, Parties, readers_of, usual_addressees
from app.errors import Invalid

REFERRER, SCHOOL, PROVIDER, AUTHORITY = (UUID(int=number) for number in range(1, 5))
PARTIES = st.builds(
    Parties,
    referrer=st.just(REFERRER),
    school=st.sampled_from([None, REFERRER, SCHOOL]),
    provider=st.sampled_from([None, PROVIDER]),
    authority=st.just(AUTHORITY),
)


def present(parties: Parties) -> list[UUID]:
    return [one for one in (parties.referrer, parties.school, parties.provider, parties.authority) if one is not None]


@given(PARTIES, st.data(), st.lists(st.sampled_from(list(Addressee)), min_size=1, unique=True))
def test_a_message_reaches_whom_it_names_and_nobody_else(
    parties: Parties, data: st.DataObject, to: list[Addressee]
) -> None:
    sender = data.draw(st.sampled_from(present(parties)))
    named = {parties.of(addressee) for addressee in to} - {None}
    try:
        readers = readers_of(sender, to, parties)
    except Invalid:
        nobody = any(parties.of(addressee) is None for addressee in to if addressee is not Addressee.CASE)
        assert nobody or (named <= {sender} and Addressee.CASE not in to)
        return
    assert set(readers) == named | {sender}
    assert list(readers) == sorted(set(readers))


@given(PARTIES, st.data())
def test_a_message_that_names_nobody_goes_to_another_party_that_is_there(parties: Parties, data: st.DataObject) -> None:
    sender = data.draw(st.sampled_from(present(parties)))
    assert set(readers_of(sender, usual_addressees(sender, parties), parties)) > {sender}


@given(
    st.sampled_from([REFERRER, SCHOOL, PROVIDER, AUTHORITY]), st.sampled_from([None, REFERRER, SCHOOL]), st.booleans()
)
def test_an_allegation_is_the_authoritys_and_nobody_is_left_to_act_on_its_own(
    raised_by: UUID, school_id: UUID | None, school_has_lead: bool
) -> None:
    kept = {"school_id": school_id, "school_has_lead": school_has_lead, "authority_id": AUTHORITY}
    assert recipient_of(ConcernKind.ALLEGATION_ABOUT_WORKER, raised_by, **kept) == AUTHORITY
    recipient = recipient_of(ConcernKind.CHILD_AT_RISK, raised_by, **kept)
    assert recipient in (AUTHORITY, school_id)
    assert recipient == AUTHORITY or (school_has_lead and recipient != raised_by)


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ((), ConcernState.RAISED),
        ((ConcernActKind.ACKNOWLEDGED,), ConcernState.ACKNOWLEDGED),
        ((ConcernActKind.CLOSED,), ConcernState.CLOSED),
        ((ConcernActKind.ACKNOWLEDGED, ConcernActKind.CLOSED), ConcernState.CLOSED),
    ],
)
def test_its_acts_make_its_state(acts: tuple[ConcernActKind, ...], state: ConcernState) -> None:
    assert state_of(frozenset(acts)) is state
