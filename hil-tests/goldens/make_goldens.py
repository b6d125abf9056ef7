#!/usr/bin/env python3
"""Writes `golden.toml`, and on request `outputs.safetensors`, of each golden beside this script.

The inputs are kept as they are. README.md describes the files and each key.

    pip install onnxruntime==1.32.0 numpy safetensors==0.8.0
    python make_goldens.py           # golden.toml from the outputs that are there
    python make_goldens.py --run     # runs onnxruntime first and writes new outputs
    python make_goldens.py --check   # writes nothing, fails where a golden.toml differs

New outputs or a looser comparator are a change to review: `git diff` shows old and new numbers.
"""

import argparse
import hashlib
import json
import pathlib
import sys

import numpy as np
import safetensors.numpy

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent.parent / "drivers" / "models"
# Models that no board of ours has in its flash: wirings name their files.
OTHERS = HERE.parent / "models"

RUNTIME = "onnxruntime"
VERSION = "1.32.0"
# When the outputs were made, and by whom; not when this script ran.
MADE_ON = "2026-11-27"
MADE_BY = "bench engineers"

# Relative tolerance of the ONNX backend tests.
RTOL = 1e-3
# Absolute tolerance: this many noise floors, or this part of the largest output.
FLOORS = 4
PART = 1e-5

