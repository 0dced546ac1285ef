"""Which findings name the same thing: count the terms, merge them, decide names and labels.

Three pure steps over what was found in all papers, so that the result does not depend on the
order of papers or on how they were split into runs.  A *term* is the normal form of a surface
form (``extractors.terms.normal``); an entity is a set of terms.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx

from extractors.findings import Finding
from extractors.schema import KINDS, LABELS
from extractors.terms import abbreviates, normal, titled, written

#: An abbreviation that stands alone is read as the expansion that this share of papers gives it.
AGREE = 0.7
#: What may follow a proper name without making another thing of it: "the ImageNet dataset".
HEADS = frozenset(
    """
    algorithm approach architecture benchmark challenge corpus database dataset framework library
    method model suite toolkit
    """.split()
)


@dataclass(slots=True)
class Counts:
    """What all papers say of each term.

    ``forms`` counts surface forms, ``labels`` the weight of each label and ``kinds`` that of each
    kind, ``expansions`` how many papers define an abbreviation as what.
    """

    forms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    labels: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    kinds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    expansions: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def papers(self, term: str) -> int:
        """Give how often findings use the term."""
        return self.forms[term].total()


def split(forms: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the forms of one finding into those spelled out and their abbreviations.

    >>> split(["large language model", "LLMs", "LLM"])
    (['large language model'], ['LLMs', 'LLM'])
    """
    short = [form for form in forms if any(abbreviates(form, other) for other in forms)]
    return [form for form in forms if form not in short], short


def count(findings: Iterable[Finding]) -> Counts:
    """Count the terms of all papers' findings."""
    counts = Counts()
    for finding in findings:
        spelled, short = split(finding.forms)
        for form in finding.forms:
            counts.forms[normal(form)][form] += 1
        for form in spelled or finding.forms:
            # Weights are whole numbers, whose sum does not depend on the order.
            weight = round(finding.score * 1000)
            counts.labels[normal(form)][finding.label] += weight
            if finding.kind:
                counts.kinds[normal(form)][finding.kind] += weight
        for form in short:
            counts.expansions[normal(form)][normal(spelled[0])] += 1
    return counts


def merge(counts: Counts, findings: Iterable[Finding]) -> dict[str, str]:
    """Give the term that stands for each term: spellings, plurals, abbreviations, generic heads."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(counts.forms)
    graph.add_edges_from(_written_together(counts))
    graph.add_edges_from(_headless(counts))
    graph.add_edges_from(_expanded(counts))
    graph.add_edges_from(_within(counts, findings))
    return {
        term: representative
        for part in nx.connected_components(graph)
        for representative in [max(part, key=lambda term: (counts.papers(term), term))]
        for term in part
    }


def _written_together(counts: Counts) -> Iterable[tuple[str, str]]:
    """Join ``data set`` and ``dataset``, ``gpt 4`` and ``gpt4``."""
    together = defaultdict(list)
    for term in counts.forms:
        key = term.replace(" ", "")
        if len(key) > 3:
            together[key].append(term)
    for terms in together.values():
        for term in terms[1:]:
            yield terms[0], term


def _headless(counts: Counts) -> Iterable[tuple[str, str]]:
    """Join ``imagenet dataset`` and ``imagenet``: a proper name with a generic head behind it."""
    for term in counts.forms:
        bare, _, head = term.rpartition(" ")
        # An abbreviation of a common noun is no name: an LLM agent is no LLM.
        if head in HEADS and bare not in counts.expansions and _proper(counts.forms.get(bare, {})):
            yield term, bare


def _expanded(counts: Counts) -> Iterable[tuple[str, str]]:
    """Join an abbreviation and its expansion, where the papers agree on one."""
    for term, expansions in counts.expansions.items():
        # ``sparse autoencoder`` and ``sparse auto encoder`` are one expansion.
        together: Counter[str] = Counter()
        for expansion, number in expansions.items():
            together[expansion.replace(" ", "")] += number
        best = max(together, key=lambda key: (together[key], key))
        if together[best] >= AGREE * together.total():
            yield term, max(e for e in expansions if e.replace(" ", "") == best)


def _within(counts: Counts, findings: Iterable[Finding]) -> Iterable[tuple[str, str]]:
    """Join the spelled-out forms of one finding, but for what other papers keep apart.

    A paper may call a special thing by the general name; only terms that are more often used
    together than alone are two names of one thing.
    """
    mates: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        terms = sorted({normal(form) for form in (split(finding.forms)[0] or finding.forms)})
        mates.update((a, b) for i, a in enumerate(terms) for b in terms[i + 1 :])
    for (a, b), together in sorted(mates.items()):
        if 2 * together > max(counts.papers(a), counts.papers(b)):
            yield a, b


def _proper(forms: Mapping[str, int]) -> bool:
    """Tell whether a term is mostly written with capitals inside or digits, as names are."""
    named = sum(
        number
        for form, number in forms.items()
        if not form.islower() and (form[1:] != form[1:].lower() or any(c.isdigit() for c in form))
    )
    return 2 * named > sum(forms.values())


@dataclass(frozen=True, slots=True)
class Decision:
    """What an entity is: its label, kind, name, id, and all forms that name it."""

    id: str
    label: str
    kind: str | None
    name: str
    aliases: tuple[str, ...]


def decide(counts: Counts, merged: Mapping[str, str]) -> dict[str, Decision]:
    """Give the entity of each term."""
    parts = defaultdict(list)
    for term, representative in merged.items():
        parts[representative].append(term)
    decisions = {}
    for terms in parts.values():
        decision = _decision(counts, sorted(terms))
        decisions.update(dict.fromkeys(terms, decision))
    return decisions


def _decision(counts: Counts, terms: list[str]) -> Decision:
    labels: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    forms: Counter[str] = Counter()
    for term in terms:
        labels.update(counts.labels[term])
        kinds.update(counts.kinds[term])
        forms.update(counts.forms[term])
    label = max(LABELS, key=lambda name: labels[name])
    kind = max(KINDS, key=lambda name: kinds[name]) if label == "Concept" else None
    name = _name(counts, terms)
    aliases = tuple(sorted(form for form in forms if form != name))
    return Decision(f"{label.lower()}:{slug(name)}", label, kind, name, aliases)


def _name(counts: Counts, terms: list[str]) -> str:
    """Choose the name: of the terms, spelled out for common nouns, short for proper names."""
    short = {
        term for term in terms if any(other in terms for other in counts.expansions.get(term, ()))
    }
    spelled = [term for term in terms if term not in short] or terms
    best = max(spelled, key=lambda term: (counts.papers(term), term))
    if short and titled(counts.forms[best]):
        # ``Reinforcement Learning from Human Feedback`` is a name, but RLHF what people write.
        abbreviation = max(short, key=lambda term: (counts.papers(term), term))
        if counts.papers(abbreviation) > counts.papers(best):
            best = abbreviation
    return written(counts.forms[best])


def slug(name: str) -> str:
    """Give the part of an id that follows from a name.

    >>> slug("Large Language Models"), slug("C++")
    ('large-language-model', 'c++')
    """
    return normal(name).replace(" ", "-")
