"""Extractors of others: a language model over real HTTP, token classifiers, GLiNER."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from extractors import choice as choices
from extractors import llm, meter, outside, prompt
from extractors.choice import Choice
from extractors.faults import Fault
from extractors.findings import UNANSWERED
from kg import build
from kg.cli import cli
from kg.records import json_ready
from kg.store import files

TITLE = "GripNet: grasping mugs"
ABSTRACT = (
    "We present GripNet, a convolutional neural network (CNN) for grasp planning. "
    "GripNet beats DexNet on the MugBench benchmark. CNNs are old."
)
TEXT = f"{TITLE}\n{ABSTRACT}"


def entity(name: str, type_: str, role: str, *mentions: str, kind: str = "none") -> dict[str, Any]:
    return {"name": name, "type": type_, "kind": kind, "role": role, "mentions": list(mentions)}


ANSWER = {
    "entities": [
        entity("GripNet", "Method", "introduces", "GripNet"),
        entity("convolutional neural network", "Method", "uses", "CNN", "CNNs", "ConvNet",
               "convolutional  Neural network"),
        entity("grasp planning", "Concept", "studies", "grasp planning", kind="task"),
        entity("MugBench", "Benchmark", "evaluates_on", "MugBench"),
        entity("ImageNet", "Dataset", "uses", "ImageNet"),
        entity("Alice", "Person", "uses", "We"),
    ],
    "relations": [
        {"head": "GripNet", "relation": "evaluated_on", "tail": "MugBench"},
        {"head": "MugBench", "relation": "evaluated_on", "tail": "GripNet"},
        {"head": "GripNet", "relation": "uses", "tail": "ImageNet"},
        {"head": "GripNet", "relation": "builds_on", "tail": "convolutional neural network"},
    ],
}  # fmt: skip


@dataclass
class Server:
    """A server that speaks OpenAI's protocol; ``reply`` gives status and answer of a request."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    reply: Callable[[dict[str, Any]], tuple[int, str]] = lambda request: (200, json.dumps(ANSWER))


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("PAPERLATTICE_CACHE", str(tmp_path / "answers"))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/v1/chat/completions"
            state.asked.append(request)
            state.keys.append(self.headers["Authorization"])
            status, content = state.reply(request)
            body = {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": request["model"],
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": content},
                    }
                ],
                "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100},
            }
            data = json.dumps(body if status == 200 else {"error": {"message": content}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{httpd.server_port}/v1"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def run(server: Server, *texts: str, **options: Any):
    said: list[str] = []
    chosen = Choice(extractor="llm:tiny", url=server.url, say=said.append, **options)
    return list(choices.extract(chosen, list(texts or [TEXT]))), said


# --- A language model -------------------------------------------------------------------------


def test_an_answer_becomes_an_extraction_and_what_is_invented_is_dropped(server):
    (found,), said = run(server)
    assert [(f.name, f.label, f.kind, f.role, f.forms) for f in found.findings] == [
        ("GripNet", "Method", None, "introduces", ("GripNet",)),
        (
            "convolutional neural network",
            "Method",
            None,
            "uses",
            ("convolutional neural network", "CNN", "CNNs"),
        ),
        ("grasp planning", "Concept", "task", "studies", ("grasp planning",)),
        ("MugBench", "Benchmark", None, "evaluates_on", ("MugBench",)),
    ]
    assert all(TEXT[m.start : m.end] == m.form for f in found.findings for m in f.mentions)
    assert [(r.head, r.label, r.tail) for r in found.relations] == [
        (0, "evaluated_on", 3),
        (0, "builds_on", 1),
    ]
    first = found.relations[0]
    assert TEXT[first.start : first.end] == "GripNet beats DexNet on the MugBench benchmark."
    assert "Dropped: 1 mentions that are not in the text." in said
    assert "Dropped: 1 entities of no known type." in said
    assert "Dropped: 1 entities that the text does not name." in said
    assert "Dropped: 2 relations between what is not there or not allowed." in said


def test_the_question_has_the_text_the_guidelines_and_the_schema(server):
    run(server)
    (asked,) = server.asked
    assert asked["model"] == "tiny"
    assert asked["messages"][1]["content"] == TEXT
    for word in ("Benchmark", "evaluates_on", "subtype_of", "metric"):
        assert word in asked["messages"][0]["content"]
    assert asked["response_format"]["json_schema"]["schema"] == prompt.ANSWER
    assert asked["temperature"] == 0


def test_answers_are_asked_for_once(server):
    first, _ = run(server, TEXT, TEXT + " More.")
    again, said = run(server, TEXT, TEXT + " More.")
    assert first == again
    assert len(server.asked) == 2
    assert said[0] == "llm:tiny: 2 answers known, 0 asked for, 0 tokens."


def test_a_server_that_knows_less_is_asked_for_less(server):
    def reply(request):
        form = request.get("response_format", {}).get("type")
        if form == "json_schema" or "temperature" in request:
            return 400, f"unsupported: {form}"
        return 200, f"<think>{{}}</think>Here:\n```json\n{json.dumps(ANSWER)}\n```"

    server.reply = reply
    found, _ = run(server, *[f"{TEXT} {n}" for n in range(6)])
    assert all(len(one.findings) == 4 for one in found)
    # What it understands is found once, and then used.
    assert "temperature" not in server.asked[-1]
    assert server.asked[-1]["response_format"] == {"type": "json_object"}


def test_a_busy_server_is_asked_again(server):
    states = iter([429, 503, 200])
    server.reply = lambda request: (next(states), json.dumps(ANSWER))
    (found,), _ = run(server)
    assert len(found.findings) == 4
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "OPENAI_API_KEY"), (404, "Name a model"), (400, "See what")]
)
def test_a_refusal_is_told_with_the_remedy(server, status, remedy):
    server.reply = lambda request: (status, "computer says no")
    with pytest.raises(Fault, match="computer says no") as caught:
        run(server)
    assert remedy in caught.value.remedy
    assert "tiny" in caught.value.what


