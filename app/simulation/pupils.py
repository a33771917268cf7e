"""Made-up pupils: who they are, who looks after them, and how often they are away."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.academic_year import start_year_of
from app.domain.upn import make_upn
from app.domain.year_groups import YEAR_GROUPS
from app.simulation.draws import Draws
from app.simulation.names import GIVEN_NAMES, family_name
from app.simulation.schools import SimSchool
from app.simulation.shape import AuthorityShape, rate_group

UPN_LA_CODES = (
    "926", "935", "873", "925", "874", "881", "823", "850", "845", "886", "330", "352", "383", "301", "204", "856",
)  # fmt: skip
"""Authorities that issued the UPNs: Norfolk first, then others once its 1,000 synthetic numbers for a year are used."""

_LANGUAGES = {
    "ENG": 0.885, "LIT": 0.025, "POL": 0.025, "POR": 0.02, "RMN": 0.015, "RUS": 0.01, "UKR": 0.01, "ARA": 0.005,
    "KURS": 0.005,
}  # fmt: skip
_ETHNICITIES = {
    "WBRI": 0.82, "WOTH": 0.08, "MOTH": 0.02, "MWBC": 0.015, "MWAS": 0.015, "BAFR": 0.015, "AIND": 0.01, "AOTH": 0.01,
    "WROM": 0.005, "OOTH": 0.005, "NOBT": 0.005,
}  # fmt: skip
_SEN = {"N": 0.80, "K": 0.145, "E": 0.055}
_SEN_TYPES = {"SEMH": 0.32, "SLCN": 0.24, "SPLD": 0.16, "ASD": 0.14, "MLD": 0.14}
"""Assumptions of plausible size, not figures published for Norfolk: they only give the tables something to count."""

_RELATIONSHIPS = {"mother": 0.78, "father": 0.13, "grandparent": 0.05, "foster_carer": 0.04}
_TITLES = {"mother": "Ms", "father": "Mr"}
_INTERPRETER_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class PupilTraits:
    """What a pupil brings to every term: usual absence (share of sessions, 0 to 1), and whether suspensions recur."""

    usual_absence: float
    authorised_part: float
    suspension_prone: bool
    suspensions_in_a_bad_year: float


@dataclass(frozen=True, slots=True)
class SimContact:
    """A parent or carer. Telephone numbers are those that Ofcom keeps for drama; e-mail goes to a reserved domain."""

    name: str
    relationship: str
    parental_responsibility: bool
    lives_with_child: bool
    phone: str
    email: str
    language: str
    interpreter_needed: bool


@dataclass(frozen=True, slots=True)
class SimPupil:
    """One made-up pupil. `under_fives` lists younger children of the household as (name, date of birth)."""

    school_index: int
    position: int
    upn: str
    mis_id: str
    given_name: str
    family_name: str
    date_of_birth: date
    year_group: str
    sex: str
    ethnicity: str
    first_language: str
    sen_provision: str
    sen_types: tuple[str, ...]
    free_school_meals: bool
    contacts: tuple[SimContact, ...]
    under_fives: tuple[tuple[str, date], ...]

    @property
    def key(self) -> tuple[str, int, int]:
        """What draws about this pupil are named by."""
        return ("pupil", self.school_index, self.position)


def draw_traits(seed: int, school: SimSchool, position: int, shape: AuthorityShape) -> PupilTraits:
    """How often a pupil is away, from the authority's rates for the phase and the school's own factor.

    A suspension is likelier the more a pupil is away; half of the years of a prone pupil have any.
    """
    group = rate_group(school.phase, school.year_group_at(position))
    draws = Draws(seed, "traits", school.index, position)
    absence, suspensions = shape.absence[group], shape.suspensions[group]
    usual = absence.draw(draws, school.absence_factor)
    tilt = 0.5 + 0.5 * min(usual / absence.absence_share, 5.0)
    return PupilTraits(
        usual_absence=usual,
        authorised_part=absence.authorised_part,
        suspension_prone=draws.chance(2 * suspensions.suspended_share * tilt),
        suspensions_in_a_bad_year=suspensions.per_suspended_pupil,
    )


def draw_pupil(
    seed: int, school: SimSchool, position: int, *, serial: int, academic_year: str, shape: AuthorityShape
) -> SimPupil:
    """A pupil's identity. `serial` counts the pupils of one year group through the whole authority, from 0.

    Raises ValueError when the authority is too large for the synthetic UPNs there are.
    """
    year_group = school.year_group_at(position)
    draws = Draws(seed, "pupil", school.index, position)
    start_year = start_year_of(academic_year)
    started = start_year - (YEAR_GROUPS.index(year_group) - YEAR_GROUPS.index("R"))
    if serial // 1000 >= len(UPN_LA_CODES):
        raise ValueError(f"There are synthetic UPNs for {len(UPN_LA_CODES) * 1000:,} pupils of a year group only.")
    # A year group's children were born between 1 September and 31 August: four when Reception begins.
    first_birthday = date(started - 5, 9, 1)
    born = first_birthday + timedelta(days=draws.below((date(started - 4, 9, 1) - first_birthday).days))
    surname = family_name(draws)
    language = draws.weighted(_LANGUAGES)
    sen = "E" if school.phase == "special" else draws.weighted(_SEN)
    group = "primary" if rate_group(school.phase, year_group) == "primary" else "secondary"
    return SimPupil(
        school_index=school.index,
        position=position,
        upn=make_upn(UPN_LA_CODES[serial // 1000], started, serial % 1000),
        mis_id=f"{school.urn}-{position + 1:04d}",
        given_name=draws.pick(GIVEN_NAMES),
        family_name=surname,
        date_of_birth=born,
        year_group=year_group,
        sex=draws.pick(("F", "M")),
        ethnicity=draws.weighted(_ETHNICITIES),
        first_language=language,
        sen_provision=sen,
        sen_types=() if sen == "N" else (draws.weighted(_SEN_TYPES),),
        free_school_meals=draws.chance(shape.free_school_meals_share[group]),
        contacts=_contacts(draws, surname, language),
        under_fives=_under_fives(draws, surname, start_year) if draws.chance(0.2) else (),
    )


def _contacts(draws: Draws, surname: str, language: str) -> tuple[SimContact, ...]:
    interpreter = language != "ENG" and draws.chance(_INTERPRETER_SHARE)
    contacts = []
    for place in range(1 + draws.chance(0.45)):
        number = draws.below(1000)
        relationship = draws.weighted(_RELATIONSHIPS)
        initial = draws.pick(GIVEN_NAMES)[0]
        named = family_name(draws) if relationship == "foster_carer" else surname
        contacts.append(
            SimContact(
                name=f"{_TITLES.get(relationship, 'Mx')} {initial}. {named}",
                relationship=relationship,
                parental_responsibility=relationship in ("mother", "father"),
                lives_with_child=place == 0 or draws.chance(0.5),
                phone=f"07700900{number:03d}",
                email=f"{initial}.{named}{number}@family.example".lower(),
                language=language,
                interpreter_needed=interpreter,
            )
        )
    return tuple(contacts)


def _under_fives(draws: Draws, surname: str, start_year: int) -> tuple[tuple[str, date], ...]:
    born = date(start_year - 4, 9, 1) + timedelta(days=draws.below(1200))
    return ((f"{draws.pick(GIVEN_NAMES)} {surname}", born),)
