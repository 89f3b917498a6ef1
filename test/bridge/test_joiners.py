"""What a late client of a latched topic gets, whatever order things come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import String

from training_manager_ros.bridge.joiners import Joiner
from training_manager_ros.bridge.samples import Once, Sample


def join(latched: list[str], later: list[str], order: list[bool], brought: int) -> list[str]:
    """What a joiner hands on. Its own reader brings what is latched and so many of the later ones;
    `order` says at which of the two readers something arrives next."""
    got: list[str] = []
    arrive = []
    joiner = Joiner(
        String,
        lambda sample: got.append(sample.raw.decode()),
        lambda arrived: arrive.append(arrived),
    )
    own = [text.encode() for text in latched + later[:brought]]
    others = [text.encode() for text in later]
    for own_next in order:
        if own_next and own:
            arrive[0](own.pop(0))
        elif others:
            joiner.heard(Sample(others.pop(0), String, True))
    for raw in own:
        arrive[0](raw)
    for raw in others:
        joiner.heard(Sample(raw, String, True))
    joiner.deliver_held()
    return got


orders = st.lists(st.booleans(), max_size=30)


@given(
    latched=st.lists(st.sampled_from("abc"), max_size=4),
    later=st.lists(st.sampled_from("abcde"), max_size=8),
    order=orders,
)
def test_everything_comes_once_and_in_order(
    latched: list[str], later: list[str], order: list[bool]
) -> None:
    assert join(latched, later, order, len(later)) == latched + later


@given(
    texts=st.lists(st.sampled_from("abcdefghijkl"), max_size=12, unique=True),
    latched=st.integers(0, 4),
    order=orders,
    brought=st.integers(0, 8),
)
def test_what_the_own_reader_does_not_bring_comes_from_the_others(
    texts: list[str], latched: int, order: list[bool], brought: int
) -> None:
    assert join(texts[:latched], texts[latched:], order, brought) == texts


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 1)), max_size=30))
def test_once_hands_on_as_many_as_the_busier_way_had(arrivals: list[tuple[str, int]]) -> None:
    once = Once()
    first = [raw for raw, way in arrivals if once.first(raw.encode(), way)]
    for raw in "ab":
        ways = [sum(1 for r, w in arrivals if r == raw and w == way) for way in (0, 1)]
        assert first.count(raw) >= max(ways)
        assert first.count(raw) <= sum(ways)


def test_once_counts_what_came_by_both_ways() -> None:
    once = Once()
    assert [once.first(b"a", way) for way in (0, 0, 1, 1, 1)] == [True, True, False, False, True]


def test_a_busy_topic_does_not_keep_the_reader_for_ever() -> None:
    arrive = []
    joiner = Joiner(String, lambda sample: None, lambda arrived: arrive.append(arrived))
    looks = 0
    while not joiner.complete():
        looks += 1
        arrive[0](b"busy")
        assert looks < 5
