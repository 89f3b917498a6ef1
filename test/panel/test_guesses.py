from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.panel.guesses import Guesses


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def guess_wrong(guesses: Guesses, clock: Clock, address: str, seconds: float) -> int:
    """Guess as often as possible for some time; gives how many guesses were looked at."""
    end, count = clock.now + seconds, 0
    while clock.now < end:
        pause = guesses.pause(address)
        if pause:
            clock.now += pause
            continue
        guesses.wrong(address)
        count += 1
    return count


def test_mistyping_costs_nothing() -> None:
    guesses = Guesses(Clock())
    for _ in range(4):
        guesses.wrong("192.168.1.5")
        assert guesses.pause("192.168.1.5") == 0


def test_pauses_grow_to_a_minute() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    pauses = []
    for _ in range(14):
        guesses.wrong("192.168.1.5")
        pauses.append(guesses.pause("192.168.1.5"))
        clock.now += pauses[-1]
    assert pauses == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_guesser_gets_about_one_guess_a_minute() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    assert guess_wrong(guesses, clock, "192.168.1.5", 3600) < 75


def test_a_guesser_keeps_nobody_else_out() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    guess_wrong(guesses, clock, "192.168.1.5", 3600)
    assert guesses.pause("192.168.1.6") == 0


def test_many_guessers_get_one_guess_each_and_the_owner_still_comes_in() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for number in range(200):
        guesses.wrong(f"10.0.0.{number}")
    assert guesses.pause("10.0.0.0") == 0  # from before it became many
    assert guesses.pause("10.0.0.199") == 60
    assert guesses.pause("192.168.1.6") == 0
    clock.now += 61
    guesses.wrong("192.168.1.6")
    assert guesses.pause("192.168.1.6") == 0  # it is quiet again


def test_an_ipv6_network_counts_as_one_machine() -> None:
    guesses = Guesses(Clock())
    for number in range(5):
        guesses.wrong(f"2001:db8::{number}")
    assert guesses.pause("2001:db8::ffff") > 0
    assert guesses.pause("2001:db8:0:1::1") == 0


def test_an_ipv4_address_is_the_same_in_ipv6_notation() -> None:
    guesses = Guesses(Clock())
    for _ in range(5):
        guesses.wrong("::ffff:10.0.0.1")
    assert guesses.pause("10.0.0.1") > 0
    assert guesses.pause("::ffff:10.0.0.2") == 0


def test_the_right_token_forgives() -> None:
    guesses = Guesses(Clock())
    for _ in range(4):
        guesses.wrong("192.168.1.5")
    guesses.right("192.168.1.5")
    guesses.wrong("192.168.1.5")
    assert guesses.pause("192.168.1.5") == 0


def test_time_forgives() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(8):
        guesses.wrong("192.168.1.5")
    clock.now += 16 * 60
    guesses.wrong("192.168.1.5")
    assert guesses.pause("192.168.1.5") == 0


def test_memory_is_bounded() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for number in range(5000):
        clock.now += 10
        guesses.wrong(f"10.0.{number // 256}.{number % 256}")
    assert len(guesses._guessers) <= 4096


@given(
    st.lists(st.tuples(st.sampled_from(["a", "fe80::1%eth0", "::1", "1.2.3.4"]), st.floats(0, 90)))
)
def test_a_pause_is_never_longer_than_a_minute(steps: list[tuple[str, float]]) -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for address, seconds in steps:
        clock.now += seconds
        guesses.wrong(address)
        assert 0 <= guesses.pause(address) <= 60.001