def test_no_server_and_no_address_are_told(server, monkeypatch):
    monkeypatch.setattr(llm, "RETRIES", 0)
    with pytest.raises(Fault) as caught:
        run(Server(url="http://127.0.0.1:9/v1"))
    assert "OPENAI_BASE_URL" in caught.value.remedy
    with pytest.raises(Fault, match="neither an address nor a key"):
        run(Server(url=""))


def test_the_key_is_that_of_the_environment(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    list(choices.extract(Choice(extractor="llm:tiny"), [TEXT]))
    assert server.keys == ["Bearer sesame"]


def test_a_run_that_finds_nothing_is_an_error(server):
    server.reply = lambda request: (200, '{"entities": [], "relations": []}')
    with pytest.raises(Fault, match="found nothing in 2 texts"):
        run(server, TEXT, "Other")


ODD = [
    '{"entities": [7, {"type": "Method"}, {"type": "Method", "name": 3, "mentions": "GripNet"}]}',
    '{"entities": [{"type": "Concept", "name": "DexNet", "mentions": [null, "", "DexNet"], '
    '"kind": 5, "role": "loves"}], "relations": [3, {"head": []}, {"relation": []}]}',
    '{"entities": [{"type": ["Method"], "name": "x"}], "relations": {}}',
]


@pytest.mark.parametrize("answer", ODD)
def test_odd_answers_are_no_trouble(server, answer):
    reader = llm.Reader("llm:tiny")
    found = reader.extraction(TEXT, llm.parsed(answer))
    for one in found.findings:
        assert (one.name, one.kind, one.role) == ("DexNet", "other", "mentions")
    assert reader.dropped.total() > 0


def test_a_glossary_is_honoured_over_the_answer(server, tmp_path):
    terms = tmp_path / "terms.csv"
    terms.write_text("name,type,aliases\ngrip net,Dataset,GripNet\nDexNet,Method,\n", "utf-8")
    (found,), _ = run(server, glossary=terms)
    one = next(f for f in found.findings if "GripNet" in f.forms)
    assert (one.name, one.label, one.role, one.score) == ("grip net", "Dataset", "introduces", 1.0)
    other = next(f for f in found.findings if f.name == "DexNet")
    assert (other.label, other.role) == ("Method", "mentions")
    assert all(found.findings[r.head].name != "grip net" or r.label != "evaluated_on"
               for r in found.relations)  # fmt: skip


# --- In a graph -------------------------------------------------------------------------------


def papers(folder: Path, *titles: str) -> Path:
    path = folder / "papers.jsonl"
    lines = [json.dumps({"title": title, "abstract": ABSTRACT}) for title in titles]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_graph_is_built_with_it_and_unreadable_answers_are_asked_for_again(server, tmp_path):
    path, graph = papers(tmp_path, TITLE, "GripNet again"), tmp_path / "graph"
    chosen = build.Options(choice=Choice(extractor="llm:tiny", url=server.url))

    def reply(request):
        text = request["messages"][1]["content"]
        return 200, "I cannot." if "again" in text else json.dumps(ANSWER)

    server.reply = reply
    made = build.build([str(path)], graph, chosen)
    assert made.unanswered == 1
    assert files.manifest(graph).extractor.endswith(UNANSWERED)
    server.reply = Server.reply
    server.asked.clear()
    second = build.build([str(path)], graph, chosen)
    assert (second.unanswered, second.extracted, len(server.asked)) == (0, 1, 1)
    server.asked.clear()
    third = build.build([str(path)], graph, chosen)
    assert not third.changed
    assert not server.asked
    edges = {(e.label, e.target) for e in files.edges(graph) if e.label == "INTRODUCES"}
    assert edges == {("INTRODUCES", "method:gripnet")}


def test_a_cut_is_made_without_extracting_again_and_gives_a_part_of_the_graph(server, tmp_path):
    path, graph = papers(tmp_path, TITLE), tmp_path / "graph"
    command = ["build", str(path), "--extractor", "llm:tiny", "--url", server.url, "-o", str(graph)]
    assert CliRunner().invoke(cli, command).exit_code == 0
    whole = {json.dumps(json_ready(e), sort_keys=True) for e in files.edges(graph)}
    nodes = {node.id for node in files.nodes(graph)}
    ended = CliRunner().invoke(cli, [*command, "--min-score", "0.52"])
    assert ended.exit_code == 0, ended.output
    assert "0 texts extracted" in ended.stderr
    assert len(server.asked) == 1
    left = list(files.edges(graph))
    assert {json.dumps(json_ready(e), sort_keys=True) for e in left} < whole
    assert {node.id for node in files.nodes(graph)} <= nodes
    assert all(e.properties["score"] >= 0.52 for e in left if "score" in e.properties)
    same = CliRunner().invoke(cli, [*command, "--min-score", "0.52"])
    assert "nothing new" in same.stderr
    back = CliRunner().invoke(cli, command)
    assert "0 texts extracted" in back.stderr
    assert {json.dumps(json_ready(e), sort_keys=True) for e in files.edges(graph)} == whole


def test_the_command_tells_what_is_wrong(server, tmp_path):
    server.reply = lambda request: (401, "bad key")
    command = ["extract", str(papers(tmp_path, TITLE)), "--extractor", "llm:tiny"]
    ended = CliRunner().invoke(cli, [*command, "--url", server.url])
    assert ended.exit_code == 1
    assert "OPENAI_API_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


# --- What a run will take ---------------------------------------------------------------------


def test_a_large_run_is_estimated_and_may_be_refused(server):
    texts = [f"{TEXT} {n}" for n in range(30)]
    asked = []

    def agree(estimate):
        asked.append(estimate)
        return False

    with pytest.raises(Fault, match="Stopped"):
        run(server, *texts, price=2.0, agree=agree)
    (estimate,) = asked
    assert 20 <= estimate.texts <= 27
    assert estimate.tokens == 100 * estimate.texts
    assert estimate.cost == pytest.approx(estimate.tokens * 2e-6)
    before = len(server.asked)
    assert before < 15
    found, said = run(server, *texts, price=2.0)
    assert len(found) == 30
    assert len(server.asked) == 30  # what was answered before was kept
    assert any(line.startswith("About ") and "at the given price" in line for line in said)


def test_few_texts_are_not_worth_an_estimate():
    count = meter.Meter()
    items = list(meter.metered(iter(range(5)), count, 5, pytest.fail, lambda estimate: False))
    assert items == list(range(5))


# --- Models of others -------------------------------------------------------------------------


def checked(model: outside.Model, text: str) -> list[outside.Spanned]:
    return next(model.spans([text]))


def test_spans_that_are_not_in_the_text_are_dropped_and_counted():
    said = [
        (0, 7, "GripNet", "Algo", 0.9),
        (0, 7, "DexNet!", "Algo", 0.9),
        (500, 507, "GripNet", "Algo", 0.9),
        (7, 17, ": grasping", "Task", 0.9),
        (8, 17, " grasping", "Algo", 1.2),
    ]
    model = outside.Model("x", lambda texts: [said for _ in texts], {"Algo": "Method"})
    assert checked(model, TITLE) == [(0, 7, "Method", 0.9), (9, 17, "Method", 1.0)]
    assert list(model.told()) == [
        "Dropped: 2 spans that are not in the text.",
        "Left out, since --labels does not name them: Task 1.",
    ]


def test_labels_that_are_called_like_ours_need_no_map():
    assert outside.ours(["Method", "TASK", "LOC"], {}, "x") == {
        "Method": "Method",
        "TASK": "Concept:task",
    }
    assert outside.ours(["PER", "ORG"], {"ORG": "Concept"}, "x") == {"ORG": "Concept:other"}
    with pytest.raises(Fault, match="PER, ORG") as caught:
        outside.ours(["PER", "ORG"], {}, "x")
    assert "--labels PER=Method" in caught.value.remedy


@pytest.mark.parametrize(("count", "size"), [(0, 8), (3, 8), (8, 8), (9, 8), (100, 12)])
def test_windows_own_each_word_once(count, size):
    owned = []
    for first, stop, low, high in outside.windows(count, size):
        assert first <= low < high <= stop <= first + size
        owned += range(low, high)
    assert owned == list(range(count))


WORDS = sorted({*"gripnet : grasping mugs we present , a for . beats on the old are".split(),
                "mugbench", "dexnet", "planning", "grasp", "benchmark"})  # fmt: skip


@pytest.fixture(scope="module")
def vocabulary():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    known = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    made = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


@pytest.fixture(scope="module")
def classifier(tmp_path_factory, vocabulary) -> Path:
    """A token classifier that was taught: gripnet and dexnet are Algo, grasp planning a Problem."""
    torch = pytest.importorskip(
        "torch", reason="pip install 'paperlattice[transformers]' for token classifiers"
    )
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("classifier")
    tags = ["O", "B-Algo", "I-Algo", "B-Problem", "I-Problem"]
    network = transformers.BertForTokenClassification(
        transformers.BertConfig(
            vocab_size=vocabulary.get_vocab_size(),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=48,
            id2label=dict(enumerate(tags)),
            label2id={tag: n for n, tag in enumerate(tags)},
        )
    )
    meaning = {"gripnet": 1, "dexnet": 1, "grasp": 3, "planning": 4}
    ids = torch.tensor([[vocabulary.token_to_id(word) for word in WORDS]])
    wanted = torch.tensor([[meaning.get(word, 0) for word in WORDS]])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(400):
        order = torch.randperm(ids.shape[1])
        loss = network(input_ids=ids[:, order], labels=wanted[:, order]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if loss < 0.01:
            break
    network.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=vocabulary,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    ).save_pretrained(folder)
    return folder


@pytest.mark.filterwarnings("ignore")
def test_a_token_classifier_gives_spans_and_our_links_the_rest(classifier):
    said: list[str] = []
    chosen = Choice(
        extractor=f"transformers:{classifier}", labels="Algo=Method,Problem=Concept:task",
        say=said.append,
    )  # fmt: skip
    long = f"{TITLE}\n" + "We present mugs, a mugs for mugs. " * 12 + "DexNet is old."
    found = list(choices.extract(chosen, [TEXT, long]))
    forms = {f.label: f.forms for f in found[0].findings}
    assert forms["Concept"] == ("grasp planning",)
    assert {f.forms[0] for f in found[0].findings} == {"GripNet", "grasp planning", "DexNet"}
    assert all(f.role and f.role_score for f in found[0].findings)
    # A text of several windows is read to its end.
    assert any(m.form == "DexNet" for f in found[1].findings for m in f.mentions)
    assert found[0].by.startswith(f"transformers:{classifier}, version ")
    assert not said
    with pytest.raises(Fault, match="Algo, Problem"):
        list(choices.extract(Choice(extractor=f"transformers:{classifier}"), [TEXT]))


@pytest.mark.filterwarnings("ignore")
def test_gliner_finds_what_it_is_asked_for(tmp_path, classifier):
    """A tiny GLiNER has random weights: what it gives is checked, not what it knows."""
    gliner = pytest.importorskip("gliner", reason="pip install 'paperlattice[gliner]'")
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    config = gliner.GLiNERConfig(
        model_name=str(classifier), name="tiny", max_len=24, max_width=3, hidden_size=16, dropout=0
    )
    network = gliner.GLiNER.from_config(config)
    network.save_pretrained(tmp_path / "gliner")
    found = outside.gliner(str(tmp_path / "gliner"), {"algo": "Method", "problem": "Concept"})
    spans = list(found.spans([TEXT, "", TEXT * 3]))
    assert [bool(own) for own in spans] == [True, False, True]
    for text, own in zip((TEXT, "", TEXT * 3), spans, strict=True):
        assert all(0 <= start < end <= len(text) for start, end, *_ in own)
    assert {type_ for own in spans for *_, type_, _ in own} <= {"Method", "Concept:other"}
    assert max(end for _, end, *_ in spans[2]) > 2 * len(TEXT)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_not_there_is_told(tmp_path):
    pytest.importorskip("transformers", reason="pip install 'paperlattice[transformers]'")
    pytest.importorskip("torch")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Fault, match="could not be loaded"):
        outside.classifier(str(tmp_path), {})
