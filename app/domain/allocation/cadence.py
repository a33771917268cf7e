"""When: what is decided the moment a referral arrives, and what waits for the next run."""

from app.domain.policy import Policy


def at_once(band: str, free_places: int, *, someone_waits: bool, policy: Policy) -> bool:
    """Whether a referral that counts as of `band` is decided on arrival.

    The most urgent bands always are. The others are when places that would do are plentiful and nobody who could take
    one of them waits; else they stand with the rest of the day for the next run, so that the order decides and not
    the minute.
    """
    if band in policy.at_once["bands"]:
        return True
    return free_places >= policy.at_once["free_places"] and not someone_waits
