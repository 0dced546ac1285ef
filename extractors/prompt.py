"""What a language model is asked: the guidelines in short, and the form of its answer."""

import hashlib
import json
from typing import Any, Final

from .schema import KINDS, LABELS, RELATIONS, ROLES

#: What is no Concept has this kind: fewer servers know a value that may be null.
NO_KIND: Final = "none"

_LABELS: Final = {
    "Method": "a technique, algorithm, model, model family, architecture, training or inference "
    "procedure, learning paradigm, loss, framework, tool, system or agent (GPT-4, large language "
    "model, reinforcement learning, diffusion model)",
    "Dataset": "a collection of data with a proper name (ImageNet, MovieLens), never without",
    "Benchmark": "a named evaluation suite, challenge, shared task, test set, environment or "
    "simulator on which methods are compared (MMLU, SWE-bench)",
    "Concept": "a task, a metric, or another field, theory, phenomenon, property, capability or "
    "object of study",
}
_KINDS: Final = {
    "task": "a task, problem or application (question answering, motion planning)",
    "metric": "a named measure (F1, BLEU, success rate)",
    "other": "any other Concept (scaling law, hallucination, distribution shift)",
}
_ROLES: Final = {
    "introduces": "the paper proposes, presents or releases it as new",
    "evaluates_on": "the Dataset, Benchmark or metric of the paper's experiments",
    "uses": "the paper's own approach employs, trains with, extends or is built upon it",
    "compares_to": "a Method named as baseline or competitor",
    "studies": "the task, phenomenon or model that the paper addresses, analyses or is about",
    "mentions": "background, motivation, outlook, related work",
}
_RELATIONS: Final = {
    "evaluated_on": "head is evaluated on tail",
    "applied_to": "the task or problem that the head solves or is used for",
    "builds_on": "head extends tail, uses it as a component, is trained with or derived from it",
    "outperforms": "head is better in the paper's comparison",
    "measures": "head tests or covers tail; a metric quantifies tail",
    "subtype_of": "head is a kind of tail",
    "part_of": "head is a named component of tail",
}


def _defined(definitions: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {text}" for name, text in definitions.items())


def _ends(relation: str) -> str:
    pairs = sorted(RELATIONS[relation])
    return ", ".join(f"{head} -> {tail}" for head, tail in pairs)


INSTRUCTIONS: Final = f"""\
You annotate the title and abstract of a research paper. List the entities that would make good \
nodes of a graph in which papers are linked through shared entities: things that another paper \
could also use, study, evaluate on or mention. Expect 6 to 16 entities.

Each entity has
- name: its canonical form. The proper name as written for named things (GPT-4); singular and \
lower case for common nouns (large language model); the full form rather than the abbreviation.
- type, kind, role: one of those below. kind is "{NO_KIND}" for all that is no Concept.
- mentions: every different surface form by which the text names it, copied exactly, character by \
character: abbreviations, plurals and capitals as they stand. Never a form that is not in the \
text. No pronouns, not "our method". Abbreviation and full form are one entity.
Mark the longest established term, and none within another; no determiners, no praise, no generic \
head after a proper name ("ImageNet" in "the ImageNet dataset"). Leave out generic words (model, \
method, data, performance), vague or one-off phrases, people, companies, venues, programming \
languages.

Types:
{_defined(_LABELS)}
Something that one applies, trains or runs is a Method; something that one solves, measures, \
observes or explains is a Concept. Problem settings (few-shot learning) are Concepts.

Kinds of Concepts:
{_defined(_KINDS)}

Roles, what the entity is to this paper; the first that holds:
{_defined(_ROLES)}

Relations between entities of your list, only what the text states, 2 to 10:
{_defined({name: f"{text} ({_ends(name)})" for name, text in _RELATIONS.items()})}

Answer with one JSON object and nothing else: {{"entities": [{{"name": ..., "type": ..., \
"kind": ..., "role": ..., "mentions": [...]}}], \
"relations": [{{"head": name, "relation": ..., "tail": name}}]}}
"""


def _record(**properties: Any) -> dict[str, Any]:
    """Give an object with all of these properties and no others, as strict servers want it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: Final = {"type": "string"}
#: The JSON schema of an answer.
ANSWER: Final = _record(
    entities={
        "type": "array",
        "items": _record(
            name=_TEXT,
            type={"type": "string", "enum": list(LABELS)},
            kind={"type": "string", "enum": [*KINDS, NO_KIND]},
            role={"type": "string", "enum": list(ROLES)},
            mentions={"type": "array", "items": _TEXT},
        ),
    },
    relations={
        "type": "array",
        "items": _record(
            head=_TEXT, relation={"type": "string", "enum": list(RELATIONS)}, tail=_TEXT
        ),
    },
)


def messages(text: str) -> list[dict[str, str]]:
    """Give the messages that ask for one text."""
    return [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": text},
    ]


def version() -> str:
    """Give eight hex digits that change with the question."""
    whole = INSTRUCTIONS + json.dumps(ANSWER, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:8]
