"""Asking a graph in Neo4j."""

from collections.abc import Mapping
from typing import Any

from kg.store.neo4j.connection import Login, Row, connected
from kg.store.neo4j.values import plain


def ask(login: Login, cypher: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Give the rows that answer one query: columns by name, values plain Python.

    Raises ``KgError`` with the server's message for a wrong query, and for one that would write.
    """
    with connected(login) as database, database.session(reading=True) as session:
        return session.execute_read(
            lambda tx: [
                {name: plain(value) for name, value in zip(record.keys(), record, strict=True)}
                for record in tx.run(cypher, dict(parameters or {}))
            ]
        )
