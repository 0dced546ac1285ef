"""Write a trained network as the folder that ``extractors.pipeline`` loads.

Needs the extra ``train``.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from .network import Network


class _Encoder(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, shapes: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        states = self.network.encode(ids, shapes, mask)
        return states, self.network.tag(states)


def write(network: Network, tokenizer: Path, folder: Path, settings: dict[str, Any]) -> None:
    """Write encoder (8-bit weights), heads (half precision), tokenizer and settings."""
    folder.mkdir(parents=True, exist_ok=True)
    network.eval()
    full = folder / "encoder.fp32.onnx"
    axes = {name: {0: "batch", 1: "length"} for name in ("ids", "shapes", "mask", "states", "tags")}
    sample = torch.ones(2, 16, dtype=torch.long)
    torch.onnx.export(
        _Encoder(network),
        (sample, sample, sample),
        str(full),
        input_names=["ids", "shapes", "mask"],
        output_names=["states", "tags"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    prepared = folder / "encoder.prepared.onnx"
    quant_pre_process(str(full), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        str(prepared),
        str(folder / "encoder.onnx"),
        weight_type=QuantType.QInt8,
        per_channel=True,
        # The last product gives the tags: 5,000 weights, and every bit of them counts.
        nodes_to_exclude=_tag_products(prepared),
    )
    for path in (full, prepared):
        path.unlink()
    arrays = {
        name: value.numpy().astype(np.float16)
        for name, value in network.state_dict().items()
        if not name.startswith(("encoder.", "shape.", "tag."))
    }
    np.savez(folder / "heads.npz", **arrays)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    text = json.dumps(settings, indent=2) + "\n"
    (folder / "settings.json").write_text(text, encoding="utf-8")


def _tag_products(path: Path) -> list[str]:
    graph = onnx.load(str(path)).graph
    return [node.name for node in graph.node if "tag" in node.name and node.op_type == "MatMul"]
