"""Reading the event feed to its end, as every one of the outside systems does."""

from app.simulation.calling import Caller


class FeedReader:
    """One client's place in the feed. Each event read is noted, so that none skipped can go unnoticed."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._after: str | None = None

    async def read(self) -> None:
        """Read all that is new."""
        while True:
            params = {"limit": 200, **({"after": self._after} if self._after else {})}
            answer = await self._caller.get("list_events", "/v1/events", params=params)
            if answer.status_code != 200:
                return
            page = answer.json()
            self._after = page["next_cursor"]
            for event in page["data"]:
                self._caller.journal.acknowledged("event", event["id"], organisation_id=self._caller.organisation_id)
            if not page["has_more"]:
                return
