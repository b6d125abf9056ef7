#!/usr/bin/env python3
"""Writes the goldens `story-generation` and `story-logits` beside this script, and those of the same
model in bf16 and in int8.

    pip install onnx==1.23.2 onnxruntime==1.32.0 ml_dtypes==0.6.0 numpy safetensors==0.8.0
    python make_language_goldens.py MODEL_ONNX TOKENS_JSON TOKENIZER

`MODEL_ONNX` is an export of stories260K: token numbers i64 [1, T] to logits f32 [1, T, 512].
`TOKENS_JSON` has prompts with their tokens, and the tokens that an implementation in numpy generates
for each, greedily. `TOKENIZER` is llama2.c's `tok512.bin`. README.md describes what is written.

The other precisions are changes of the graph that onnxruntime runs, by the rules of `drivers/models/README.md`:

- bf16: each parameter but the rotary angles is rounded to bf16; all arithmetic is in single precision.
- int8: each matrix becomes bytes, one scale for each output; what it is multiplied with becomes bytes too,
  one scale for each token; `MatMulInteger` adds up in 32 bits. All else is as in fp32.
"""

import argparse
import hashlib
import json
import pathlib
import struct
import sys

import ml_dtypes
import numpy as np
import onnx
import onnx.reference
import onnxruntime
from onnx import helper, numpy_helper
import safetensors.numpy

HERE = pathlib.Path(__file__).parent
MODEL = HERE.parent.parent / "drivers" / "models" / "stories260k.safetensors"
VERSION = "1.32.0"
MADE_ON = "2026-11-27"
# Largest difference of a logit on the kept texts: in fp32 between onnxruntime, numpy, tract and rten, else
# between onnxruntime and the reference evaluator of onnx, which is numpy; in int8 one activation that is
# rounded to the other neighbour makes all the difference. Measured here, and the script fails where it is more.
FLOORS = {"fp32": 2.2e-5, "bf16": 3e-5, "int8": 0.02}
FLOORS_FROM = {
    "fp32": "onnxruntime 1.32.0 against numpy, tract-onnx 0.23.9 and rten 0.27.0",
    "bf16": "onnxruntime 1.32.0 against the reference evaluator of onnx 1.23.2",
    "int8": "onnxruntime 1.32.0 against the reference evaluator of onnx 1.23.2",
}
PROMPT, NEW, FORCED = 32, 96, 64
SUFFIX = {"fp32": "", "bf16": "-bf16", "int8": "-int8"}
# Texts whose logits are kept: with the clearest and with the closest decisions.
KEPT = [0, 3, 5, 7]


# Prompts that another correct implementation continues with other tokens. In int8 a sum that is rounded in another
# order moves an activation to its other neighbour, and a logit by some hundredths: onnxruntime and an implementation
# in numpy, which goes token by token with part sums in eight lanes, part at token 25 of this one, where the best
# leads by 0.025.
LEFT_OUT = {"int8": ['"I am sad," said']}


def is_matrix(name):
    return name[0] == "w"


def in_bf16(model):
    for tensor in model.graph.initializer:
        real = numpy_helper.to_array(tensor)
        parameter = real.dtype == np.float32 and real.ndim > 0 and tensor.name not in ("cos", "sin", "half0")
        if parameter and tensor.name != "i0":
            rounded = real.astype(ml_dtypes.bfloat16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))


def steps(real, axis):
    """Bytes and scales, one for all along an axis."""
    scale = np.abs(real).max(axis=axis, keepdims=True) / np.float32(127)
    return np.rint(real / scale).astype(np.int8), scale.astype(np.float32)


def in_int8(model):
    graph, new = model.graph, []
    held = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    kept = [t for t in graph.initializer if not is_matrix(t.name) and t.name != "emb"]
    bytes_, scale = steps(held["emb"], 1)
    kept.append(numpy_helper.from_array(bytes_.astype(np.float32) * scale, "emb"))
    kept.append(numpy_helper.from_array(np.float32(127), "most"))
    kept.append(numpy_helper.from_array(np.array([-1], dtype=np.int64), "last"))
    for node in graph.node:
        if node.op_type != "MatMul" or not is_matrix(node.input[1]) or node.input[1] not in held:
            new.append(node)
            continue
        x, weight, out = node.input[0], node.input[1], node.output[0]
        bytes_, scale = steps(held[weight], 0)
        kept += [numpy_helper.from_array(bytes_, weight), numpy_helper.from_array(scale, f"{weight}_scale")]

        def step(op, inputs, name, **attributes):
            name = f"{out}/{name}" if name else out
            new.append(helper.make_node(op, inputs, [name], name=name, **attributes))
            return name

        size = step("ReduceMax", [step("Abs", [x], "size"), "last"], "largest", keepdims=1)
        unit = step("Div", [size, "most"], "unit")
        near = step("Round", [step("Div", [x, unit], "ratio")], "near")
        left = step("Cast", [near], "steps", to=onnx.TensorProto.INT8)
        total = step("Cast", [step("MatMulInteger", [left, weight], "total")], "real", to=onnx.TensorProto.FLOAT)
        step("Mul", [total, step("Mul", [unit, f"{weight}_scale"], "scale")], "")
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(new)


def variant(path, precision):
    model = onnx.load(path)
    {"fp32": lambda _: None, "bf16": in_bf16, "int8": in_int8}[precision](model)
    onnx.checker.check_model(model)
    return model


def session(model):
    assert onnxruntime.__version__ == VERSION, onnxruntime.__version__
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    data = model.SerializeToString()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def logits(model, ids):
    name = model.get_inputs()[0].name
    return model.run(None, {name: np.array([ids], dtype=np.int64)})[0][0]


