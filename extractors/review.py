"""A page to look at: the papers where prediction and gold differ most, both in colour."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from spacy import displacy

from . import gold, score

#: Colours of labels, in the order in which they occur; a pale one is right, a full one is not.
COLOURS: Final = (205, 35, 285, 130, 0, 60, 175, 325)

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }
h2 { font-size: 1.05rem; margin: 2.2rem 0 .4rem; border-top: 1px solid #ccc; padding-top: .8rem }
h3 { font-size: .8rem; margin: 0 0 .3rem; color: #666; text-transform: uppercase }
.both { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem }
.entities { line-height: 2.1 !important }
mark { padding: .1em .3em; border-radius: .3em; border: 2px solid transparent; color: #222;
  background: #eee }
mark small { font-size: .65em; margin-left: .4em; opacity: .8 }
mark.off { border-color: #c00 }
ul { margin: .4rem 0; padding-left: 1.2rem }
li.off { color: #c00 }
@media (max-width: 50rem) { .both { grid-template-columns: 1fr } }
"""
_MARK: Final = (
    '<mark class="{state}" style="background:{bg}" title="{tip}">{text}<small>{label}</small>'
    "</mark>"
)


def page(pairs: Sequence[tuple[gold.Record, gold.Record]], worst: int = 30) -> str:
    """Give, as HTML, the ``worst`` texts of pairs of (prediction, gold).

    Those with most entities and relations wrong or missed come first.
    """
    judged = sorted(
        ((_errors(guess, truth), number) for number, (guess, truth) in enumerate(pairs)),
        key=lambda item: (-item[0], item[1]),
    )
    shown = [(errors, *pairs[number]) for errors, number in judged[:worst] if errors]
    labels = dict.fromkeys(
        entity["type"] for _, *both in shown for record in both for entity in record["entities"]
    )
    colours = {label: COLOURS[n % len(COLOURS)] for n, label in enumerate(sorted(labels))}
    parts = [_text(errors, guess, truth, colours) for errors, guess, truth in shown]
    legend = " ".join(
        f'<mark style="background:{_colour(colours[label])}">{escape(label)}</mark>'
        for label in colours
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Where prediction and gold differ</title><style>{_STYLE}</style></head><body>"
        f"<h1>Where prediction and gold differ</h1><p>{len(shown)} of {len(pairs)} papers, the "
        f'worst first. {legend} A <mark class="off">red frame</mark> is what the other side does '
        f"not have.</p>{''.join(parts)}</body></html>\n"
    )


def _errors(guess: gold.Record, truth: gold.Record) -> int:
    found = score.score([(guess, truth)])
    return found.entity.wrong + found.entity.missed + found.relation.wrong + found.relation.missed


def _text(errors: int, guess: gold.Record, truth: gold.Record, colours: Mapping[str, int]) -> str:
    pairs, number = score.numbers(guess, truth)
    back = {t: g for g, t in pairs.items()}
    mine, theirs = guess["entities"], truth["entities"]
    stated = score.stated(guess, number)
    wanted = score.stated(truth, range(len(theirs)))
    title = truth["title"] if len(truth["title"]) < 150 else f"{truth['title'][:150]} …"
    gold_notes = [_note(b, mine[back[t]] if t in back else None) for t, b in enumerate(theirs)]
    notes = [_note(a, theirs[pairs[g]] if g in pairs else None) for g, a in enumerate(mine)]
    names = {n: a["name"] for n, a in zip(number, mine, strict=True)}
    names |= {t: b["name"] for t, b in enumerate(theirs)}
    return (
        f"<h2>{escape(str(truth['id']))} · {escape(title)}</h2><p>{errors} entities and relations "
        f'wrong or missed</p><div class="both">'
        f"<div><h3>Gold</h3>{_marked(truth, gold_notes, colours)}"
        f"{_listed(wanted, stated, names)}</div>"
        f"<div><h3>Prediction</h3>{_marked(guess, notes, colours)}"
        f"{_listed(stated, wanted, names)}</div></div>"
    )


def _note(entity: Mapping[str, Any], match: Mapping[str, Any] | None) -> tuple[str, str]:
    """Give the words below a mark, and its state."""
    role, kind = entity.get("role", ""), entity.get("kind") or ""
    words = [entity["type"] + (f":{kind}" if kind else ""), role]
    if match and (role, kind) != (match.get("role", ""), match.get("kind") or ""):
        words[-1] += "≠"
    return " ".join(word for word in words if word), "" if match else "off"


def _marked(
    record: gold.Record, notes: Sequence[tuple[str, str]], colours: Mapping[str, int]
) -> str:
    ents = []
    end = 0
    for start, stop, index in gold.spans(record):
        if start < end:  # of two that overlap the later cannot be drawn
            continue
        end = stop
        entity = record["entities"][index]
        label, state = notes[index]
        params = {
            "label": escape(label),
            "bg": _colour(colours[entity["type"]]),
            "state": state,
            "tip": escape(entity["name"]),
        }
        ents.append({"start": start, "end": stop, "label": "", "params": params})
    return displacy.render(
        {"text": gold.text(record), "ents": ents},
        style="ent",
        manual=True,
        jupyter=False,
        options={"template": _MARK},
    )


def _colour(hue: int) -> str:
    return f"hsl({hue} 80% 85%)"


def _listed(
    own: Iterable[tuple[int, str, int]],
    other: Iterable[tuple[int, str, int]],
    names: Mapping[int, str],
) -> str:
    """Give relations as a list; those that the other side lacks are marked."""
    rest = set(other)

    def items() -> Iterator[str]:
        for head, label, tail in own:
            state = "" if (head, label, tail) in rest else ' class="off"'
            said = f"{names[head]} {label} {names[tail]}"
            yield f"<li{state}>{escape(said)}</li>"

    return f"<ul>{''.join(items())}</ul>"
