"""How often a client may call, and how often a sign-in may fail: counts in fixed windows, in bounded memory.

The counts are of one process. Fixed windows let at most twice the quota through around a window's edge, which is
enough to keep one client from crowding out the others, and cost a dictionary look-up per request.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final
from uuid import UUID

from app import clock
from app.errors import TooManyRequests

Header = tuple[bytes, bytes]

WINDOW_SECONDS: Final = 60
REMEMBERED_KEYS: Final = 50_000
FAILURES_PER_CLIENT: Final = 10
"""Failed sign-ins of one client id from one network, per window."""
FAILURES_PER_NETWORK: Final = 100
"""Failed sign-ins from one network, whatever the client id, per window."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a key stands: its quota, what is left of it, and the whole seconds until it is full again."""

    quota: int
    remaining: int
    reset_seconds: int


class Windows:
    """Counts per key, each in a window of its own that begins with the key's first count.

    At most `size` keys are kept. Beyond that the oldest window goes first, which gives its key a fresh quota: under a
    flood of made-up keys, forgetting is safer than growing.
    """

    def __init__(self, quota: int, *, seconds: int = WINDOW_SECONDS, size: int = REMEMBERED_KEYS) -> None:
        self.quota = quota
        self.seconds = seconds
        self._size = size
        # In the order in which windows began, so that the first is always the oldest.
        self._counts: dict[Hashable, list[float]] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, key: Hashable) -> Standing | None:
        """Count one more for a key; None when its quota was used up already (see `standing`)."""
        now = clock.monotonic()
        entry = self._counts.get(key)
        if entry is None or now - entry[0] >= self.seconds:
            self._begin(key, now)
            return Standing(self.quota, self.quota - 1, self.seconds)
        if entry[1] >= self.quota:
            return None
        entry[1] += 1
        return Standing(self.quota, self.quota - int(entry[1]), ceil(entry[0] + self.seconds - now))

    def standing(self, key: Hashable) -> Standing:
        """Where a key stands, without counting."""
        now = clock.monotonic()
        entry = self._counts.get(key)
        if entry is None or now - entry[0] >= self.seconds:
            return Standing(self.quota, self.quota, self.seconds)
        return Standing(self.quota, self.quota - int(entry[1]), ceil(entry[0] + self.seconds - now))

    def _begin(self, key: Hashable, now: float) -> None:
        self._counts.pop(key, None)
        if len(self._counts) >= self._size:
            del self._counts[next(iter(self._counts))]
        self._counts[key] = [now, 1.0]


class RateLimits:
    """Requests per client and minute, told in the fields of draft-ietf-httpapi-ratelimit-headers-10."""

    def __init__(self, per_minute: int) -> None:
        self._windows = Windows(per_minute)
        self._policy = (b"ratelimit-policy", f'"client";q={per_minute};w={WINDOW_SECONDS}'.encode())

    def admit(self, client_id: UUID) -> tuple[tuple[Header, Header], TooManyRequests | None]:
        """Count a client's request: the header fields of its answer, and the refusal when the quota is used up."""
        standing = self._windows.count(client_id)
        if standing is not None:
            return self._fields(standing), None
        standing = self._windows.standing(client_id)
        return self._fields(standing), _refusal("This client has used up its requests for this minute.", standing)

    def _fields(self, standing: Standing) -> tuple[Header, Header]:
        told = f'"client";r={standing.remaining};t={standing.reset_seconds}'
        return self._policy, (b"ratelimit", told.encode())


class SignInThrottle:
    """Refuses sign-ins after too many failures, before any work is done for them.

    A client id is no secret, so failures under it count against the network they come from: whoever knows an id cannot
    lock its owner out. Guessing from many networks finds no secret of 256 random bits.
    """

    def __init__(self, *, per_client: int = FAILURES_PER_CLIENT, per_network: int = FAILURES_PER_NETWORK) -> None:
        self._by_client = Windows(per_client)
        self._by_network = Windows(per_network)

    def check(self, address: str | None, client_id: UUID) -> None:
        """Raise TooManyRequests (with `Retry-After`) while this client id or this network has failed too often."""
        network = network_of(address)
        for windows, key in ((self._by_client, (network, client_id)), (self._by_network, network)):
            standing = windows.standing(key)
            if standing.remaining == 0:
                raise _refusal("Too many sign-ins have failed: wait before the next.", standing)

    def failed(self, address: str | None, client_id: UUID) -> None:
        """Count a failure."""
        network = network_of(address)
        self._by_client.count((network, client_id))
        self._by_network.count(network)


def network_of(address: str | None) -> str:
    """What counts as one caller's network: an IPv4 address, or the /64 of an IPv6 address, which is one site's."""
    if address is None:
        return "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def _refusal(sentence: str, standing: Standing) -> TooManyRequests:
    return TooManyRequests(sentence, headers={"Retry-After": str(standing.reset_seconds)})
