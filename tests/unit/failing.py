"""Functions that fail when a test wants them to."""

from collections.abc import Callable
from functools import wraps
from typing import Any


class Failing:
    """Stands in for `function`: raises an error the next so many `times`, and then does its work.

    As an attribute of a class it is a method.
    """

    def __init__(self, function: Callable[..., Any], times: int = 1) -> None:
        self.times = times
        """How often it will fail yet."""
        self.done = 0
        """How often it has done its work."""
        self._function = function

    def __get__(self, instance: Any, owner: Any) -> Callable[..., Any]:
        @wraps(self._function)
        def method(*arguments: Any, **named: Any) -> Any:
            return self(instance, *arguments, **named)

        return method

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if self.times:
            self.times -= 1
            raise RuntimeError("made to fail")
        result = self._function(*arguments, **named)
        self.done += 1
        return result