def greedily(model, given):
    """What the model says, and the leads of its decisions."""
    ids, leads = list(given), []
    for _ in range(NEW):
        row = logits(model, ids)[-1]
        ids.append(int(row.argmax()))
        leads.append(lead(row))
    return ids[len(given) :], min(leads)


def drift(ours, theirs, texts):
    """How far logits for given texts are from those of fp32: what `teacher-forced` measures."""

    def log_softmax(rows):
        rows = rows.astype(np.float64)
        return rows - rows.max(-1, keepdims=True) - np.log(np.exp(rows - rows.max(-1, keepdims=True)).sum(-1, keepdims=True))

    a, g = log_softmax(ours), log_softmax(theirs)
    nll = [-np.take_along_axis(side[:, :-1], texts[:, 1:, None].astype(np.int64), 2).mean() for side in (a, g)]
    return {
        "mean_kl": float((np.exp(g) * (g - a)).sum(-1).mean()),
        "top1": float((a.argmax(-1) == g.argmax(-1)).mean()),
        "nll_increase": float(nll[0] / nll[1] - 1),
    }


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


def dialect(precision):
    schemes = {"fp32": "fp32", "bf16": "bf16-weights-fp32", "int8": "int8-per-row-dynamic-per-token"}
    return f"{schemes[precision]}/onnxruntime-{VERSION}-cpu"


def write(golden, inputs, outputs, comparator, smallest, vocabulary):
    folder, precision = HERE / golden["name"], golden["precision"]
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
        f"dialect = {text(dialect(precision))}",
        f"licence = {text('MIT')}",
        f"samples = {len(inputs)}",
        f"noise_floor = {FLOORS[precision]!r}",
        f"noise_floor_from = {text(FLOORS_FROM[precision])}",
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
        *(table("drift", reference=text("story-logits"), **golden["drift"]) if "drift" in golden else []),
        *table("vocabulary", file=text(words.name), sha256=text(sha256(words))),
        *table(
            "margins",
            unit=text("logit"),
            undecidable_up_to=4 * FLOORS[precision],
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
    vocabulary = pieces(options.tokenizer)
    texts = json.loads(options.tokens.read_text())["sequences"]
    forced = [(one["prompt_tokens"] + one["greedy_tokens"])[:FORCED] for one in texts]
    forced = np.array(forced, dtype=np.int32)
    plain = None
    for precision in FLOORS:
        graph = variant(options.model, precision)
        model = session(graph)
        rows = np.stack([logits(model, ids.tolist()) for ids in forced])
        far = floor(graph, model, rows, forced)
        print(precision, "floor", far)
        if precision != "fp32" and far > FLOORS[precision]:
            sys.exit(f"{precision}: runtimes differ by {far}, more than {FLOORS[precision]}")
        plain = rows if plain is None else plain
        stories(precision, model, texts, vocabulary)
        shares(precision, rows, plain, forced, vocabulary)


def floor(graph, model, rows, forced):
    """The largest difference of a logit from those of numpy."""
    reference = onnx.reference.ReferenceEvaluator(graph)
    name = model.get_inputs()[0].name
    other = [reference.run(None, {name: forced[k : k + 1].astype(np.int64)})[0][0] for k in KEPT]
    return float(np.abs(rows[KEPT] - np.stack(other)).max())


def stories(precision, model, texts, vocabulary):
    """Prompts, and what the model says to them."""
    texts = [one for one in texts if one["prompt"] not in LEFT_OUT.get(precision, [])]
    prompts = np.full((len(texts), PROMPT), -1, dtype=np.int32)
    answers = np.zeros((len(texts), NEW), dtype=np.int32)
    smallest = []
    for place, one in enumerate(texts):
        given = one["prompt_tokens"]
        told, least = greedily(model, given)
        if precision == "fp32" and told != one["greedy_tokens"]:
            sys.exit(f"{one['prompt']!r}: onnxruntime generates other tokens")
        same = next((n for n, (a, b) in enumerate(zip(told, one["greedy_tokens"])) if a != b), NEW)
        print(precision, repr(one["prompt"]), "as in fp32 up to token", same, "smallest lead", least)
        prompts[place, : len(given)] = given
        answers[place] = told
        smallest.append(least)
    write(
        {
            "name": "story-generation" + SUFFIX[precision],
            "model": "stories260k" + SUFFIX[precision],
            "precision": precision,
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


def shares(precision, rows, plain, forced, vocabulary):
    """Given texts, and how likely each of their tokens is."""
    plainly = precision == "fp32"
    # Of the other precisions one text is kept: the one with the closest decisions.
    kept = KEPT if plainly else KEPT[1:2]
    golden = {
        "name": "story-logits" + SUFFIX[precision],
        "model": f"stories260k{SUFFIX[precision]}-logits",
        "precision": precision,
        "task": "how likely each token of a given text is, after those before it",
        "inputs_from": "four prompts and what the model itself says to them, 64 tokens each"
        if plainly
        else "a prompt and what the model says to it in fp32, 64 tokens",
        "input_layout": "tokens",
        "output_layout": "for each token the logits of the one after it",
    }
    if not plainly:
        golden["drift"] = drift(rows, plain, forced)
        print(precision, golden["drift"])
    # Within a dialect; an activation of int8 that falls to the other side moves a logit by a hundredth.
    limits = (1e-4, 0.98, 1e-3) if precision == "int8" else (1e-6, 1.0, 1e-4)
    write(
        golden,
        forced[kept],
        rows[kept],
        {
            "kind": text("teacher-forced"),
            "max_mean_kl": limits[0],
            "min_top1": limits[1],
            "max_nll_increase": limits[2],
        },
        [min(lead(row) for row in one) for one in rows[kept]],
        vocabulary,
    )


if __name__ == "__main__":
    main()
