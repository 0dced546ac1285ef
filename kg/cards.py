"""Cards: all that a graph says of one paper or one entity, with the sentences that say so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from extractors.schema import RELATIONS, ROLES
from kg.errors import KgError
from kg.store import files

Card = dict[str, Any]

#: Candidates that are named when a text fits more than one.
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A paper or entity that fits a text: how it is called, and how often it is named."""

    id: str
    label: str
    name: str
    papers: int


def card(folder: Path, text: str) -> Card:
    """Give the card of the paper or entity that ``text`` names.

    ``text`` is an id, a title, a name or an alias, whatever its case; a glob of one (``*``,
    ``?``); or a part of one.  The first of these that fits anything counts.  Raises ``KgError``
    when nothing fits, and with the candidates when several do.
    """
    found = candidates(folder, text)
    if not found:
        raise KgError(
            f"{folder}: nothing is called {text!r}",
            remedy=f'Try a part of it, or search: kg query {folder} search --param text="..."',
        )
    if len(found) > 1:
        shown = "\n".join(f"  {one.id}  {one.label}: {one.name}" for one in found[:_SHOWN])
        more = f"\n  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise KgError(
            f"{text!r} fits {len(found)} papers and entities:\n{shown}{more}",
            remedy="Give the id of one of them.",
        )
    one = found[0]
    return _paper(folder, one) if one.label == "Paper" else _entity(folder, one)


def candidates(folder: Path, text: str) -> list[Found]:
    """Give what fits ``text`` as ``card`` says, the most named first."""
    wanted = text.casefold().strip()
    glob = re.compile(
        "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in wanted), re.DOTALL
    )
    ranks: dict[int, list[Found]] = {0: [], 1: [], 2: [], 3: []}
    for one, names in _named(folder):
        folded = [name.casefold() for name in names]
        if text in (one.id, *one.id.split(":", 1)[1:]):
            ranks[0].append(one)
        elif wanted in folded:
            ranks[1].append(one)
        elif any(map(glob.fullmatch, folded)):
            ranks[2].append(one)
        elif wanted and any(wanted in name for name in folded):
            ranks[3].append(one)
    best = next((found for found in ranks.values() if found), [])
    return sorted(best, key=lambda one: (-one.papers, one.name, one.id))


def _named(folder: Path) -> Iterator[tuple[Found, list[str]]]:
    for table in files.manifest(folder).of("nodes"):
        is_paper = table.name == "Paper"
        columns = ["id", "title", "ids"] if is_paper else ["id", "name", "aliases", "papers"]
        for batch in files.read_table(folder, table, columns=columns):
            for row in batch.to_pylist():
                name = row["title" if is_paper else "name"] or ""
                others = row["ids" if is_paper else "aliases"]
                yield Found(row["id"], table.name, name, row.get("papers", 0)), [name, *others]


def _paper(folder: Path, found: Found) -> Card:
    row = next(_where(folder, "nodes", "Paper", "id", found.id))
    names = _names(folder)
    entities = []
    for role in ROLES:
        for edge in _where(folder, "edges", role.upper(), "source", found.id):
            label, name = names[edge["target"]]
            entities.append(
                {"role": role, "name": name, "label": label, "id": edge["target"]} | _said(edge)
            )
    related = [
        {
            "title": names[edge["target"]][1],
            "id": edge["target"],
            "weight": edge["weight"],
            "shared": edge["shared"],
        }
        for edge in _where(folder, "edges", "RELATED_TO", "source", found.id)
    ]
    entities.sort(key=lambda one: (ROLES.index(one["role"]), -one["score"], one["name"], one["id"]))
    related.sort(key=lambda one: (-one["weight"], one["id"]))
    return {"label": "Paper", **row, "entities": entities, "related": related}


def _entity(folder: Path, found: Found) -> Card:
    row = next(_where(folder, "nodes", found.label, "id", found.id))
    names = _names(folder)
    papers = [
        {"role": role, "title": names[edge["source"]][1], "id": edge["source"]} | _said(edge)
        for role in ROLES
        for edge in _where(folder, "edges", role.upper(), "target", found.id)
    ]
    relations = []
    for relation in RELATIONS:
        for end, other in (("source", "target"), ("target", "source")):
            for edge in _where(folder, "edges", relation.upper(), end, found.id):
                label, name = names[edge[other]]
                relations.append(
                    {
                        "relation": relation,
                        "direction": "to" if end == "source" else "from",
                        "name": name,
                        "label": label,
                        "id": edge[other],
                        "score": edge["score"],
                        "papers": edge["papers"],
                        "sentences": edge["sentences"],
                    }
                )
    papers.sort(key=lambda one: (ROLES.index(one["role"]), -one["score"], one["id"]))
    count = row.pop("papers")
    return {
        "label": found.label,
        **row,
        "papers_count": count,
        "papers": papers,
        "relations": relations,
    }


def _said(edge: dict[str, Any]) -> Card:
    return {
        "score": edge["score"],
        "forms": list(dict.fromkeys(edge["forms"])),
        "sentences": list(dict.fromkeys(edge["sentences"])),
    }


def _names(folder: Path) -> dict[str, tuple[str, str]]:
    return {found.id: (found.label, found.name) for found, _ in _named(folder)}


def _where(
    folder: Path, section: str, name: str, column: str, value: str
) -> Iterator[dict[str, Any]]:
    for table in files.manifest(folder).of(section):
        if table.name == name:
            yield from files.select(folder, table, column, value)
