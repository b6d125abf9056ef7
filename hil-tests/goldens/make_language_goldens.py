#!/usr/bin/env python3
"""Writes the goldens `story-generation` and `story-logits` beside this script.

    pip install onnxruntime==1.32.0 numpy safetensors==0.8.0
    python make_language_goldens.py MODEL_ONNX TOKENS_JSON TOKENIZER

`MODEL_ONNX` is an export of stories260K: token numbers i64 [1, T] to logits f32 [1, T, 512].
`TOKENS_JSON` has prompts with their tokens, and the tokens that an implementation in numpy generates
for each, greedily. `TOKENIZER` is llama2.c's `tok512.bin`. README.md describes what is written.
"""

import argparse
import hashlib
import json
import pathlib
import struct
import sys

import numpy as np
import onnxruntime
import safetensors.numpy

HERE = pathlib.Path(__file__).parent
MODEL = HERE.parent.parent / "drivers" / "models" / "stories260k.safetensors"
VERSION = "1.32.0"
MADE_ON = "2026-11-27"
# Largest difference of a logit on these texts between onnxruntime, numpy, tract and rten.
FLOOR = 2.2e-5
PROMPT, NEW, FORCED = 32, 96, 64
# Texts whose logits are kept: with the clearest and with the closest decisions.
KEPT = [0, 3, 5, 7]


def session(path):
    assert onnxruntime.__version__ == VERSION, onnxruntime.__version__
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def logits(model, ids):
    name = model.get_inputs()[0].name
    return model.run(None, {name: np.array([ids], dtype=np.int64)})[0][0]


def pieces(path):
    """The text of each token; what is no printable text stays as the tokenizer spells it."""
    data, at, found = path.read_bytes(), 4, []
    while at < len(data):
        _score, length = struct.unpack_from("<fi", data, at)
        piece = data[at + 8 : at + 8 + length]
        at += 8 + length
        text = piece.decode("utf-8", "replace")
        if text.startswith("<0x") and text.endswith(">"):
            byte = int(text[3:-1], 16)
            text = chr(byte) if byte == 10 or 32 <= byte < 127 else text
        found.append(text)
    # Unknown, begin and end.
    found[0:3] = ["<unk>", "<s>", "</s>"]
    return found


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def text(value):
    return json.dumps(value, ensure_ascii=False)


def table(header, **keys):
    return [f"[{header}]", *(f"{key} = {value}" for key, value in keys.items()), ""]


def lead(row):
    best = np.sort(row.astype(np.float64))
    return best[-1] - best[-2]


def write(golden, inputs, outputs, comparator, smallest, vocabulary):
    folder = HERE / golden["name"]
    folder.mkdir(exist_ok=True)
    paths = [folder / "inputs.safetensors", folder / "outputs.safetensors"]
    safetensors.numpy.save_file({"input": inputs}, paths[0])
    safetensors.numpy.save_file({"output": outputs}, paths[1])
    words = folder / "vocabulary.json"
    words.write_text(json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n")
    dtypes = {"float32": "f32", "int32": "i32"}

    def tensor(path, array, layout):
        return {
            "file": text(path.name),
            "sha256": text(sha256(path)),
            "tensor": text(path.stem.removesuffix("s")),
            "dtype": text(dtypes[array.dtype.name]),
            "shape": list(array.shape[1:]),
            "layout": text(layout),
        }

    lines = [
        "# Written by make_language_goldens.py; README.md describes each key.",
        f"name = {text(golden['name'])}",
        f"state = {text('accepted')}",
        f"task = {text(golden['task'])}",
        f"dialect = {text(f'fp32/onnxruntime-{VERSION}-cpu')}",
        f"licence = {text('MIT')}",
        f"samples = {len(inputs)}",
        f"noise_floor = {FLOOR!r}",
        f"noise_floor_from = {text('onnxruntime 1.32.0 against numpy, tract-onnx 0.23.9 and rten 0.27.0')}",
        "",
        *table(
            "model",
            name=text(golden["model"]),
            file=text(MODEL.name),
            sha256=text(sha256(MODEL)),
        ),
        *table(
            "provenance",
            runtime=text("onnxruntime"),
            version=text(VERSION),
            threads=1,
            made_by=text("bench engineers"),
            date=text(MADE_ON),
            inputs_from=text(golden["inputs_from"]),
        ),
        *table("input", **tensor(paths[0], inputs, golden["input_layout"])),
        *table("output", **tensor(paths[1], outputs, golden["output_layout"])),
        *table("comparator", **comparator),
        *table("vocabulary", file=text(words.name), sha256=text(sha256(words))),
        *table(
            "margins",
            unit=text("logit"),
            undecidable_up_to=4 * FLOOR,
            smallest="[\n" + "".join(f"  {float(value)!r},\n" for value in smallest) + "]",
        ),
    ]
    (folder / "golden.toml").write_text("\n".join(lines).rstrip() + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("tokens", type=pathlib.Path)
    parser.add_argument("tokenizer", type=pathlib.Path)
    options = parser.parse_args()
    model = session(options.model)
    vocabulary = pieces(options.tokenizer)
    texts = json.loads(options.tokens.read_text())["sequences"]
    prompts = np.full((len(texts), PROMPT), -1, dtype=np.int32)
    answers = np.zeros((len(texts), NEW), dtype=np.int32)
    smallest = []
    for place, one in enumerate(texts):
        given, told = one["prompt_tokens"], one["greedy_tokens"]
        prompts[place, : len(given)] = given
        answers[place] = told
        rows = logits(model, given + told)[len(given) - 1 : -1]
        if rows.argmax(axis=1).tolist() != told:
            sys.exit(f"{one['prompt']!r}: onnxruntime generates other tokens")
        smallest.append(min(lead(row) for row in rows))
    write(
        {
            "name": "story-generation",
            "model": "stories260k",
            "task": "the 96 tokens that follow a prompt, greedily",
            "inputs_from": "prompts for stories, from none to eleven tokens; the token 1 begins each",
            "input_layout": "tokens, then -1 up to the end",
            "output_layout": "tokens",
        },
        prompts,
        answers,
        {"kind": text("tokens"), "max_edits": 0},
        smallest,
        vocabulary,
    )
    forced = np.array(
        [(texts[k]["prompt_tokens"] + texts[k]["greedy_tokens"])[:FORCED] for k in KEPT],
        dtype=np.int32,
    )
    rows = np.stack([logits(model, ids.tolist()) for ids in forced])
    write(
        {
            "name": "story-logits",
            "model": "stories260k-logits",
            "task": "how likely each token of a given text is, after those before it",
            "inputs_from": "four prompts and what the model itself says to them, 64 tokens each",
            "input_layout": "tokens",
            "output_layout": "for each token the logits of the one after it",
        },
        forced,
        rows,
        {
            "kind": text("teacher-forced"),
            "max_mean_kl": 1e-6,
            "min_top1": 1.0,
            "max_nll_increase": 1e-4,
        },
        [min(lead(row) for row in one) for one in rows],
        vocabulary,
    )


if __name__ == "__main__":
    main()
