"""Made-up names: places and schools that exist nowhere, people whose family names say that they are not real."""

from collections.abc import Iterator

from app.simulation.draws import Draws

_PLACE_STEMS = (
    "Brackle", "Cawdle", "Dunmer", "Fennow", "Gorsley", "Hollin", "Kestre", "Larkow", "Marrow", "Nettle", "Orrin",
    "Pellow", "Quillen", "Rushel", "Sedgen", "Tarnel", "Ullow", "Venner", "Wistle", "Yarrow", "Askel", "Birkel",
    "Cobbel", "Drovel", "Eskow", "Fulmer", "Gannel", "Hebble", "Iddle", "Jessen",
)  # fmt: skip
_PLACE_ENDINGS = ("mere", "staithe", "carr", "holme", "fleet", "reeve", "thwaite", "garth")
_SCHOOL_KINDS = {
    "infant": ("Infant School", "Infant and Nursery School"),
    "junior": ("Junior School", "Junior Academy"),
    "primary": ("Primary School", "Community Primary School", "Primary Academy", "Church Primary School"),
    "secondary": ("High School", "Academy", "Secondary School"),
    "all_through": ("All-through School", "All-through Academy"),
    "special": ("Park Special School", "House Special School"),
    "alternative_provision": ("Link Centre", "Bridge Centre"),
}

GIVEN_NAMES = (
    "Aaron", "Abigail", "Adam", "Aisha", "Alfie", "Alice", "Amelia", "Amir", "Anna", "Archie", "Arthur", "Ava",
    "Beatrice", "Ben", "Bethany", "Caleb", "Chloe", "Daisy", "Daniel", "Darius", "Dominik", "Edith", "Eliza", "Ella",
    "Emil", "Emily", "Erin", "Ethan", "Eva", "Evie", "Farah", "Filip", "Finley", "Florence", "Freya", "George",
    "Grace", "Hannah", "Harper", "Harry", "Hassan", "Henry", "Holly", "Ines", "Iris", "Isaac", "Isla", "Ivy", "Jack",
    "Jakub", "James", "Jasmine", "Joao", "Joseph", "Julia", "Kacper", "Lena", "Leo", "Lily", "Logan", "Lucas", "Lucy",
    "Maja", "Maria", "Mason", "Matilda", "Maya", "Mia", "Mihai", "Mohammed", "Nadia", "Noah", "Nora", "Oliver",
    "Oskar", "Owen", "Phoebe", "Poppy", "Priya", "Reuben", "Rosie", "Ruby", "Sam", "Sofia", "Sophie", "Stefan",
    "Theo", "Thomas", "Tomas", "Violet", "William", "Willow", "Yusuf", "Zara", "Zofia",
)  # fmt: skip
_FAMILY_STEMS = (
    "Demo", "Draft", "Example", "Fictive", "Figment", "Imagin", "Madeup", "Mockup", "Notreal", "Placeholder", "Pretend",
    "Proto", "Sample", "Sandbox", "Simula", "Specimen", "Synthet", "Test",
)  # fmt: skip
_FAMILY_ENDINGS = ("by", "dale", "ford", "ham", "ley", "more", "son", "stead", "ton", "well", "wick", "worth")


def place_names(draws: Draws, count: int) -> list[str]:
    """`count` different place names. Raises ValueError when more are asked for than can be made."""
    names = draws.shuffled(stem + ending for stem in _PLACE_STEMS for ending in _PLACE_ENDINGS)
    if count > len(names):
        raise ValueError(f"{count} place names were asked for, and only {len(names)} can be made.")
    return names[:count]


def school_kind(phase: str, low_age: int, high_age: int) -> str:
    """The key of the school's kind of name: primaries that take a part of the ages say so."""
    if phase == "primary" and high_age <= 8:
        return "infant"
    if phase == "primary" and low_age >= 7:
        return "junior"
    return phase


def school_names(place: str, kind: str) -> list[str]:
    """Every name that a school of a kind at a place can have."""
    return [f"{place} {ending}" for ending in _SCHOOL_KINDS[kind]]


def every_school_name() -> Iterator[str]:
    """All names that can ever be made, so that they can be held against the real register."""
    for stem in _PLACE_STEMS:
        for ending in _PLACE_ENDINGS:
            for kind in _SCHOOL_KINDS:
                yield from school_names(stem + ending, kind)


def family_name(draws: Draws) -> str:
    """A family name that nobody can take for a real person's, such as Testwell."""
    return draws.pick(_FAMILY_STEMS) + draws.pick(_FAMILY_ENDINGS)
