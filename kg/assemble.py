"""Nodes and edges: what follows from papers and from what was found in them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from scipy import sparse

from extractors.findings import Extraction, Finding
from extractors.glossary import Glossary
from extractors.schema import ROLES, allowed
from extractors.terms import normal
from kg.glossary import honour
from kg.records import NODES, Edge, Evidence, Node, Paper
from kg.resolve import Decision, count, decide, merge, split

#: How many papers a paper is related to.
RELATED: Final = 10
#: An entity of more papers than this share, and than this many, relates none of them.
HUB_SHARE: Final = 0.05
HUB_PAPERS: Final = 30
#: Papers whose relatives are sought at a time: bounds the memory of the products.
ROWS: Final = 2000


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes and edges of a graph, sorted as ``kg.store.files`` wants them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What one entity is to one paper."""

    role: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One paper's statement of a relation between two entities."""

    paper: str
    sentence: str
    score: float


#: Role edges, by paper and entity.
Roles = dict[str, dict[str, Link]]
#: What papers state, by label, head and tail of the relation.
Stated = dict[tuple[str, str, str], list[Statement]]


def graph(
    papers: Iterable[Paper],
    extractions: Mapping[str, Extraction],
    *,
    glossary: Glossary | None = None,
    min_score: float = 0.0,
) -> Graph:
    """Give the graph of papers and of what was found in them, by the paper's id.

    Edges of a lower score than ``min_score`` are left out, and entities that none is left of; what
    names one thing is decided before, so a graph with a cut has no entity that the whole has not.
    The result does not depend on the order of ``papers``.
    """
    papers = sorted(papers, key=lambda paper: paper.id)
    findings = [finding for paper in papers for finding in extractions[paper.id].findings]
    counts = count(findings)
    decisions = decide(counts, merge(counts, findings))
    given: dict[str, Decision] = {}
    if glossary:
        decisions, given = honour(decisions, counts, glossary)
    names = {item.id: item for item in (*decisions.values(), *given.values())}
    roles: Roles = {}
    stated: Stated = defaultdict(list)
    for paper in papers:
        extraction = extractions[paper.id]
        owners = [owner(finding, decisions, given) for finding in extraction.findings]
        found = links(paper, extraction, owners)
        roles[paper.id] = {e: link for e, link in found.items() if link.score >= min_score}
        for key, statement in statements(paper, extraction, owners, names).items():
            if roles[paper.id].keys() >= set(key[1:]):
                stated[key].append(statement)
    users: dict[str, list[Paper]] = defaultdict(list)
    for paper in papers:
        for entity in roles[paper.id]:
            users[entity].append(paper)
    rarity = {entity: idf(len(users[entity]), len(papers)) for entity in sorted(users)}
    nodes = [paper_node(paper) for paper in papers]
    nodes += [entity_node(names[entity], users[entity], rarity[entity]) for entity in rarity]
    edges = [
        role_edge(paper.id, entity, link)
        for paper in papers
        for entity, link in sorted(roles[paper.id].items())
    ]
    relations = (relation_edge(*key, found) for key, found in sorted(stated.items()))
    edges += [edge for edge in relations if float(str(edge.properties["score"])) >= min_score]
    edges += related(papers, roles, rarity, names)
    return Graph(tuple(nodes), tuple(edges))


def owner(
    finding: Finding,
    decisions: Mapping[str, Decision],
    given: Mapping[str, Decision] = MappingProxyType({}),
) -> str:
    """Give the id of the entity that a finding names: by its spelled-out forms, if it has any.

    ``given`` has the entities of a glossary, by their names.
    """
    if finding.name in given:
        return given[finding.name].id
    spelled, _ = split(finding.forms)
    chosen = frozenset(spelled or finding.forms)
    votes = Counter(
        decisions[normal(mention.form)].id for mention in finding.mentions if mention.form in chosen
    )
    return max(votes, key=lambda entity: (votes[entity], entity))


def links(paper: Paper, extraction: Extraction, owners: Sequence[str]) -> dict[str, Link]:
    """Give what each entity is to the paper: the strongest role of its findings."""
    parts = defaultdict(list)
    for entity, finding in zip(owners, extraction.findings, strict=True):
        parts[entity].append(finding)
    return {
        entity: _link(paper, findings, extraction.sentences) for entity, findings in parts.items()
    }


def _link(paper: Paper, findings: Sequence[Finding], sentences: Sequence[tuple[int, int]]) -> Link:
    first = min(findings, key=lambda finding: (ROLES.index(finding.role), -finding.role_score))
    mentions = sorted(
        {mention for finding in findings for mention in finding.mentions},
        key=lambda mention: (mention.start, mention.end),
    )
    return Link(
        role=first.role,
        score=round(first.score * first.role_score, 3),
        evidence=tuple(
            Evidence(m.form, m.start, m.end, sentence(paper.text, m.start, sentences), m.score)
            for m in mentions
        ),
    )


def sentence(text: str, start: int, sentences: Sequence[tuple[int, int]]) -> str:
    """Give the sentence in which an offset lies."""
    for begin, end in sentences:
        if start < end:
            return text[begin:end]
    return text[start:]


