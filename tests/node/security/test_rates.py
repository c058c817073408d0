"""Token buckets and what counts as one address."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ceramic_node.http.guard.origins import host_name
from ceramic_node.http.guard.rates import Rates, address_key
from ceramic_protocol.limits import BURST_SECONDS


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    rate=st.integers(1, 1000),
    pauses=st.lists(st.floats(0, 3, allow_nan=False), max_size=200),
)
def test_no_more_than_the_rate_and_a_burst(rate: int, pauses: list[float]) -> None:
    clock = Clock()
    rates: Rates[str] = Rates(clock)
    granted = 0
    for pause in pauses:
        clock.now += pause
        wait = rates.take("a", rate)
        granted += not wait
        if wait:
            # After the time that is told there is one.
            assert 0 < wait <= 1 / rate + 1e-6
    assert granted <= max(1.0, rate * BURST_SECONDS) + clock.now * rate + 1e-6


def test_who_waits_as_told_gets_one() -> None:
    clock = Clock()
    rates: Rates[str] = Rates(clock)
    while not (wait := rates.take("a", 3)):
        pass
    clock.now += wait + 1e-9
    assert rates.take("a", 3) == 0
    assert rates.take("a", 3) > 0
    assert rates.take("b", 3) == 0


def test_few_addresses_are_remembered_however_many_come() -> None:
    rates: Rates[int] = Rates(Clock(), most=10)
    for number in range(1000):
        rates.take(number, 1)
    assert len(rates) == 10
    # Those that come again and again stay known.
    for number in range(2000, 3000):
        rates.take(990, 1)
        rates.take(number, 1)
    assert rates.take(990, 1) > 0


def test_an_ipv6_home_counts_as_one() -> None:
    assert address_key("2001:db8:1:2:a::1") == address_key("2001:db8:1:2:ffff::9%eth0")
    assert address_key("2001:db8:1:3::1") != address_key("2001:db8:1:2::1")
    assert address_key("::ffff:10.0.0.1") == address_key("10.0.0.1") == "10.0.0.1"
    assert address_key("10.0.0.2") != address_key("10.0.0.1")
    assert address_key("") == ""


def test_names_in_host_headers() -> None:
    for text, name in (
        ("LocalHost:80", "localhost"),
        ("node.example.", "node.example"),
        ("[::1]:80", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("a@b", None),
        ("a b", None),
        ("a:b", None),
        ("[::1", None),
        ("a" * 300, None),
        ("", None),
    ):
        assert host_name(text) == name
