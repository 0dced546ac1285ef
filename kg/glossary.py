"""A glossary over what the collection says: its terms' entities are called and typed as it says."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from extractors.glossary import Glossary, Term, owners
from extractors.terms import normal
from kg.resolve import Counts, Decision, slug


def honour(
    decisions: Mapping[str, Decision], counts: Counts, glossary: Glossary
) -> tuple[dict[str, Decision], dict[str, Decision]]:
    """Give the entity of each term of the collection, and that of each name of the glossary.

    Terms that the collection joins with one of the glossary's are names of it.  Where it joins
    several, each keeps its own forms, and what else there is stays as it was.
    """
    own = owners(glossary)
    parts: dict[str, list[str]] = defaultdict(list)
    for form, decision in decisions.items():
        parts[decision.id].append(form)
    given: dict[str, Term] = {}
    for forms in parts.values():
        held = {own[form].name: own[form] for form in forms if form in own}
        if len(held) == 1:
            given |= dict.fromkeys(forms, next(iter(held.values())))
        else:
            given |= {form: own[form] for form in forms if form in own}
    groups: dict[str, list[str]] = defaultdict(list)
    for form, term in given.items():
        groups[term.name].append(form)
    made = {
        term.name: _decision(term, groups[term.name], counts, decisions) for term in glossary.terms
    }
    left = _without(decisions, given)
    return {**left, **{form: made[term.name] for form, term in given.items()}}, made


def _decision(
    term: Term, forms: Iterable[str], counts: Counts, decisions: Mapping[str, Decision]
) -> Decision:
    seen = {written for form in forms for written in counts.forms.get(form, ())}
    kinds = Counter(kind for form in forms if (kind := decisions[form].kind))
    usual = min(kinds, key=lambda kind: (-kinds[kind], kind)) if kinds else "other"
    return Decision(
        id=f"{term.label.lower()}:{slug(term.name)}",
        label=term.label,
        kind=(term.kind or usual) if term.label == "Concept" else None,
        name=term.name,
        aliases=tuple(sorted({*term.aliases, *seen} - {term.name})),
    )


def _without(decisions: Mapping[str, Decision], given: Mapping[str, Term]) -> dict[str, Decision]:
    """Give the decisions of the other forms, without those that the glossary took."""
    left: dict[str, Decision] = {}
    made: dict[str, Decision] = {}
    for form, decision in decisions.items():
        if form in given:
            continue
        if decision.id not in made:
            aliases = tuple(alias for alias in decision.aliases if normal(alias) not in given)
            name = decision.name
            if normal(name) in given:
                # The name went to the glossary: the rest is called by what is left of it.
                name = min(aliases, key=lambda alias: (len(alias), alias), default=form)
            made[decision.id] = Decision(
                id=f"{decision.label.lower()}:{slug(name)}",
                label=decision.label,
                kind=decision.kind,
                name=name,
                aliases=tuple(alias for alias in aliases if alias != name),
            )
        left[form] = made[decision.id]
    return left
