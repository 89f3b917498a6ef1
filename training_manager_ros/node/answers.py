"""The one place where errors become answers on ROS: `success`, `message`, and field errors."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from training_manager.msg import FieldError
from training_manager_ros.errors import InvalidInput, TrainingManagerError
from training_manager_ros.redaction import redacted
from training_manager_ros.skills.skill import clean

__all__ = ["answers_errors"]

_log = logging.getLogger("training_manager.node")

Self = TypeVar("Self")
Handler = Callable[[Self, Any, Any], Any]


def answers_errors(handler: Handler[Self]) -> Handler[Self]:
    """Make a handler answer `success=False` and the error's sentence where it raises one.

    An error that is not the user's is a defect: it is logged with its traceback and answered all
    the same, because a service that never answers would hang its caller.
    """

    @functools.wraps(handler)
    def answering(self: Self, request: Any, response: Any) -> Any:
        try:
            response = handler(self, request, response)
            response.success = True
        except TrainingManagerError as error:
            response.message = clean(str(error))
            if isinstance(error, InvalidInput) and hasattr(response, "errors"):
                response.errors = [
                    FieldError(field=clean(field), message=clean(message))
                    for field, message in error.fields.items()
                ]
        except Exception as error:
            _log.exception("%s failed", handler.__name__)
            words = f"This should not have happened ({error!r}); the log says more."
            response.message = redacted(words)
        return response

    return answering
