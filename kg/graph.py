"""A graph in Python: what ``kg.open`` gives."""

import contextlib
import logging
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from kg import queries
from kg.stats import stats
from kg.store import arcade, files

if TYPE_CHECKING:
    import networkx as nx
    import rdflib

Row = dict[str, Any]

_LOG = logging.getLogger(__name__)


class Graph:
    """A graph that ``kg build`` made, opened for reading.

    Queries are answered in this process.  Close it when done, or use it in a ``with``; several
    may be open at once, of the same folder too.
    """

    def __init__(self, folder: Path) -> None:
        files.manifest(folder)  # Raises here if there is no graph.
        self.folder = folder
        self._stack = contextlib.ExitStack()
        self._database: Any = None

    def query(self, query: str, /, **parameters: Any) -> list[Row]:
        """Answer a named query, or one in Cypher, with rows: columns by name.

        The parameters of a named query are those that ``kg queries NAME`` lists; globs are given
        as they are.  Raises ``KgError`` for a wrong query or parameter.
        """
        if self._database is None:
            opened = arcade.opened(self.folder, say=_LOG.warning)
            self._database = self._stack.enter_context(opened)
        if not queries.is_name(query):
            return arcade.rows(self._database, query, parameters)
        named = queries.load(query)
        found = arcade.rows(self._database, named.text, queries.bind(named, parameters))
        return [queries.rounded(row) for row in found]

    def papers(self) -> list[Row]:
        """Give all papers, sorted by id: their properties."""
        return [{"id": node.id, **node.properties} for node in files.nodes(self.folder, ["Paper"])]

    def entities(self) -> list[Row]:
        """Give all entities, label by label, sorted by id: their label and properties."""
        return [
            {"id": node.id, "label": node.label, **node.properties}
            for node in files.nodes(self.folder)
            if node.label != "Paper"
        ]

    def stats(self) -> Row:
        """Count what the graph holds, as ``kg stats --json`` does."""
        return stats(self.folder)

    def to_networkx(self) -> "nx.MultiDiGraph[str]":
        """Give the whole graph for networkx.

        Nodes have their ``label`` and properties; the key of an edge is its label, which is among
        its properties too.
        """
        import networkx as nx

        made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in files.nodes(self.folder):
            made.add_node(node.id, label=node.label, **node.properties)
        for edge in files.edges(self.folder):
            made.add_edge(
                edge.source, edge.target, key=edge.label, label=edge.label, **edge.properties
            )
        return made

    def to_rdflib(self, *, profile: str = "rdf11", base_iri: str | None = None) -> "rdflib.Graph":
        """Give the whole graph as triples for rdflib, as ``kg export`` writes them.

        A graph of rdflib is in memory, about 1 kB a triple: for large ones ask with
        ``kg sparql``, or export a file.  The profiles are rdf11, lean and owl.
        """
        from kg.store.rdf import memory

        return memory.graph(self.folder, profile=profile, base=base_iri)

    def close(self) -> None:
        """Close the store; a later query opens it again."""
        self._database = None
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open(folder: str | Path) -> Graph:
    """Open the graph in a folder; raise ``KgError`` if there is none.

    A store that is missing, stale or broken is built from the files when first asked.
    """
    return Graph(Path(folder))
