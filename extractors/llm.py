"""Entities, roles and relations from a language model that speaks OpenAI's protocol.

Ollama, vLLM, llama.cpp and most services do.  Needs the extra ``llm``.  Every form that a model
gives is sought in the text; what is not there, or not allowed, is dropped and counted.
"""

import json
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spacy.language import Language
from spacy.tokens import Doc

from . import cache, gold, prompt, words
from .faults import Fault
from .findings import UNANSWERED, Extraction, Finding, Mention, Relation
from .meter import Estimate, Meter, metered
from .ruler import UNSEEN, Ruler, Terms, named
from .schema import KINDS, LABELS, RELATIONS, ROLES, allowed
from .terms import generic, name
from .words import bounds

if TYPE_CHECKING:
    import openai

#: A language model says no probabilities.  These are priors, until ``kg evaluate --fit`` has
#: measured it: of what is in the text, that it is an entity, has this role, is so related.
PRIORS: Final = {"entity": 0.7, "role": 0.8, "relation": 0.5}
#: Requests under way at a time.
WORKERS: Final = 4
#: How often a request is repeated that a busy server turns away.
RETRIES: Final = 4
#: Seconds after which a request is given up; a large model on a CPU takes minutes.
PATIENCE: Final = 600.0
#: An address that needs no key gets this one, since the protocol wants one.
NO_KEY: Final = "none"

#: How an answer's form is asked for, the strictest first; servers know some of them.
_FORMS: Final[tuple[dict[str, Any], ...]] = (
    {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "annotation", "strict": True, "schema": prompt.ANSWER},
        }
    },
    {"response_format": {"type": "json_object"}},
    {},
)
#: The same answer each time, as far as a server can; some models refuse to be told.
_STEADY: Final[tuple[dict[str, Any], ...]] = ({"temperature": 0, "seed": 1}, {})
WAYS: Final = tuple({**steady, **form} for form in _FORMS for steady in _STEADY)


