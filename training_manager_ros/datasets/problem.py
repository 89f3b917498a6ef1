"""What readers say about files that are not as they should be: a sentence, and what kind it is."""

from __future__ import annotations

from training_manager_ros.errors import ProblemCode, Unreadable

__all__ = ["Problem", "problem_of"]


class Problem(str):
    """A sentence for people that bears a code for programs; anywhere else it is just a string."""

    code: ProblemCode

    def __new__(cls, code: ProblemCode, sentence: str) -> Problem:
        """A sentence of a kind."""
        problem = super().__new__(cls, sentence)
        problem.code = code
        return problem

    def __getnewargs__(self) -> tuple[ProblemCode, str]:  # type: ignore[override]
        """For copies, which are made of the same things."""
        return self.code, str(self)


def problem_of(error: Unreadable, where: str = "") -> Problem:
    """An error as a problem of what was to be read, with what comes before its sentence."""
    return Problem(error.code, f"{where}{error}")
