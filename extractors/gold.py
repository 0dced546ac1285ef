"""Annotated records: read them, and find in the text what they name.

A record is what ``GUIDELINES`` of the gold define: title, abstract, entities with their surface
forms, and relations between entity names.  The same shape is what ``kg extract`` writes.

The shape of the public sets is read too: ``{"id", "text", "entities": [[start, end, label]],
"relations": [[head, tail, label]]}``, offsets in code points, ends as positions in ``entities``.
Such a record then has ``spans``, the exact mentions, and no roles.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .findings import Extraction
from .terms import normal

Record = Mapping[str, Any]


class NotGold(ValueError):
    """A line of a file is no annotated record."""


def records(paths: Iterable[Path]) -> Iterator[Record]:
    """Yield the annotated records of JSON-lines files; raise ``NotGold`` for another line."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _record(line, f"{path}, line {number}")


def _record(line: str, place: str) -> Record:
    try:
        record = json.loads(line)
        if not isinstance(record, dict):
            raise NotGold(f"{place}: is no JSON object")
    except json.JSONDecodeError as error:
        raise NotGold(f"{place}: is no JSON: {error}") from error
    if "text" in record and "title" not in record:
        return _from_spans(record, place)
    if missing := [key for key in ("title", "entities", "relations") if key not in record]:
        raise NotGold(f"{place}: has no {', '.join(missing)}")
    return record


def _from_spans(record: Record, place: str) -> Record:
    """Give a record of a public set as one of ours: an entity is a form with a label."""
    whole = record["text"]
    entities: dict[tuple[str, str], dict[str, Any]] = {}
    owners, exact = [], []
    try:
        for start, end, label in record["entities"]:
            if not 0 <= start < end <= len(whole):
                raise NotGold(f"{place}: {start} to {end} is no part of the text")
            form = whole[start:end]
            key = (normal(form), label)
            if key not in entities:
                entities[key] = {"name": form, "type": label, "mentions": []}
            if form not in entities[key]["mentions"]:
                entities[key]["mentions"].append(form)
            owners.append(entities[key])
            exact.append((start, end, key))
        _tell_apart(entities.values())
        relations = {
            (owners[head]["name"], label, owners[tail]["name"]): None
            for head, tail, label in record.get("relations", ())
            if owners[head] is not owners[tail]
        }
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, NotGold):
            raise
        raise NotGold(f"{place}: has no [start, end, label] or [head, tail, label]") from error
    order = {key: position for position, key in enumerate(entities)}
    return {
        "id": record.get("id", place),
        "title": whole,
        "abstract": "",
        "entities": list(entities.values()),
        "relations": [list(relation) for relation in relations],
        "spans": sorted([start, end, order[key]] for start, end, key in exact),
    }


def _tell_apart(entities: Iterable[dict[str, Any]]) -> None:
    """Make the names of entities different, since relations go by name."""
    taken: Counter[str] = Counter()
    for entity in entities:
        taken[entity["name"]] += 1
        if taken[entity["name"]] > 1:
            entity["name"] += f" ({entity['type']} {taken[entity['name']]})"


def text(record: Record) -> str:
    """Give the text that offsets count in: title, line break, abstract."""
    return f"{record['title']}\n{record['abstract']}" if record.get("abstract") else record["title"]


def occurrences(text: str, form: str) -> Iterator[tuple[int, int]]:
    """Yield the bounds of every whole-word occurrence of ``form``.

    >>> list(occurrences("An LLM, LLMs and LLM-based", "LLM"))
    [(3, 6), (17, 20)]
    """
    if not form:
        return
    before = r"(?<![^\W_])" if form[0].isalnum() else ""
    after = r"(?![^\W_])" if form[-1].isalnum() else ""
    for match in re.finditer(before + re.escape(form) + after, text):
        yield match.span()


def spans(record: Record) -> list[tuple[int, int, int]]:
    """Give ``(start, end, entity)`` of every mention in the order of the text.

    ``entity`` is the position in ``record["entities"]``.  An occurrence inside a longer mention
    does not count; of two entities with one form the first keeps it.  Where the record has
    ``spans`` it is these.
    """
    if "spans" in record:
        return [(start, end, index) for start, end, index in record["spans"]]
    whole = text(record)
    found = [
        (start, end, index)
        for index, entity in enumerate(record["entities"])
        for form in entity["mentions"]
        for start, end in occurrences(whole, form)
    ]
    found.sort(key=lambda span: (span[0] - span[1], span[0], span[2]))
    taken = bytearray(len(whole))
    kept = []
    for start, end, index in found:
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, end, index))
    return sorted(kept)


def exact(record: Record) -> Record:
    """Give a record of what was found with the very places of its mentions as its spans."""
    found = sorted(
        [start, end, index]
        for index, entity in enumerate(record["entities"])
        for start, end, *_ in entity.get("spans", ())
    )
    return {**record, "spans": found}


def record(id: str, title: str, abstract: str, extraction: Extraction) -> dict[str, Any]:
    """Give an extraction as a record: the gold's keys, with scores and offsets added."""
    names = _names(extraction)
    return {
        "id": id,
        "title": title,
        "abstract": abstract,
        "entities": [
            {
                "name": name,
                "type": finding.label,
                **({"kind": finding.kind} if finding.kind else {}),
                "role": finding.role,
                "mentions": list(finding.forms),
                "score": finding.score,
                "role_score": finding.role_score,
                "spans": [[m.start, m.end, m.score] for m in finding.mentions],
            }
            for name, finding in zip(names, extraction.findings, strict=True)
        ],
        "relations": [[names[r.head], r.label, names[r.tail]] for r in extraction.relations],
        "relation_scores": [r.score for r in extraction.relations],
        "by": extraction.by,
    }


def _names(extraction: Extraction) -> list[str]:
    """Give the names of entities, made different where two have the same: relations go by name."""
    taken: dict[str, int] = {}
    names = []
    for finding in extraction.findings:
        taken[finding.name] = taken.get(finding.name, 0) + 1
        again = taken[finding.name]
        names.append(finding.name if again == 1 else f"{finding.name} ({finding.label} {again})")
    return names