GOLDENS = [
    {
        "name": "cloud-mask",
        "model": "eo-cloudnet-tiny",
        "dialect": f"fp32/{RUNTIME}-{VERSION}-cpu",
        "licence": "Apache-2.0",
        "task": "clear sky, cloud or cloud shadow for each pixel of a multispectral chip",
        "inputs_from": (
            "top-of-atmosphere reflectance of the test chips sentinel2, landsat5 and landsat7 of "
            "github.com/dlr-eoc/ukis-csmask commit bcd8ea0e (Apache-2.0), rows and columns 256 to "
            "511, which the training never saw; normalised (x - mean) / std"
        ),
        "input_layout": "NCHW; bands blue, green, red, nir, swir16, swir22",
        "output_layout": "NCHW; logits of clear, cloud, cloud shadow",
        "classes": ["clear", "cloud", "cloud shadow"],
        # Largest difference on these inputs between onnxruntime 1.32.0 and each of tract-onnx
        # 0.23.9 and rten 0.27.0.
        "noise_floor": 1.1444091796875e-05,
        "noise_floor_from": "onnxruntime 1.32.0 against tract-onnx 0.23.9 and rten 0.27.0",
        "kind": "tolerance",
    },
    {
        "name": "keyword-spotting",
        "model": "mlperf-tiny-kws",
        "dialect": f"int8-qlinear/{RUNTIME}-{VERSION}",
        "licence": "Apache-2.0",
        "task": "which of twelve words is spoken in one second of sound",
        "inputs_from": (
            "the sample of the reference submission of github.com/mlcommons/tiny commit 1afd2c98 "
            "(Apache-2.0) and variants of it: shifted in time, with noise on the MFCCs, seed "
            "20250101; some near ties on purpose, so no measure of accuracy"
        ),
        "input_layout": "NHWC; 49 time frames of 10 MFCCs, one channel; scale 0.5847029, zero 83",
        "output_layout": "logits of 12 classes; scale 0.14469251, zero 14",
        "noise_floor": 0.0,
        "noise_floor_from": "onnxruntime 1.32.0 against tract-onnx 0.23.9: no bit differs",
        "kind": "bit-exact",
    },
    *(
        {
            "name": name,
            "model": f"mlperf-tiny-{model}",
            "dialect": f"int8-qlinear/{RUNTIME}-{VERSION}",
            "licence": "Apache-2.0",
            "task": task,
            "inputs_from": f"{inputs} of github.com/mlcommons/tiny commit 1afd2c98 (Apache-2.0){more}",
            "input_layout": input_layout,
            "output_layout": output_layout,
            "noise_floor": 0.0,
            "noise_floor_from": "onnxruntime 1.32.0 against tract-onnx 0.23.9: no bit differs",
            "kind": "bit-exact",
        }
        for name, model, task, inputs, more, input_layout, output_layout in [
            (
                "anomaly-detection",
                "ad",
                "how the spectrum of a machine's sound should be, so that its distance tells a fault",
                "log-mel windows of the clip normal_id_01_00000000",
                "",
                "5 frames of 128 log-mel bands; scale 0.3910152, zero 89",
                "the same, reconstructed; scale 0.3644985, zero 96",
            ),
            (
                "image-classification",
                "ic",
                "which of ten classes a small picture shows",
                "the sample image of the reference submission",
                ", and textures of limited bandwidth from a seed; out of distribution on purpose, so no "
                "measure of accuracy",
                "NHWC; red, green, blue; scale 1, zero -128",
                "logits of 10 classes",
            ),
            (
                "wakeword",
                "sww",
                "whether a stream of sound holds the wakeword",
                "calibration spectrograms",
                "",
                "30 frames of 40 log-mel bands; scale 0.003701043, zero -128",
                "logits of wakeword, silence and others",
            ),
            (
                "person-detection",
                "vww",
                "whether a picture shows a person",
                "the grey sample images",
                ", shifted copies, and textures from a seed",
                "NHWC; red, green, blue; scale 0.003921569, zero -128",
                "logits of 2 classes",
            ),
        ]
    ),
    {
        "name": "cloud-mask-int8",
        "model": "eo-cloudnet-tiny-int8",
        "other": True,
        "dialect": f"int8-qdq/{RUNTIME}-{VERSION}-cpu",
        "licence": "Apache-2.0",
        "task": "clear sky, cloud or cloud shadow for each pixel of a multispectral chip",
        "inputs_from": "chips 0, 2 and 4 of the golden cloud-mask",
        "input_layout": "NCHW; bands blue, green, red, nir, swir16, swir22",
        "output_layout": "NCHW; logits of clear, cloud, cloud shadow; a step is 0.116",
        "classes": ["clear", "cloud", "cloud shadow"],
        # Two steps of the last quantisation, on 0.06 % of the values.
        "noise_floor": 0.2323741912841797,
        "noise_floor_from": "onnxruntime 1.32.0 against tract-onnx 0.23.9 and rten 0.27.0",
        "kind": "tolerance",
    },
    *(
        {
            "name": f"{like}-fp32",
            "model": f"mlperf-tiny-{model}-fp32",
            "other": True,
            "dialect": f"fp32/{RUNTIME}-{VERSION}-cpu",
            "licence": "Apache-2.0",
            "task": task,
            "inputs_from": f"the inputs of the golden {like} before their quantisation",
            "input_layout": input_layout,
            "output_layout": output_layout,
            "noise_floor": floor,
            "noise_floor_from": "onnxruntime 1.32.0 against tract-onnx 0.23.9 and rten 0.27.0",
            "kind": "tolerance",
        }
        for like, model, task, input_layout, output_layout, floor in [
            (
                "anomaly-detection",
                "ad",
                "how the spectrum of a machine's sound should be, so that its distance tells a fault",
                "5 frames of 128 log-mel bands",
                "the same, reconstructed",
                0.000835418701171875,
            ),
            (
                "image-classification",
                "ic",
                "which of ten classes a small picture shows",
                "NHWC; red, green, blue, from 0 to 255",
                "logits of 10 classes",
                1.8596649169921875e-05,
            ),
            (
                "keyword-spotting",
                "kws",
                "which of twelve words is spoken in one second of sound",
                "NHWC; 49 time frames of 10 MFCCs, one channel",
                "logits of 12 classes",
                5.7220458984375e-06,
            ),
            (
                "person-detection",
                "vww",
                "whether a picture shows a person",
                "NHWC; red, green, blue, from 0 to 1",
                "logits of 2 classes",
                7.301568984985352e-07,
            ),
        ]
    ),
]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source(golden):
    """The ONNX file that onnxruntime runs."""
    return (OTHERS if "other" in golden else MODELS) / f"{golden['model']}.onnx"


def model(golden):
    """What a board loads, and where that came from."""
    if "other" in golden:
        path = source(golden)
        return {"file": text(path.name), "sha256": text(sha256(path))}
    path = MODELS / f"{golden['model']}.safetensors"
    return {
        "file": text(path.name),
        "sha256": text(sha256(path)),
        "source": text(source(golden).name),
        "source_sha256": text(sha256(source(golden))),
    }


def run(model, inputs):
    """The outputs by onnxruntime, one sample at a time on one thread."""
    import onnxruntime

    assert onnxruntime.__version__ == VERSION, onnxruntime.__version__
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(model), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: x[None]})[0] for x in inputs])


