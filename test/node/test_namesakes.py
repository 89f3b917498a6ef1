from __future__ import annotations

from training_manager_ros.node.namesakes import PATIENCE, Namesakes


class World:
    """How many nodes there are, what time it is, and how often something changed."""

    def __init__(self) -> None:
        self.nodes, self.now, self.changes = 1, 100.0, 0
        self.namesakes = Namesakes(lambda: self.nodes, self._changed, lambda: self.now)

    def _changed(self) -> None:
        self.changes += 1

    def look_for(self, seconds: float) -> str:
        end = self.now + seconds
        while self.now < end:
            self.now += 1
            self.namesakes.look()
        return self.namesakes.problem


def test_a_node_alone_has_no_namesake():
    world = World()
    assert world.look_for(3 * PATIENCE) == ""
    assert world.changes == 0


def test_another_one_is_told_of_until_it_is_gone():
    world = World()
    world.look_for(5)
    world.nodes = 2
    assert "ROS_DOMAIN_ID" in world.look_for(PATIENCE + 1)
    assert world.look_for(100)
    assert world.changes == 1
    world.nodes = 1
    assert world.look_for(1) == ""
    assert world.changes == 2


def test_a_node_that_was_killed_and_started_again_is_none():
    world = World()
    for _ in range(3):  # it is seen for a while after each end
        world.nodes = 2
        assert world.look_for(20) == ""
        world.nodes = 1
        assert world.look_for(2) == ""
    assert world.changes == 0
