"""Paperlattice: research papers as a knowledge graph.

>>> import kg
>>> kg.open  # doctest: +ELLIPSIS
<function open at ...>
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kg.graph import open as open

__all__ = ["__version__", "open"]


def __getattr__(name: str) -> Any:
    # On use, so that ``kg --help`` does not wait for what it does not need.
    if name == "open":
        from kg.graph import open as open_

        return open_
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("paperlattice")
        except PackageNotFoundError:
            return "0+checkout"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