def margins(logits):
    """By how much the best class beats the second best: [samples, decisions per sample]."""
    classes = np.moveaxis(logits.astype(np.float64), 1, -1).reshape(len(logits), -1, logits.shape[1])
    best = np.sort(classes, axis=-1)
    return best[..., -1] - best[..., -2]


def number(value):
    """A TOML float that reads back as the same one."""
    return repr(float(value))


def text(value):
    return json.dumps(value, ensure_ascii=False)


def table(header, **keys):
    return [f"[{header}]", *(f"{key} = {value}" for key, value in keys.items()), ""]


def listed(values):
    return "[\n" + "".join(f"  {number(value)},\n" for value in values) + "]"


def tensor(path, array, layout):
    dtype = {"float32": "f32", "int8": "i8"}[array.dtype.name]
    return {
        "file": text(path.name),
        "sha256": text(sha256(path)),
        "tensor": text(path.stem.removesuffix("s")),
        "dtype": text(dtype),
        "shape": list(array.shape[1:]),
        "layout": text(layout),
    }


def classes(golden):
    """What the classes of an output are called, where they have names."""
    return {"classes": text(golden["classes"])} if "classes" in golden else {}


def comparator(golden, largest):
    if golden["kind"] == "bit-exact":
        return table("comparator", kind=text("bit-exact"))
    atol = max(FLOORS * golden["noise_floor"], PART * largest)
    return [
        *table(
            "comparator",
            kind=text("tolerance"),
            rtol=number(RTOL),
            atol=number(round_down(atol)),
            largest_output=number(largest),
        ),
        *mask(golden),
    ]


def mask(golden):
    """What the mask of an output that is one must reach."""
    if "classes" not in golden:
        return []
    return table("comparator.mask", min_class_agreement="0.999", min_iou="0.99")


def round_down(value):
    """To three significant digits: a limit is no measurement, and never looser than its rule."""
    exponent = int(np.floor(np.log10(value))) - 2
    return float(f"{int(value / 10.0**exponent)}e{exponent}")


def manifest(golden, folder):
    paths = [folder / "inputs.safetensors", folder / "outputs.safetensors"]
    inputs = safetensors.numpy.load_file(paths[0])["input"]
    outputs = safetensors.numpy.load_file(paths[1])["output"]
    exact = golden["kind"] == "bit-exact"
    margin = margins(outputs)
    undecidable = FLOORS * golden["noise_floor"]
    smallest = margin.min(axis=1)
    lines = [
        "# Written by make_goldens.py; README.md describes each key.",
        f"name = {text(golden['name'])}",
        f"state = {text('accepted')}",
        f"task = {text(golden['task'])}",
        f"dialect = {text(golden['dialect'])}",
        f"licence = {text(golden['licence'])}",
        f"samples = {len(inputs)}",
        f"noise_floor = {number(golden['noise_floor'])}",
        f"noise_floor_from = {text(golden['noise_floor_from'])}",
        "",
        *table(
            "model",
            name=text(golden["model"]),
            **model(golden),
        ),
        *table(
            "provenance",
            runtime=text(RUNTIME),
            version=text(VERSION),
            threads=1,
            made_by=text(MADE_BY),
            date=text(MADE_ON),
            inputs_from=text(golden["inputs_from"]),
        ),
        *table("input", **tensor(paths[0], inputs, golden["input_layout"])),
        *table("output", **tensor(paths[1], outputs, golden["output_layout"]), **classes(golden)),
        *comparator(golden, float(np.abs(outputs).max())),
    ]
    # A picture of its input decides nothing.
    if not golden["name"].startswith("anomaly-detection"):
        lines += table(
            "margins",
            unit=text("lsb" if exact else "logit"),
            undecidable_up_to=number(undecidable),
            smallest=listed(smallest),
            undecidable=(margin <= undecidable).sum(axis=1).tolist(),
        )
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", action="store_true", help="make new outputs first")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    for golden in GOLDENS:
        folder = HERE / golden["name"]
        if options.run:
            inputs = safetensors.numpy.load_file(folder / "inputs.safetensors")["input"]
            outputs = {"output": run(source(golden), inputs)}
            safetensors.numpy.save_file(outputs, folder / "outputs.safetensors")
        written, path = manifest(golden, folder), folder / "golden.toml"
        if not options.check:
            path.write_text(written)
        elif path.read_text() != written:
            sys.exit(f"{path} is not what its files give")


if __name__ == "__main__":
    main()