@dataclass(slots=True)
class Client:
    """Asks one model at one address; remembers which way of asking the server understands."""

    model: str
    url: str | None
    client: "openai.OpenAI"
    way: int = 0

    def ask(self, text: str) -> tuple[str, int]:
        """Give the answer and its tokens; raise ``Fault`` if the server gives none."""
        import openai

        while True:
            way = self.way
            try:
                done = self.client.chat.completions.create(
                    model=self.model,
                    messages=prompt.messages(text),  # type: ignore[arg-type]
                    **WAYS[way],
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if way + 1 == len(WAYS):
                    raise Fault(
                        f"{self._place()}: {_said(error)}", "See what it serves."
                    ) from error
                self.way = max(self.way, way + 1)
                continue
            except openai.OpenAIError as error:
                raise self._fault(error) from error
            tokens = done.usage.total_tokens if done.usage else 0
            return (done.choices[0].message.content or "") if done.choices else "", tokens

    def _place(self) -> str:
        return f"{self.client.base_url} ({self.model})"

    def _fault(self, error: Exception) -> Fault:
        import openai

        remedy = "Try again; what was answered so far is kept."
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            remedy = "Set the environment variable OPENAI_API_KEY to a key of this service."
        elif isinstance(error, openai.NotFoundError):
            remedy = "Name a model that is served there: --extractor llm:MODEL; see --url."
        elif isinstance(error, openai.APIConnectionError):
            remedy = (
                "Start the server, or name it: --url http://localhost:11434/v1 (Ollama), or the "
                "environment variable OPENAI_BASE_URL."
            )
        return Fault(f"{self._place()}: {_said(error)}", remedy)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def connect(model: str, url: str | None) -> Client:
    """Make a client; raise ``Fault`` if the package or the address is wanting."""
    try:
        import openai
    except ModuleNotFoundError as error:
        raise Fault(
            f"An LLM needs {error.name}.", "Install it: pip install 'paperlattice[llm]'"
        ) from error
    url = url or os.environ.get("OPENAI_BASE_URL")
    key = os.environ.get("OPENAI_API_KEY")
    if not url and not key:
        raise Fault(
            f"llm:{model}: neither an address nor a key is given.",
            "Name a server: --url http://localhost:11434/v1 (Ollama), or set OPENAI_API_KEY.",
        )
    client = openai.OpenAI(
        base_url=url, api_key=key or NO_KEY, timeout=PATIENCE, max_retries=RETRIES
    )
    return Client(model, url, client)


# --- Answers ----------------------------------------------------------------------------------


def parsed(answer: str) -> Mapping[str, Any] | None:
    """Give the JSON object of an answer, whatever stands around it; None if there is none.

    >>> parsed('<think>{hm}</think> Sure: {"entities": []} Done.')
    {'entities': []}
    """
    answer = answer.rpartition("</think>")[2]
    for match in re.finditer(r"\{", answer):
        try:
            found, _ = json.JSONDecoder().raw_decode(answer, match.start())
        except ValueError:
            continue
        if isinstance(found, dict) and isinstance(found.get("entities"), list):
            return found
    return None


@dataclass(slots=True)
class Reader:
    """Turns answers into extractions, and counts what it drops."""

    by: str
    nlp: Language = field(default_factory=words.blank)
    ruler: Ruler | None = None
    dropped: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def extraction(self, text: str, answer: Mapping[str, Any] | None) -> Extraction:
        """Give what an answer says of a text; an answer of None is one that was not readable."""
        doc = self.nlp(text)
        sentences = tuple(bounds(sent) for sent in doc.sents if sent.text.strip())
        if answer is None:
            self.dropped["answers"] += 1
            return Extraction((), (), sentences, self.by + UNANSWERED)
        entities = [e for e in map(self._entity, answer["entities"]) if e]
        findings, names, terms = self._findings(doc, text, entities)
        relations = tuple(self._relations(answer.get("relations"), findings, names, sentences))
        if terms:
            findings, relations = named(text, findings, relations, terms)
        self.kept["findings"] += len(findings)
        return Extraction(tuple(findings), relations, sentences, self.by)

    def _entity(self, said: Any) -> dict[str, Any] | None:
        """Give an entity with what the schema knows; None if it has no type that it knows."""
        label = _known(said.get("type"), LABELS) if isinstance(said, dict) else None
        if label is None:
            self.dropped["entities of no known type"] += 1
            return None
        forms = said.get("mentions")
        forms = [*forms, said.get("name")] if isinstance(forms, list) else [said.get("name")]
        kind = _known(said.get("kind"), KINDS) or KINDS[-1]
        return {
            "name": said.get("name"),
            "type": label,
            "kind": kind if label == "Concept" else None,
            "role": _known(said.get("role"), ROLES) or ROLES[-1],
            "said": [form for form in forms if isinstance(form, str)],
        }

    def _findings(
        self, doc: Doc, text: str, entities: list[dict[str, Any]]
    ) -> tuple[Sequence[Finding], dict[str, int], Terms]:
        """Give findings, their positions by the names of the answer, and the glossary's terms."""
        for entity in entities:
            entity["mentions"] = list(self._forms(text, entity["name"], entity["said"]))
        spans = gold.spans({"title": text, "entities": entities})
        found = self.ruler.mentions(doc) if self.ruler else []
        terms = {(span.start_char, span.end_char): term for span, term in found}
        placed: dict[int, list[tuple[int, int]]] = {}
        for start, end in terms:
            over = [n for s, e, n in spans if s < end and start < e]
            placed.setdefault(over[0] if over else -1 - start, []).append((start, end))
        for start, end, number in spans:
            if not any(s < end and start < e for s, e in terms):
                placed.setdefault(number, []).append((start, end))
        findings: list[Finding] = []
        names: dict[str, int] = {}
        for number, own in sorted(placed.items(), key=lambda item: min(item[1])):
            if number >= 0 and isinstance(entities[number]["name"], str):
                names.setdefault(entities[number]["name"], len(findings))
            known = entities[number] if number >= 0 else None
            findings.append(_finding(text, sorted(own), known))
        self.dropped["entities that the text does not name"] += sum(
            not entity["mentions"] for entity in entities
        )
        return findings, names, terms

    def _forms(self, text: str, said_name: Any, said: Sequence[str]) -> Iterator[str]:
        """Yield the forms that stand in the text, as they stand there."""
        for form in dict.fromkeys(form.strip() for form in said):
            if not form or generic(form):
                continue
            if next(gold.occurrences(text, form), None):
                yield form
                continue
            loose = r"\s+".join(map(re.escape, form.split()))
            match = re.search(rf"(?<!\w){loose}(?!\w)", text, re.IGNORECASE)
            if match and "\n" not in match.group():
                yield match.group()
            elif form != said_name:  # a canonical name need not stand in the text
                self.dropped["mentions that are not in the text"] += 1

    def _relations(
        self,
        said: Any,
        findings: Sequence[Finding],
        names: Mapping[str, int],
        sentences: Sequence[tuple[int, int]],
    ) -> Iterator[Relation]:
        taken = set()
        items = said if isinstance(said, list) else []
        for item in (item if isinstance(item, dict) else {} for item in items):
            ends = [_known(item.get(end), names) for end in ("head", "tail")]
            head, tail = (names[end] if end else -1 for end in ends)
            label = _known(item.get("relation"), RELATIONS)
            if (
                label is None
                or min(head, tail) < 0
                or head == tail
                or not allowed(findings[head].label, label, findings[tail].label)
            ):
                self.dropped["relations between what is not there or not allowed"] += 1
            elif (head, label, tail) not in taken:
                taken.add((head, label, tail))
                start, end = _sentence(findings[head], findings[tail], sentences)
                yield Relation(head, label, tail, PRIORS["relation"], start, end)


def _known(said: Any, names: Container[str]) -> str | None:
    """Give what a model said if it is one of the names; it may be anything."""
    return said if isinstance(said, str) and said in names else None


def _finding(
    text: str, places: Sequence[tuple[int, int]], entity: Mapping[str, Any] | None
) -> Finding:
    """Give a finding; without an entity it is a glossary's, which names it later."""
    forms = [text[start:end] for start, end in places]
    score = PRIORS["entity"] if entity else 1.0
    role, role_score = (entity["role"], PRIORS["role"]) if entity else UNSEEN
    return Finding(
        name=name(forms),
        label=entity["type"] if entity else next(iter(LABELS)),
        kind=entity["kind"] if entity else None,
        role=role,
        score=score,
        role_score=role_score,
        mentions=tuple(
            Mention(start, end, form, score)
            for (start, end), form in zip(places, forms, strict=True)
        ),
    )


def _sentence(
    head: Finding, tail: Finding, sentences: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Give the first sentence with both, else that of the later of the two."""

    def among(finding: Finding) -> list[int]:
        return [
            number
            for mention in finding.mentions
            for number, (start, end) in enumerate(sentences)
            if start <= mention.start < end
        ] or [0]

    own, other = among(head), among(tail)
    both = sorted(set(own) & set(other))
    return sentences[both[0] if both else max(own[0], other[0])]


# --- Runs -------------------------------------------------------------------------------------


def extract(
    client: Client,
    reader: Reader,
    texts: Sequence[str],
    *,
    price: float | None = None,
    say: Callable[[str], None],
    agree: Callable[[Estimate], bool],
) -> Iterator[Extraction]:
    """Yield what the model finds in each text; raise ``Fault`` if that is nothing at all.

    Answers are kept (``extractors.cache``), and asked for once.
    """
    keys = [cache.key(client.model, prompt.version(), text) for text in texts]
    known = [cache.get(key) for key in keys]
    asked = sum(answer is None for answer in known)
    meter = Meter(price)
    answers = _answers(client, texts, keys, known, meter)
    for text, answer in zip(texts, metered(answers, meter, asked, say, agree), strict=True):
        yield reader.extraction(text, answer)
    told(client, reader, meter, asked, len(texts), say)


def told(
    client: Client,
    reader: Reader,
    meter: Meter,
    asked: int,
    texts: int,
    say: Callable[[str], None],
) -> None:
    """Say what a run did and dropped."""
    cost = meter.cost(meter.tokens)
    parts = [f"{texts - asked:,} answers known, {asked:,} asked for", f"{meter.tokens:,} tokens"]
    parts += [f"{cost:,.2f} at the given price"] if cost is not None else []
    say(f"llm:{client.model}: {', '.join(parts)}.")
    for what, number in reader.dropped.items():
        if what == "answers" and number:
            say(f"{number:,} answers could not be read; these texts are asked again next time.")
        elif number:
            say(f"Dropped: {number:,} {what}.")


def _answers(
    client: Client,
    texts: Sequence[str],
    keys: Sequence[str],
    known: Sequence[Any],
    meter: Meter,
) -> Iterator[Mapping[str, Any] | None]:
    """Yield answers in order; a few are under way at a time, and no more are begun than needed."""
    waiting: deque[Future[Mapping[str, Any] | None]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for text, key, answer in zip(texts, keys, known, strict=True):
                waiting.append(pool.submit(_answer, client, text, key, answer, meter))
                if len(waiting) >= WORKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _answer(
    client: Client, text: str, key: str, known: Any, meter: Meter
) -> Mapping[str, Any] | None:
    """Give the answer to a text: a known one, or a new one, which is kept if it can be read."""
    if known is not None:
        return parsed(known)
    if not text.strip():
        return {"entities": []}
    for _ in range(2):
        answer, tokens = client.ask(text)
        found = parsed(answer)
        if found is not None:
            break
    meter.add(tokens)
    if found is not None:
        cache.put(key, answer)
    return found
