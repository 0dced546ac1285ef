"""The pipeline: load it, run it over texts, and take out what it found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from . import models, ruler, words
from .decoding import trimmed
from .findings import Extraction
from .links import FACTORY as LINKS
from .outside import Spanned
from .tagger import FACTORY as TAGGER
from .terms import generic
from .words import bounds


def load(
    model: str = models.DEFAULT, *, links: bool = True, glossary: Path | None = None
) -> Language:
    """Load the pipeline of a model; without ``links`` it only tags mentions."""
    path = models.folder(model)
    nlp = words.blank()
    # Importing the components made their factories known to spaCy.
    nlp.add_pipe(TAGGER, config={"model": str(path)})
    if glossary:
        nlp.add_pipe(ruler.FACTORY, config={"file": str(glossary)})
    if links:
        nlp.add_pipe(LINKS, config={"model": str(path)})
    if links and glossary:
        nlp.add_pipe(ruler.NAMES)
    nlp.meta["name"] = models.by(model)
    return nlp


def extract(nlp: Language, texts: Iterable[str]) -> Iterator[Extraction]:
    """Yield what the pipeline finds in each text, in order."""
    name = str(nlp.meta["name"])
    for doc in nlp.pipe(texts, batch_size=128):
        yield extraction(doc, name)


def link(
    nlp: Language,
    texts: Sequence[str],
    find: Callable[[Sequence[str]], Iterator[Sequence[Spanned]]],
    by: str,
) -> Iterator[Extraction]:
    """Yield what the links of a pipeline make of the spans that ``find`` gives for each text.

    The tagger runs too, since the links read the states of its encoder.
    """
    after = [name for name in nlp.pipe_names if name in (ruler.FACTORY, LINKS, ruler.NAMES)]
    components = [nlp.get_pipe(name) for name in after]
    with nlp.select_pipes(disable=after):
        docs = nlp.pipe(texts, batch_size=16)
        for doc, spans in zip(docs, find(texts), strict=True):
            doc.spans["mentions"] = spanned(doc, spans)
            for component in components:
                component(doc)
            yield extraction(doc, by)


def spanned(doc: Doc, found: Iterable[Spanned]) -> SpanGroup:
    """Give spans of another extractor as mentions: whole words, none over another."""
    scores: dict[tuple[int, int], float] = {}
    spans = []
    for start, end, type_, score in sorted(found, key=lambda item: (-item[3], item[:2])):
        span = doc.char_span(start, end, label=type_, alignment_mode="expand")
        if span is None:
            continue
        first, stop = trimmed(doc, span.start, span.end)
        # The line break parts title and abstract.
        if first == stop or "\n" in doc[first:stop].text or generic(doc[first:stop].text):
            continue
        if (first, stop) not in scores:
            scores[first, stop] = score
            spans.append(Span(doc, first, stop, label=type_))
    kept = filter_spans(spans)
    group = SpanGroup(doc, name="mentions", spans=kept)
    group.attrs["scores"] = [scores[span.start, span.end] for span in kept]
    return group


def extraction(doc: Doc, by: str) -> Extraction:
    """Give what was found in a document."""
    return Extraction(
        findings=doc._.findings,
        relations=doc._.relations,
        sentences=tuple(bounds(sentence) for sentence in doc.sents if sentence.text.strip()),
        by=by,
    )
