"""Which extractor reads the texts: the model of this package, or one of others.

One interface for all: ``by`` names the extractor and all that its findings follow from, and
``extract`` yields an ``Extraction`` a text.  Others are imported on use, each with its own extra.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from . import models
from .faults import Fault
from .findings import Extraction
from .meter import Estimate, Meter, metered

#: The others: what is written before their names.
OTHERS: Final = ("gliner", "transformers", "llm")


@dataclass(frozen=True, slots=True)
class Choice:
    """An extractor and its options.

    ``extractor`` is ``model`` or ``OTHER:NAME``; ``model`` names a shipped model or a folder, whose
    links make entities of the spans that GLiNER or a classifier gives.  ``labels`` is a map of
    labels as ``extractors.labels`` reads it, ``price`` that of a million tokens.  ``say`` is told
    what a run will take and what it dropped; ``agree`` is asked before a large one.
    """

    extractor: str = "model"
    model: str = models.DEFAULT
    labels: str | None = None
    glossary: Path | None = None
    calibration: Path | None = None
    url: str | None = None
    price: float | None = None
    say: Callable[[str], None] = field(default=lambda text: None, compare=False)
    agree: Callable[[Estimate], bool] = field(default=lambda estimate: True, compare=False)

    @property
    def other(self) -> tuple[str, str]:
        """Give which of the others, and its name; two empty texts for the model."""
        kind, _, name = self.extractor.partition(":")
        if kind == "model" and not name:
            return "", ""
        if kind not in OTHERS or not name:
            choices = ", ".join(("model", *(f"{other}:NAME" for other in OTHERS)))
            raise Fault(f"There is no extractor {self.extractor!r}.", f"Give one of: {choices}.")
        return kind, name


def by(choice: Choice) -> str:
    """Give the extractor's name and all that its findings follow from, but the text.

    Raises ``Fault`` for a glossary, a map of labels or a calibration that cannot be read, and
    ``FileNotFoundError`` for a model that there is not.
    """
    kind, name = choice.other
    parts = [choice.extractor if kind else models.by(choice.model)]
    if kind == "llm":
        from . import prompt

        parts.append(f"prompt {prompt.version()}")
    elif kind:
        parts += [f"version {_version(name)}", models.by(choice.model)]
        if choice.labels:
            parts.append(f"labels {_digest(json.dumps(_labels(choice), sort_keys=True))}")
    if choice.glossary:
        from . import glossary

        parts.append(f"glossary {glossary.read(choice.glossary).digest}")
    if choice.calibration:
        from . import scales

        parts.append(f"calibration {scales.read(choice.calibration).digest}")
    return ", ".join(parts)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _version(name: str) -> str:
    """Give what tells one state of a model's folder from another; a hub's name says it itself."""
    folder = Path(name)
    if not folder.is_dir():
        return "of the hub"
    files = sorted(path for path in folder.iterdir() if path.is_file())
    sizes = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return _digest("\n".join(sizes))


def _labels(choice: Choice) -> dict[str, str]:
    """Give our type of each label of others."""
    from . import labels, schema

    if not choice.labels:
        return {}
    read = labels.read(choice.labels, labels.known(choice.model))
    # A map may speak of relations too; others give spans alone.
    return {theirs: ours[0] for theirs, ours in read.items() if ours[0] not in schema.RELATIONS}


def extract(choice: Choice, texts: Sequence[str]) -> Iterator[Extraction]:
    """Yield what is found in each text, in order.

    Raises ``Fault`` for what the user can repair, and if another extractor finds nothing at all.
    """
    kind, _ = choice.other
    found = _others(choice, texts) if kind else _own(choice, texts)
    if choice.calibration:
        from . import scales

        scale = scales.read(choice.calibration)
        found = (scale.scaled(extraction) for extraction in found)
    name = by(choice)
    return (_signed(extraction, name) for extraction in found)


def _signed(extraction: Extraction, name: str) -> Extraction:
    from .findings import UNANSWERED

    left = UNANSWERED if extraction.by.endswith(UNANSWERED) else ""
    return replace(extraction, by=name + left)


def _own(choice: Choice, texts: Sequence[str]) -> Iterator[Extraction]:
    from . import pipeline

    nlp = pipeline.load(choice.model, glossary=choice.glossary)
    yield from pipeline.extract(nlp, texts)


def _others(choice: Choice, texts: Sequence[str]) -> Iterator[Extraction]:
    kind, _ = choice.other
    run = _llm if kind == "llm" else _spans
    findings = 0
    for extraction in run(choice, texts):
        findings += len(extraction.findings)
        yield extraction
    if texts and not findings:
        raise Fault(
            f"{choice.extractor} found nothing in {len(texts):,} texts.",
            "Take another model or, for one of others' labels, see --labels.",
        )


def _spans(choice: Choice, texts: Sequence[str]) -> Iterator[Extraction]:
    from . import outside, pipeline

    kind, name = choice.other
    finder = outside.OPEN[kind](name, _labels(choice))
    nlp = pipeline.load(choice.model, glossary=choice.glossary)
    meter = Meter()
    found = pipeline.link(nlp, texts, finder.spans, choice.extractor)
    counted = (_counted(extraction, meter) for extraction in found)
    yield from metered(counted, meter, len(texts), choice.say, choice.agree)
    for line in finder.told():
        choice.say(line)


def _counted(extraction: Extraction, meter: Meter) -> Extraction:
    meter.add()
    return extraction


def _llm(choice: Choice, texts: Sequence[str]) -> Iterator[Extraction]:
    from . import glossary, llm, ruler

    _, name = choice.other
    client = llm.connect(name, choice.url)
    reader = llm.Reader(choice.extractor)
    if choice.glossary:
        reader.ruler = ruler.Ruler(reader.nlp, glossary.read(choice.glossary))
    yield from llm.extract(
        client, reader, texts, price=choice.price, say=choice.say, agree=choice.agree
    )
