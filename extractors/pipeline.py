"""The pipeline: load it, run it over texts, and take out what it found."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from . import links, models, tagger, words
from .findings import Extraction


def load(model: str = models.DEFAULT) -> Language:
    """Load the pipeline of a model."""
    path = models.folder(model)
    nlp = words.blank()
    for component in (tagger, links):  # importing them made their factories known to spaCy
        nlp.add_pipe(component.FACTORY, config={"model": str(path)})
    nlp.meta["name"] = models.by(model)
    return nlp


def extract(nlp: Language, texts: Iterable[str]) -> Iterator[Extraction]:
    """Yield what the pipeline finds in each text, in order."""
    name = str(nlp.meta["name"])
    for doc in nlp.pipe(texts, batch_size=128):
        yield extraction(doc, name)


def extraction(doc: Doc, by: str) -> Extraction:
    """Give what was found in a document."""
    return Extraction(
        findings=doc._.findings,
        relations=doc._.relations,
        sentences=tuple(links.bounds(sentence) for sentence in doc.sents if sentence.text.strip()),
        by=by,
    )
