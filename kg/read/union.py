"""Records of one paper become one paper, whatever the order in which they come."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from kg.read import curies
from kg.records import Paper


def merge(papers: Iterable[Paper]) -> list[Paper]:
    """Give the papers, those that share an id made one, sorted by id.

    Of each field the more complete value wins, by an order of the values alone.  So ``merge`` is
    associative, commutative and idempotent: ``merge(merge(a) + b) == merge(b + a)``.
    """
    records = list(papers)
    groups: dict[int, list[Paper]] = {}
    for root, paper in zip(_roots(records), records, strict=True):
        groups.setdefault(root, []).append(paper)
    return sorted(map(_one, groups.values()), key=attrgetter("id"))


def title_only(papers: Iterable[Paper]) -> int:
    """Count the papers without an abstract, which are read by their title."""
    return sum(not paper.abstract for paper in papers)


def _roots(records: list[Paper]) -> list[int]:
    """Give each record the place of the first record of its paper (path halving)."""
    parents = list(range(len(records)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = place = parents[parents[place]]
        return place

    holders: dict[str, int] = {}
    for place, paper in enumerate(records):
        for curie in (paper.id, *paper.ids):
            ours, theirs = root(place), root(holders.setdefault(curie, place))
            parents[max(ours, theirs)] = min(ours, theirs)
    return [root(place) for place in parents]


def _one(group: list[Paper]) -> Paper:
    ids = curies.ordered(curie for paper in group for curie in (paper.id, *paper.ids))
    sources = tuple(sorted({source for paper in group for source in paper.sources}))
    if len(group) == 1 and (group[0].id, group[0].ids, group[0].sources) == (ids[0], ids, sources):
        return group[0]
    return Paper(
        id=ids[0],
        title=max((paper.title for paper in group), key=_title),
        abstract=max((paper.abstract for paper in group), key=_length),
        ids=ids,
        published=_best((paper.published for paper in group), _date),
        url=_best((paper.url for paper in group), _url),
        authors=max((paper.authors for paper in group), key=_names),
        author_count=_best((paper.author_count for paper in group), int),
        organization=_best((paper.organization for paper in group), _length),
        venue=_best((paper.venue for paper in group), _length),
        comments=_best((paper.comments for paper in group), int),
        sources=sources,
    )


def _best(values: Iterable[Any], key: Any) -> Any:
    return max((value for value in values if value is not None), key=key, default=None)


def _length(value: str) -> tuple[int, str]:
    return len(value), value


def _title(value: str) -> tuple[bool, bool, int, str]:
    """Prefer a title to a sentence or a shout."""
    return not value.endswith("."), not value.isupper(), len(value), value


def _date(value: str) -> tuple[int, tuple[int, ...]]:
    """Prefer the exact date, and of these the first: when the paper came out."""
    return len(value), tuple(-ord(character) for character in value)


def _url(value: str) -> tuple[int, tuple[int, ...]]:
    """Prefer the address that an id gives, in the order of the ids."""
    places = [curies.order(curie)[0] for curie in curies.of_url(value)]
    rank = min(places, default=len(curies.PREFIXES))
    return -rank, tuple(-ord(character) for character in value)


def _names(value: tuple[str, ...]) -> tuple[int, int, tuple[str, ...]]:
    return len(value), sum(map(len, value)), value
