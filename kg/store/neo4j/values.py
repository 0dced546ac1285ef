"""Values of the driver as plain Python."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any


def plain(value: Any) -> Any:
    """Give a value of an answer as plain Python, as the embedded store gives it.

    Nodes become ``{"labels": [...], **properties}``, relationships ``{"type": ..., **properties}``,
    paths lists of both in turn.
    """
    if value is None or isinstance(value, bool | int | float | str | date | time):
        return value
    # By exact type: nodes of the driver are mappings, its durations tuples.
    if type(value) is dict:
        return {str(name): plain(item) for name, item in value.items()}
    if type(value) in (list, tuple, set):
        return [plain(item) for item in value]
    return _entity(value)


def _entity(value: Any) -> Any:
    from neo4j import graph

    if isinstance(value, graph.Node):
        return {"labels": sorted(value.labels), **_properties(value)}
    if isinstance(value, graph.Relationship):
        return {"type": value.type, **_properties(value)}
    if isinstance(value, graph.Path):
        steps: list[Any] = [value.start_node]
        for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
            steps += [relationship, node]
        return [_entity(step) for step in steps]
    return value.to_native() if hasattr(value, "to_native") else str(value)


def _properties(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(item) for name, item in value.items()}
