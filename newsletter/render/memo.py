"""A cache of converted texts, as the editions of an issue share most of their items."""

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

_ENTRIES, _LONGEST = 2048, 10_000  # at most some 40 MB, however many templates are rendered


def remembered(work: Callable[Concatenate[str, _P], _T]) -> Callable[Concatenate[str, _P], _T]:
    """Cache the results of `work` for recently used texts; long texts are not cached."""
    cached = lru_cache(maxsize=_ENTRIES)(work)

    def run(text: str, /, *rest: _P.args, **named: _P.kwargs) -> _T:
        if len(text) > _LONGEST:
            return work(text, *rest, **named)
        result: _T = cached(text, *rest, **named)  # type: ignore[arg-type]  # typeshed wants hashable arguments
        return result

    update_wrapper(run, work)
    return run
