#!/usr/bin/env python3
"""Makes a table of word vectors for the selector `Embedding` out of a sentence model.

    pip install numpy safetensors
    python distil.py FOLDER-OF-THE-MODEL FOLDER-TO-WRITE [--dims 256]

The model is one of BERT's kind, in a folder as sentence-transformers keep them (config.json, tokenizer.json,
model.safetensors): all-MiniLM-L6-v2, bge-small, e5-small, gte-small and so on. Nothing is downloaded.

What Model2Vec does (Tulkens and van Dongen 2024): each token of the vocabulary goes through the model alone, principal
components keep what tells tokens apart, and frequent tokens get less weight (smooth inverse frequency, Arora et al. 2017,
with frequencies by Zipf's law from the order of the vocabulary). It takes a minute or two on one core.
"""

import argparse
import json
import shutil
from math import erf, sqrt
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

BATCH = 512
SMOOTHING = 1e-4


class Bert:
    """BERT's encoder (Devlin et al. 2019), for sequences of one length, so that nothing has to be masked."""

    def __init__(self, folder: Path):
        self.config = json.loads((folder / "config.json").read_text())
        if self.config["model_type"] != "bert":
            raise SystemExit(f"this reads models of the type bert, not {self.config['model_type']}")
        tensors = load_file(folder / "model.safetensors")
        self.tensors = {name.removeprefix("bert."): tensor.astype(np.float32) for name, tensor in tensors.items()}

    def linear(self, x, name):
        # As one flat product, which is many times as fast as one for each text.
        flat = x.reshape(-1, x.shape[-1]) @ self.tensors[f"{name}.weight"].T
        return flat.reshape(*x.shape[:-1], -1) + self.tensors[f"{name}.bias"]

    def norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + self.config["layer_norm_eps"])
        return x * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def attention(self, x, layer):
        batch, length, size = x.shape
        heads = self.config["num_attention_heads"]

        def split(name):
            projected = self.linear(x, f"{layer}.attention.self.{name}")
            return projected.reshape(batch, length, heads, size // heads).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 1, 3, 2) / sqrt(size // heads)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(batch, length, size)
        return self.linear(mixed, f"{layer}.attention.output.dense")

    def encode(self, ids):
        """The mean of the last layer's vectors, for each row of token numbers."""
        words = self.tensors["embeddings.word_embeddings.weight"][ids]
        places = self.tensors["embeddings.position_embeddings.weight"][: ids.shape[1]]
        kind = self.tensors["embeddings.token_type_embeddings.weight"][0]
        x = self.norm(words + places + kind, "embeddings.LayerNorm")
        for number in range(self.config["num_hidden_layers"]):
            layer = f"encoder.layer.{number}"
            x = self.norm(x + self.attention(x, layer), f"{layer}.attention.output.LayerNorm")
            inner = gelu(self.linear(x, f"{layer}.intermediate.dense"))
            x = self.norm(x + self.linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        return x.mean(1)


# The error function at 4096 places a unit: numpy has none, and more digits make no difference.
PLACES = np.array([erf(place / 4096 / sqrt(2)) for place in range(-6 * 4096, 6 * 4096 + 1)], dtype=np.float32)


def gelu(x):
    places = np.clip(x * 4096 + 6 * 4096, 0, len(PLACES) - 1).astype(np.int32)
    return 0.5 * x * (1 + PLACES[places])


def principal_components(table, dims):
    table = table - table.mean(0)
    _, vectors = np.linalg.eigh(table.T @ table)
    return table @ vectors[:, ::-1][:, :dims]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("target", type=Path)
    arguments.add_argument("--dims", type=int, default=256)
    arguments = arguments.parse_args()

    tokenizer = json.loads((arguments.model / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    model, count = Bert(arguments.model), max(vocabulary.values()) + 1
    first, last = vocabulary["[CLS]"], vocabulary["[SEP]"]
    rows = []
    for begin in range(0, count, BATCH):
        ids = np.arange(begin, min(begin + BATCH, count))
        rows.append(model.encode(np.stack([np.full_like(ids, first), ids, np.full_like(ids, last)], axis=1)))
        print(f"\r{begin + len(ids)} of {count} tokens", end="", flush=True)
    print()

    table = principal_components(np.concatenate(rows), arguments.dims)
    frequencies = 1 / np.arange(2, count + 2)
    frequencies /= frequencies.sum()
    table *= (SMOOTHING / (SMOOTHING + frequencies))[:, None]

    arguments.target.mkdir(parents=True, exist_ok=True)
    save_file({"embeddings": np.ascontiguousarray(table, dtype=np.float32)}, arguments.target / "model.safetensors")
    shutil.copy(arguments.model / "tokenizer.json", arguments.target)
    config = {"model_type": "model2vec", "hidden_dim": arguments.dims, "apply_zipf": True, "normalize": True}
    (arguments.target / "config.json").write_text(json.dumps(config, indent=1))


if __name__ == "__main__":
    main()
