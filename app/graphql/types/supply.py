"""Supply: providers, what they offer, and what the authority block-booked with them."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.visibility import plain, record, resolved
from app.queries.graph import nouns

_RULE = "graphql.lots"


@of_noun(nouns.SERVICE, rule="graphql.providers")
@strawberry.type(description="What a provider offers.")
class Service(Row, Node):
    """A service."""

    provider_id: strawberry.Private[UUID]
    name: str = plain()
    summary: str = plain()
    pamphlet: str = plain("Markdown.")
    pamphlet_url: str | None = plain()
    tier: str = plain("`universal`, `targeted`, `intensive` or `specialist`.")
    format: str = plain("`casework`, `course`, `placement` or `link_days`.")
    needs: list[str] = plain("Codes of the needs supported.")
    key_stages: list[str] = plain()
    languages: list[str] = plain()
    modes: list[str] = plain("`home`, `school`, `remote`.")
    standard_weeks: int = plain("Length in school weeks.")
    version: int = plain()
    provider: Annotated["Provider", strawberry.lazy("app.graphql.types.supply")] | None = edge(
        "provider", "provider_id"
    )


@of_noun(nouns.PRACTITIONER, rule=_RULE)
@strawberry.type(description="A provider's family support worker.")
class Practitioner(Row, Node):
    """A practitioner: seen by the provider and the authority."""

    name: str = plain()
    caseload_limit: int = plain("Families at a time.")
    languages: list[str] = plain()
    key_stages: list[str] = plain()
    dbs_checked_on: date | None = plain()
    active: bool = plain()


@of_noun(nouns.VARIATION, rule="graphql.contracts")
@strawberry.type(name="ContractVariation", description="A dated change of a contract's terms.")
class Variation(Row, Node):
    """A variation."""

    number: int = plain()
    kind: str = plain("`extension`, `volume`, `price`, `lots` or `deemed_acceptance`.")
    effective_on: date = plain()
    terms: JSON = plain("The new terms.", json=True)
    reason: str = plain()
    recorded_at: datetime = plain()


@strawberry.type(description="How a lot's places and volume are used today.")
class LotUse:
    """Read from a row of figures."""

    places_count: int = record("Places that stand today.")
    held_count: int = record("Places booked today, those that no longer stand included.")
    free_count: int = record("Places that stand and are open to a booking.")
    out_of_service_count: int = record("Places that stand, unbooked and out of service.")
    held_after_cut_count: int = record("Booked places that no longer stand: a cut never evicts.")
    promised_count: int = record("Places that a family was offered for a later day.")
    volume_used_count: int = record(
        "Interventions whose first contact was attended; of other formats, what somebody came to."
    )


@of_noun(nouns.LOT, rule=_RULE)
@strawberry.type(description="The block-booked part of a contract: one service, its places and its volume.")
class Lot(Row, Node):
    """A lot."""

    contract_id: strawberry.Private[UUID]
    provider_id: strawberry.Private[UUID]
    prime_id: strawberry.Private[UUID]
    service_id: strawberry.Private[UUID]
    name: str = plain()
    key_stages: list[str] = plain()
    needs: list[str] = plain("Codes of the needs that it takes.")
    volume: int = plain("Interventions commissioned at the start; variations change it.")
    volume_unit: str = plain("`family`, `pupil` or `day`.")
    volume_profile: JSON = plain("Volume per half-term, where agreed.", json=True)
    version: int = plain()
    contract: Annotated["Contract", strawberry.lazy("app.graphql.types.supply")] | None = edge(
        "contract", "contract_id"
    )
    provider: Annotated["Provider", strawberry.lazy("app.graphql.types.supply")] | None = edge(
        "provider", "provider_id", description="Who delivers it: the prime or a subcontractor."
    )
    prime: Annotated["Provider", strawberry.lazy("app.graphql.types.supply")] | None = edge("provider", "prime_id")
    service: Service | None = edge("service", "service_id")

    @resolved("How its places and volume are used today.")
    def use(self, info: Info) -> LotUse | None:
        """The counts of today."""
        loaded: Any = info.context.lot_use().load(self.key)
        return loaded


@of_noun(nouns.CONTRACT, rule="graphql.contracts")
@strawberry.type(description="A contract between the authority and a provider.")
class Contract(Row, Node):
    """A contract."""

    provider_id: strawberry.Private[UUID]
    title: str = plain()
    contract_number: str = plain()
    starts_on: date = plain()
    ends_on: date = plain()
    price_pence: float = plain("Whole pence; a Float because an Int stops at 21 million pounds.")
    extension_options: JSON = plain(json=True)
    deemed_acceptance: bool = plain(
        "Whether an offer that nobody answers in time counts as accepted, as signed; variations change it."
    )
    provider: Annotated["Provider", strawberry.lazy("app.graphql.types.supply")] | None = edge(
        "provider", "provider_id"
    )

    @resolved("Changes of its terms, in order.")
    def variations(self, info: Info, first: First = CHILDREN) -> list[Variation]:
        """The first variations."""
        return children(info, self, "variation", "contract_id", first)

    @resolved("Its lots, by name.", rule=_RULE)
    def lots(self, info: Info, first: First = CHILDREN) -> list[Lot] | None:
        """The first lots."""
        return children(info, self, "lot", "contract_id", first)


@strawberry.type(description="How a provider answered the offers whose time to answer ended within a period.")
class OfferAnswers:
    """Read from a row of figures."""

    offers_count: int = record("All of them; those that were taken back are left out.")
    answered_in_time_count: int = record("Before `answerDueAt`.")
    answered_late_count: int = record("After it, and before the place had gone.")
    deemed_count: int = record("Left to silence, under a contract by which that is yes.")
    unanswered_count: int = record("Left to run out.")


@of_noun(nouns.PROVIDER, rule="graphql.providers")
@strawberry.type(description="A commissioned organisation.")
class Provider(Row, Node):
    """A provider."""

    name: str = plain()
    ukprn: str | None = plain()
    charity_number: str | None = plain()
    company_number: str | None = plain()
    contact: JSON = plain(json=True)

    @resolved("What it offers, by name.")
    def services(self, info: Info, first: First = CHILDREN) -> list[Service]:
        """The first services."""
        return children(info, self, "service", "provider_id", first)

    @resolved("What was block-booked with it, by name.", rule=_RULE)
    def lots(self, info: Info, first: First = CHILDREN) -> list[Lot] | None:
        """The first lots that it delivers."""
        return children(info, self, "lot", "provider_id", first)

    @resolved("Its contracts, the latest first.", rule="graphql.contracts")
    def contracts(self, info: Info, first: First = CHILDREN) -> list[Contract] | None:
        """The first contracts."""
        return children(info, self, "contract", "provider_id", first)

    @resolved("How it answers its offers, of a period by the day on which the time ended.", rule="get_offer_answers")
    def offer_answers(
        self, info: Info, due_from: date | None = None, due_to: date | None = None
    ) -> OfferAnswers | None:
        """Counts, for officers."""
        loaded: Any = info.context.offer_answers(due_from, due_to).load(self.key)
        return loaded

    @resolved("Its family support workers, by name.", rule=_RULE)
    def practitioners(self, info: Info, first: First = CHILDREN) -> list[Practitioner] | None:
        """The first practitioners."""
        return children(info, self, "practitioner", "provider_id", first)
