"""Texts that a model annotates itself, as records to train on beside the gold.

What the model is sure of is learned; where it is not, the text is left open: it teaches neither a
mention nor that there is none.  The scores must be probabilities (``calibrate``), and the model
must give what it doubts too (``eager``).
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from . import gold
from .findings import Extraction

#: What has at least this score is taken as annotated.
SURE: Final = 0.5
#: A role below is left open; roles are sure more often than they are not.
SURE_ROLE: Final = 0.6
#: Entities and relations below are taken as not there.
DOUBTED: Final = 0.12
DOUBTED_RELATION: Final = 0.08


def eager(folder: Path) -> None:
    """Let the model in ``folder`` give all that it does not take as not there."""
    path = folder / "settings.json"
    settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    settings["thresholds"] |= {"entity": DOUBTED, "relation": DOUBTED_RELATION}
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def record(text: str, found: Extraction) -> gold.Record:
    """Give what is sure of a text as an annotated record, with what is ``open``.

    That are ``spans`` (start, end), ``roles`` (positions of entities) and ``relations`` (names of
    head and tail).
    """
    title, _, abstract = text.partition("\n")
    sure = [n for n, one in enumerate(found.findings) if one.score >= SURE]
    place = {old: new for new, old in enumerate(sure)}
    findings = tuple(found.findings[n] for n in sure)
    ours = [r for r in found.relations if r.head in place and r.tail in place]
    relations = [replace(r, head=place[r.head], tail=place[r.tail]) for r in ours]
    kept = replace(
        found, findings=findings, relations=tuple(r for r in relations if r.score >= SURE)
    )
    made = gold.exact(gold.record("", title, abstract, kept))
    names = [entity["name"] for entity in made["entities"]]
    return {
        **made,
        "open": {
            "spans": [
                (mention.start, mention.end)
                for n, one in enumerate(found.findings)
                if n not in place
                for mention in one.mentions
            ],
            "roles": [n for n, one in enumerate(findings) if one.role_score < SURE_ROLE],
            "relations": [(names[r.head], names[r.tail]) for r in relations if r.score < SURE],
        },
    }