def statements(
    paper: Paper, extraction: Extraction, owners: Sequence[str], names: Mapping[str, Decision]
) -> dict[tuple[str, str, str], Statement]:
    """Give the paper's relations between entities, each with its best sentence and score.

    A relation whose ends are one entity, or whose ends the collection labels in a way that it may
    not join, is no statement about the graph.
    """
    best: dict[tuple[str, str, str], Statement] = {}
    for relation in extraction.relations:
        head, tail = owners[relation.head], owners[relation.tail]
        if head == tail or not allowed(names[head].label, relation.label, names[tail].label):
            continue
        key = (relation.label.upper(), head, tail)
        if key not in best or best[key].score < relation.score:
            quoted = paper.text[relation.start : relation.end]
            best[key] = Statement(paper.id, quoted, relation.score)
    return best


def idf(papers: int, total: int) -> float:
    """Give the rarity of an entity: the inverse document frequency (Spärck Jones, 1972).

    Of the total only the two leading digits count, so that one more paper seldom changes the
    rarity of what it does not mention.

    >>> idf(1, 1000), idf(1, 1001), idf(1001, 1001)
    (6.91, 6.91, 0.0)
    """
    step = 10 ** max(len(str(total)) - 2, 0)
    return max(0.0, round(math.log(total // step * step / papers), 2))


def paper_node(paper: Paper) -> Node:
    """Give the node of a paper."""
    known: dict[str, Any] = {item.name: getattr(paper, item.name) for item in fields(paper)}
    known["year"] = paper.year
    return Node(paper.id, "Paper", {name: known[name] for name in NODES["Paper"]})


def entity_node(decision: Decision, users: Sequence[Paper], rarity: float) -> Node:
    """Give the node of an entity, from the papers that mention it."""
    return Node(
        decision.id,
        decision.label,
        {
            "name": decision.name,
            "aliases": decision.aliases,
            "kind": decision.kind,
            "papers": len(users),
            "idf": rarity,
            "first_year": min((paper.year for paper in users if paper.year), default=None),
        },
    )


def role_edge(paper: str, entity: str, link: Link) -> Edge:
    """Give the edge from a paper to an entity."""
    return Edge(
        paper,
        link.role.upper(),
        entity,
        {
            "score": link.score,
            "mentions": len(link.evidence),
            "forms": tuple(item.form for item in link.evidence),
            "starts": tuple(item.start for item in link.evidence),
            "ends": tuple(item.end for item in link.evidence),
            "sentences": tuple(item.sentence for item in link.evidence),
        },
    )


def relation_edge(label: str, head: str, tail: str, found: Sequence[Statement]) -> Edge:
    """Give the edge between two entities; its score is that not every statement is wrong."""
    doubt = math.prod(1 - statement.score for statement in found)
    return Edge(
        head,
        label,
        tail,
        {
            "support": len(found),
            "score": round(1 - doubt, 3),
            "papers": tuple(statement.paper for statement in found),
            "sentences": tuple(statement.sentence for statement in found),
        },
    )


def related(
    papers: Sequence[Paper],
    roles: Roles,
    rarity: Mapping[str, float],
    names: Mapping[str, Decision],
) -> Iterator[Edge]:
    """Yield the edges between papers that share rare entities, the best few of each paper.

    The weight is the sum of the rarities of what two papers share.  An edge that either end
    chooses is written once, from the lesser id.
    """
    entities = sorted(rarity)
    table = _table(papers, roles, entities)
    users = np.asarray(table.sum(axis=0)).ravel()
    weight = np.array([rarity[entity] for entity in entities])
    weight[(users < 2) | (users > max(HUB_PAPERS, HUB_SHARE * len(papers)))] = 0
    for a, b in _nearest(table, weight):
        both = np.intersect1d(_row(table, a), _row(table, b), assume_unique=True)
        shared = sorted((e for e in both if weight[e]), key=lambda e: (-weight[e], entities[e]))
        yield Edge(
            papers[a].id,
            "RELATED_TO",
            papers[b].id,
            {
                "weight": round(float(sum(weight[e] for e in shared)), 2),
                "shared": tuple(names[entities[e]].name for e in shared),
            },
        )


def _table(papers: Sequence[Paper], roles: Roles, entities: Sequence[str]) -> sparse.csr_array:
    """Give which paper has which entity: papers x entities, ones."""
    column = {entity: index for index, entity in enumerate(entities)}
    cells = [
        (row, column[entity]) for row, paper in enumerate(papers) for entity in roles[paper.id]
    ]
    rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    shape = (len(papers), len(column))
    return sparse.csr_array((np.ones(len(cells)), (rows, columns)), shape=shape)


def _nearest(table: sparse.csr_array, weight: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Give the pairs of rows (lesser, greater) that one of them chooses among its best."""
    weighted = table @ sparse.diags_array(weight, format="csr")
    back = table.T.tocsr()
    chosen: set[tuple[int, int]] = set()
    for start in range(0, table.shape[0], ROWS):
        products = (weighted[start : start + ROWS] @ back).tocsr()
        for row in range(products.shape[0]):
            own = slice(products.indptr[row], products.indptr[row + 1])
            mates, sums = products.indices[own], products.data[own].round(6)
            keep = (mates != start + row) & (sums > 0)
            order = np.lexsort((mates[keep], -sums[keep]))[:RELATED]
            for mate in mates[keep][order].tolist():
                chosen.add((min(start + row, mate), max(start + row, mate)))
    return sorted(chosen)


def _row(table: sparse.csr_array, row: int) -> np.ndarray[Any, Any]:
    columns: np.ndarray[Any, Any] = table.indices[table.indptr[row] : table.indptr[row + 1]]
    return columns
