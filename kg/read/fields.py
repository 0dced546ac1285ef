"""Make a ``Paper`` of the fields that a format gives: cleaning, identifiers, dates, in one place."""

from collections.abc import Iterable

from kg.records import Paper


def paper(
    source: str,
    *,
    title: str | None,
    abstract: str | None = None,
    arxiv: str | None = None,
    doi: str | None = None,
    ids: Iterable[str] = (),
    published: str | None = None,
    url: str | None = None,
    authors: Iterable[str] = (),
    author_count: int | None = None,
    organization: str | None = None,
    venue: str | None = None,
    comments: int | None = None,
) -> Paper:
    """Give the paper of one record, cleaned.

    ``source`` is ``file#entry``.  ``arxiv`` and ``doi`` may be written in any usual way (URL,
    prefix, version); ``ids`` are further CURIEs (``acl:2020.acl-main.1``, ``pmid:123``,
    ``openalex:W1``, ``s2:…``).  ``published`` may be any usual date; what cannot be read as one
    is left out.  Raises ``ValueError`` with the reason when there is neither title nor abstract.
    """
    raise NotImplementedError
