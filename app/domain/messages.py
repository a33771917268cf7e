"""To whom a message about a referral goes: settled when it is posted, so that nobody else ever reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.errors import FieldFault, Invalid


class Addressee(StrEnum):
    """A part that an organisation has in a referral."""

    REFERRER = "referrer"
    SCHOOL = "school"
    """The pupil's school, where another organisation refers."""
    PROVIDER = "provider"
    """The provider that has the case now."""
    AUTHORITY = "authority"
    CASE = "case"
    """The provider that has the case now, and whichever has it later."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is who in a referral at this moment."""

    referrer: UUID
    school: UUID | None
    provider: UUID | None
    authority: UUID

    def of(self, addressee: Addressee) -> UUID | None:
        """The organisation that has this part now, if there is one."""
        match addressee:
            case Addressee.REFERRER:
                return self.referrer
            case Addressee.SCHOOL:
                return self.school
            case Addressee.AUTHORITY:
                return self.authority
            case Addressee.PROVIDER | Addressee.CASE:
                return self.provider


def usual_addressees(sender: UUID, parties: Parties) -> tuple[Addressee, ...]:
    """Whom a message that names nobody goes to: the other side. Before a provider has the case, the authority is it."""
    if sender == parties.referrer:
        return (Addressee.AUTHORITY,) if parties.provider is None else (Addressee.PROVIDER,)
    if sender == parties.authority and parties.provider is not None:
        return (Addressee.REFERRER, Addressee.PROVIDER)
    return (Addressee.REFERRER,)


def readers_of(sender: UUID, to: Sequence[Addressee], parties: Parties) -> tuple[UUID, ...]:
    """The organisations that may read it, its sender among them. Raises Invalid where it would reach nobody else."""
    faults = [
        FieldFault(f"/to/{index}", "nobody_there", f"Nobody has the part of the {addressee} in this referral now.")
        for index, addressee in enumerate(to)
        if addressee is not Addressee.CASE and parties.of(addressee) is None
    ]
    if faults:
        raise Invalid(errors=faults)
    named = {reader for addressee in to if (reader := parties.of(addressee)) is not None}
    if named <= {sender} and Addressee.CASE not in to:
        raise Invalid(errors=[FieldFault("/to", "yourself", "That is you: address it to another party.")])
    return tuple(sorted(named | {sender}))
