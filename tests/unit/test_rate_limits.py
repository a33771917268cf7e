"""Counting in windows: per key, bounded, and forgetting the oldest first."""

from uuid import UUID

import pytest

from app import clock
from app.errors import TooManyRequests
from app.http.rate_limits import RateLimits, SignInThrottle, Standing, Windows, network_of

ONE, TWO = UUID(int=1), UUID(int=2)


class Clock:
    now = 1000.0


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock, moved by hand."""
    moved = Clock()
    monkeypatch.setattr(clock, "monotonic", lambda: moved.now)
    return moved


def test_a_quota_is_used_up_and_full_again_after_its_window(hand: Clock) -> None:
    windows = Windows(2, seconds=60)
    assert windows.count("a") == Standing(2, 1, 60)
    hand.now += 20.5
    assert windows.count("a") == Standing(2, 0, 40)
    assert windows.count("a") is None
    assert windows.standing("a") == Standing(2, 0, 40)
    assert windows.count("b") == Standing(2, 1, 60)
    hand.now += 39.5
    assert windows.standing("a") == Standing(2, 2, 60)
    assert windows.count("a") == Standing(2, 1, 60)


def test_refused_requests_do_not_lengthen_the_wait(hand: Clock) -> None:
    windows = Windows(1, seconds=60)
    for _ in range(60):
        windows.count("a")
        hand.now += 1
    assert windows.count("a") == Standing(1, 0, 60)


def test_memory_is_bounded_and_the_oldest_window_goes_first(hand: Clock) -> None:
    windows = Windows(5, seconds=60, size=3)
    for key in "abc":
        windows.count(key)
        hand.now += 25
    windows.count("a")  # its first window is over: it is the youngest now
    windows.count("d")
    assert len(windows) == 3
    assert [windows.standing(key).remaining for key in "abcd"] == [4, 5, 4, 4]


def test_the_header_fields_have_the_form_of_the_draft(hand: Clock) -> None:
    limits = RateLimits(2)
    fields, refusal = limits.admit(ONE)
    assert fields == ((b"ratelimit-policy", b'"client";q=2;w=60'), (b"ratelimit", b'"client";r=1;t=60'))
    assert refusal is None
    limits.admit(ONE)
    hand.now += 50.2
    fields, refusal = limits.admit(ONE)
    assert fields[1] == (b"ratelimit", b'"client";r=0;t=10')
    assert refusal is not None
    assert refusal.headers == {"Retry-After": "10"}
    assert limits.admit(TWO)[1] is None


class TestSignIns:
    def test_failures_under_one_client_stop_that_client_from_that_network_only(self, hand: Clock) -> None:
        throttle = SignInThrottle(per_client=2, per_network=10)
        for _ in range(2):
            throttle.check("192.0.2.1", ONE)
            throttle.failed("192.0.2.1", ONE)
        with pytest.raises(TooManyRequests) as refused:
            throttle.check("192.0.2.1", ONE)
        assert refused.value.headers == {"Retry-After": "60"}
        throttle.check("192.0.2.1", TWO)
        throttle.check("192.0.2.2", ONE)
        hand.now += 60
        throttle.check("192.0.2.1", ONE)

    def test_failures_under_many_clients_stop_the_network(self, hand: Clock) -> None:
        throttle = SignInThrottle(per_client=2, per_network=3)
        for number in range(3):
            throttle.failed("2001:db8::1", UUID(int=number))
        with pytest.raises(TooManyRequests):
            throttle.check("2001:db8::ffff", UUID(int=9))
        throttle.check("2001:db8:0:1::1", UUID(int=9))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("/run/socket", "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_network(address: str | None, network: str) -> None:
    assert network_of(address) == network
