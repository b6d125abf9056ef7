#!/usr/bin/env python3
"""Turns a llama2.c checkpoint (legacy format) into the file that emulated boards hold in flash.

`stories260k.safetensors` gets the parameters as tensors, in the order in which the network uses
them, and two programs as JSON under the metadata keys `network` (generate tokens) and
`network_logits` (logits after each token given). README.md describes both. The same checkpoint
gives the same bytes on every machine.

    python convert_llama.py CHECKPOINT          # writes the file
    python convert_llama.py CHECKPOINT --check  # writes nothing, fails where it differs
"""

import argparse
import hashlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
NAME = "stories260k"
ORIGIN = (
    "karpathy/tinyllamas stories260K; copy from github.com/clebert/llama2.zig commit 46af05d7, "
    "models/tinystories_260k/checkpoint_legacy.bin"
)
# Tokens that an input has room for, and tokens that are generated.
PROMPT, NEW, FORCED = 32, 96, 64


def build(source):
    dim, hidden, layers, heads, kv_heads, vocabulary, context = struct.unpack_from("<7i", source)
    assert vocabulary > 0, "a negative size means a classifier of its own"
    head = dim // heads
    kv = kv_heads * head
    # The order of llama2.c's `memory_map_weights`.
    shapes = {
        "embedding": [vocabulary, dim],
        "attention_norm": [layers, dim],
        "query": [layers, dim, dim],
        "key": [layers, kv, dim],
        "value": [layers, kv, dim],
        "output": [layers, dim, dim],
        "feed_norm": [layers, dim],
        "gate": [layers, hidden, dim],
        "down": [layers, dim, hidden],
        "up": [layers, hidden, dim],
        "last_norm": [dim],
        "cos": [context, head // 2],
        "sin": [context, head // 2],
    }
    at, tensors = 28, {}
    for name, shape in shapes.items():
        count = 4
        for length in shape:
            count *= length
        tensors[name] = (shape, source[at : at + count])
        at += count
    assert at == len(source), (at, len(source))
    # Positions are used before the layers; the last norm comes last.
    order = ["embedding", "cos", "sin", *list(shapes)[1:11]]
    sizes = dict(
        dim=dim,
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        vocabulary=vocabulary,
        context=context,
        epsilon=1e-5,
        begin=1,
    )
    told = dict(
        licence="MIT", origin=ORIGIN, source_sha256=hashlib.sha256(source).hexdigest()
    )

    def program(name, **task):
        program = {"format": 1, "name": name, "architecture": "llama", **told, **task, **sizes}
        return json.dumps(program, separators=(",", ":"))

    header = {
        "__metadata__": {
            "network": program(NAME, task="generate", tokens=PROMPT, new_tokens=NEW),
            "network_logits": program(f"{NAME}-logits", task="logits", tokens=FORCED),
        }
    }
    blobs, at = [], 0
    for name in order:
        shape, blob = tensors[name]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(blobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    blob, path = build(options.checkpoint.read_bytes()), HERE / f"{NAME}.safetensors"
    print(hashlib.sha256(blob).hexdigest(), len(blob), path.name)
    if not options.check:
        path.write_bytes(blob)
    elif path.read_bytes() != blob:
        sys.exit(f"{path.name} is not what the checkpoint gives")


if __name__ == "__main__":
    main()
