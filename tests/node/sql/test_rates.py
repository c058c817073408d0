"""How often SQL may be asked."""

from __future__ import annotations

import pytest

from ceramic_node.http.guard.tokens import Scope, Token, new_token
from ceramic_node.sql.failures import SqlBusy
from ceramic_node.sql.rates import CallRates
from tests.node.sql.serving import serving
from tests.node.states.making import init


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(rates: CallRates, peer: str, calls: int) -> int:
    count = 0
    for _ in range(calls):
        try:
            rates.take(peer)
        except SqlBusy as error:
            assert "go on in" in str(error)  # noqa: PT017  # each call may be the one
            continue
        count += 1
    return count


def test_each_address_has_its_own() -> None:
    clock = Clock()
    rates = CallRates(5, 0, clock=clock)
    first = taken(rates, "ipv4:192.0.2.1:4711", 100)
    assert 5 <= first <= 20
    assert taken(rates, "ipv4:192.0.2.1:9", 100) == 0
    assert taken(rates, "ipv4:192.0.2.2:4711", 100) == first
    # A home has as many addresses of IPv6 as it likes.
    assert taken(rates, "ipv6:%5B2001:db8::1%5D:4711", 100) == first
    assert taken(rates, "ipv6:[2001:db8::2]:4711", 100) == 0
    clock.now += 1
    assert taken(rates, "ipv4:192.0.2.1:4711", 100) == 5


def test_this_machine_is_limited_if_that_is_asked_for() -> None:
    for peer in ("ipv4:127.0.0.1:1", "ipv6:%5B::1%5D:1"):
        assert taken(CallRates(5, 0), peer, 100) == 100
        assert taken(CallRates(5, 0, limit_loopback=True), peer, 100) < 100
    assert taken(CallRates(0, 0, limit_loopback=True), "ipv4:192.0.2.1:1", 100) == 100


def test_tokens_have_rates_of_their_own() -> None:
    clock = Clock()
    rates = CallRates(0, 5, clock=clock)
    usual, fast = (new_token("a", [Scope.READ], rate=rate)[1] for rate in (None, 1000))
    for _ in range(100):
        rates.take_of(fast)
    with pytest.raises(SqlBusy, match="with this token"):
        take_many(rates, usual)


def take_many(rates: CallRates, token: Token) -> None:
    for _ in range(100):
        rates.take_of(token)


def test_clients_are_told() -> None:
    rates = CallRates(3, 0, limit_loopback=True, clock=lambda: 0.0)
    with serving(events=[init("one")], rates=rates) as served:
        for _ in range(50):
            try:
                served.ask("SELECT 1")
            except Exception as error:  # noqa: BLE001  # the client's own
                assert "sql_busy: too many calls from this address" in str(error)  # noqa: PT017
                return
    raise AssertionError("never refused")
