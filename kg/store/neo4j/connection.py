"""A connection to Neo4j, and what can go wrong with one, in words of the user."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from kg.errors import KgError

if TYPE_CHECKING:
    import neo4j

#: What the address of a database begins with; ``+s`` is TLS, ``+ssc`` TLS with any certificate.
SCHEMES: Final = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
#: Seconds until an address is given up.
PATIENCE: Final = 15.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Login:
    """Where a database is, and who asks; without a password nobody is named.

    ``database`` None is the one that the server gives to this user.
    """

    uri: str
    user: str = "neo4j"
    password: str = field(default="", repr=False)
    database: str | None = None


def is_uri(text: str) -> bool:
    """Tell the address of a database from a folder.

    >>> is_uri("neo4j+s://abc.databases.neo4j.io"), is_uri("graph"), is_uri("http://localhost")
    (True, False, False)
    """
    return text.partition("://")[0].lower() in SCHEMES and "://" in text


def password(user: str, uri: str, prompt: Callable[[str], str]) -> str:
    """Give the password of NEO4J_PASSWORD, else of ``prompt``; raise ``KgError`` without both."""
    known = os.environ.get("NEO4J_PASSWORD")
    if known is not None:
        return known
    if sys.stdin.isatty():
        return prompt(f"Password of {user} at {uri}")
    raise KgError(
        f"The password of {user} at {uri} is not known",
        remedy="Set the environment variable NEO4J_PASSWORD (empty for a server that wants none), "
        "or run this at a terminal.",
    )


@dataclass(frozen=True, slots=True)
class Database:
    """An open connection."""

    login: Login
    driver: "neo4j.Driver"

    def session(self, *, reading: bool = False) -> "neo4j.Session":
        """Open a session, which the server keeps from writing if it is for ``reading``."""
        mode = "READ" if reading else "WRITE"
        return self.driver.session(database=self.login.database, default_access_mode=mode)

    def read(self, cypher: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Give the rows that answer a query that only reads."""
        with self.session(reading=True) as session:
            return session.execute_read(lambda tx: tx.run(cypher, dict(parameters or {})).data())

    def write(self, cypher: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Give the rows of a statement that writes, tried again where that may help."""
        with self.session() as session:
            return session.execute_write(lambda tx: tx.run(cypher, dict(parameters or {})).data())


@contextlib.contextmanager
def connected(login: Login) -> Iterator[Database]:
    """Connect to a database; raise ``KgError`` for whatever goes wrong within the context."""
    import neo4j

    _check(login.uri)
    # The driver logs every label that a database does not have yet; who logs gets it still.
    logging.getLogger("neo4j").addHandler(logging.NullHandler())
    auth = (login.user, login.password) if login.password else None
    with (
        told(login),
        neo4j.GraphDatabase.driver(
            login.uri, auth=auth, connection_timeout=PATIENCE, user_agent="paperlattice"
        ) as driver,
    ):
        # What follows is tried again for a while where there is no answer; this is not.
        driver.verify_connectivity()
        yield Database(login, driver)


def _check(uri: str) -> None:
    parts = urlsplit(uri)
    if "@" in parts.netloc:
        raise KgError(
            f"The address of {parts.hostname} names a user or a password",
            remedy="Leave them out of it: the user goes to --user, the password to NEO4J_PASSWORD.",
        )
    try:
        whole = is_uri(uri) and parts.hostname and parts.port != 0
    except ValueError:  # of the port
        whole = False
    if not whole:
        raise KgError(
            f"{uri}: is no address of a database",
            remedy="Write it as bolt://localhost:7687, or as your provider gives it; it begins "
            f"with one of {', '.join(SCHEMES)}.",
        )


@contextlib.contextmanager
def told(login: Login) -> Iterator[None]:
    """Say in words of the user what goes wrong with the database within the context."""
    from neo4j import exceptions

    try:
        yield
    except (exceptions.Neo4jError, exceptions.DriverError) as error:
        raise _wrong(login, error) from error


#: Code of the server, or name of the driver's exception -> what is wrong, and the remedy.
_TOLD: Final = {
    "Neo.ClientError.Security.Unauthorized": (
        "{uri} does not let {user} in: {text}",
        "Give the user by --user, and the password in the environment variable NEO4J_PASSWORD.",
    ),
    "Neo.ClientError.Security.AuthenticationRateLimit": (
        "{uri} lets {user} try no more: {text}",
        "Wait a few seconds, then give the right password in NEO4J_PASSWORD.",
    ),
    "Neo.ClientError.Security.CredentialsExpired": (
        "{uri} wants another password before anything else",
        "Change it in Neo4j Browser, or by: cypher-shell -u {user} -d system",
    ),
    "Neo.ClientError.Security.Forbidden": (
        "{user} may not do that at {uri}: {text}",
        "Give a user that may, by --user.",
    ),
    "Neo.ClientError.Database.DatabaseNotFound": (
        "{uri} has no database {database}",
        "Leave --database out for the user's own; SHOW DATABASES lists all.",
    ),
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase": (
        "{database} at {uri} may only be read",
        "Load into another one, or make it writable (server.databases.default_to_read_only).",
    ),
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase": (
        "{database} at {uri} may only be read",
        "Load into another one, or make it writable (server.databases.default_to_read_only).",
    ),
    "Neo.ClientError.Statement.AccessMode": (
        "The query would write: {text}",
        "Ask with MATCH ... RETURN; kg load writes.",
    ),
    "Neo.ClientError.Statement.ParameterMissing": (
        "The query misses a parameter: {text}",
        "Give it: --param NAME=VALUE",
    ),
    "Neo.ClientError.Procedure.ProcedureNotFound": (
        "{text}",
        "SHOW PROCEDURES lists what there is.",
    ),
    "Neo.ClientError.Schema.ConstraintValidationFailed": (
        "Somebody else wrote into the database meanwhile: {text}",
        "Run the same command again: it goes on from where it was.",
    ),
    "Neo.ClientError.Schema.IndexNotFound": ("{text}", "kg load makes the indexes."),
    "AuthError": (
        "{uri} does not let {user} in: {text}",
        "Give the user by --user, and the password in the environment variable NEO4J_PASSWORD.",
    ),
    "ServiceUnavailable": (
        "{uri} does not answer: {text}",
        "See that Neo4j runs there, and that the port is that of Bolt (7687, not 7474). A server "
        "with TLS wants bolt+s:// or neo4j+s://, one without bolt://.",
    ),
    "ConfigurationError": ("{uri}: {text}", "Write it as bolt://localhost:7687."),
    "IncompleteCommit": (
        "The connection to {uri} broke: {text}",
        "Run the same command again: it goes on from where it was.",
    ),
    "SessionExpired": (
        "The connection to {uri} broke: {text}",
        "Run the same command again: it goes on from where it was.",
    ),
}


def _wrong(login: Login, error: Exception) -> KgError:
    code = getattr(error, "code", None) or ""
    kinds = [code, *(kind.__name__ for kind in type(error).__mro__)]
    text = " ".join((getattr(error, "message", None) or str(error)).split())
    what, remedy = next((_TOLD[kind] for kind in kinds if kind in _TOLD), ("{text}", ""))
    if code.startswith("Neo.TransientError.General.") and "emory" in code:
        remedy = "Give the server more memory, or ask for less at a time."
    words = {
        "uri": login.uri,
        "user": login.user if login.password else "somebody without a password",
        "database": login.database or "The database",
        "text": text,
    }
    return KgError(what.format(**words), remedy=remedy.format(**words))
