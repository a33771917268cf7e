"""People to reach at an organisation, as areas, schools and providers state them."""

from typing import Annotated

from pydantic import Field

from app.routers.schemas.base import In, Out, ShortText

Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Phone = Annotated[str, Field(min_length=3, max_length=40, pattern=r"^[0-9+() \-x]+$")]


class PersonIn(In):
    """Somebody to reach in the course of work."""

    name: ShortText
    role: ShortText | None = None
    email: Email | None = None
    phone: Phone | None = None


class PersonOut(Out):
    """Somebody to reach in the course of work; empty where nobody is named."""

    name: str | None = None
    role: str | None = None
    email: str | None = None
    phone: str | None = None
