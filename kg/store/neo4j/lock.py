"""One load at a time."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from kg.store.neo4j.connection import Database
from kg.store.neo4j.marks import LOCK

Say = Callable[[str], None]

#: Seconds until one hears that another load is waited for.
_SOON: Final = 5.0


@contextlib.contextmanager
def locked(database: Database, say: Say) -> Iterator[Callable[[], None]]:
    """Keep other loads out while the context lasts; gives what asserts that it still holds.

    What keeps them out is a transaction that stays open: it ends with the process or the
    connection, so nothing is left behind, and no load waits for one that is dead.
    """
    from neo4j.exceptions import DriverError, Neo4jError

    lock = f"MERGE (l:{LOCK} {{id: 0}})"
    with database.session() as session:
        try:
            with session.begin_transaction(timeout=_SOON) as attempt:
                attempt.run(lock).consume()
                attempt.rollback()
        except Neo4jError as error:
            if ".Transaction." not in (error.code or ""):
                raise
            say("Another load is under way: waiting for it")
        with session.begin_transaction() as held:
            held.run(lock).consume()
            try:
                yield lambda: list(held.run("RETURN 1")).clear()
            finally:
                with contextlib.suppress(Neo4jError, DriverError):
                    held.rollback()
