"""Measure the resolution on pairs of names: one node or two?

    python tests/bench/resolution.py --pairs er-pairs.jsonl --gold train.jsonl --gold dev.jsonl

A line of PAIRS has ``a`` and ``b``, each with name, type and forms, and ``label`` ("same" or
"different"); GOLD are the annotated papers from which the collection learns its names.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from extractors import gold
from extractors.findings import Finding, Mention
from kg import assemble, resolve


def finding(name: str, label: str, forms: list[str], **more: Any) -> Finding:
    """Give an annotated entity as a finding; offsets do not matter here."""
    mentions = tuple(Mention(n, n + len(form), form, 1.0) for n, form in enumerate(forms))
    return Finding(name, label, more.get("kind"), more.get("role", "uses"), 1.0, 1.0, mentions)


def main() -> None:
    """Print precision and recall of "same", and the counts of each group of pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--gold", type=Path, action="append", required=True)
    options = parser.parse_args()
    findings = [
        finding(e["name"], e["type"], e["mentions"], kind=e.get("kind"), role=e["role"])
        for record in gold.records(options.gold)
        for e in record["entities"]
        if e["mentions"]
    ]
    pairs = [json.loads(line) for line in options.pairs.read_text(encoding="utf-8").splitlines()]
    ends = [
        [finding(pair[end]["name"], pair[end]["type"], pair[end]["forms"]) for end in "ab"]
        for pair in pairs
    ]
    everything = [*findings, *(end for both in ends for end in both)]
    counts = resolve.count(everything)
    decisions = resolve.decide(counts, resolve.merge(counts, everything))
    groups: dict[str, Counter[str]] = {}
    for pair, (a, b) in zip(pairs, ends, strict=True):
        one = assemble.owner(a, decisions) == assemble.owner(b, decisions)
        verdict = f"{pair['label']} read as {'same' if one else 'different'}"
        groups.setdefault(pair["group"], Counter())[verdict] += 1
    total = sum(groups.values(), Counter())
    right, wrong = total["same read as same"], total["different read as same"]
    precision = right / max(1, right + wrong)
    recall = right / max(1, right + total["same read as different"])
    accuracy = (right + total["different read as different"]) / len(pairs)
    print(f"{len(pairs)} pairs: precision {precision:.3f} recall {recall:.3f} of same,", end=" ")
    print(f"accuracy {accuracy:.3f}")
    for group, counter in sorted(groups.items()):
        print(f"  {group:<10}", ", ".join(f"{n} {name}" for name, n in sorted(counter.items())))


if __name__ == "__main__":
    main()
