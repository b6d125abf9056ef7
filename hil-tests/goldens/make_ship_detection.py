#!/usr/bin/env python3
"""Makes the workload `ship-detection`: scenes of the sea, a detector, and what it finds by onnxruntime.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy safetensors==0.8.0
    python make_ship_detection.py --train  # trains the detector anew: drivers/models/eo-shipnet-tiny.onnx
    python ../../drivers/models/convert.py # what emulated boards load of it
    python make_ship_detection.py          # scenes, outputs, truth and golden.toml
    python make_ship_detection.py --check  # writes nothing, fails where a file differs

Everything is made up from seeds: no picture of anybody's is in it. Training differs in the last places
from machine to machine, as its matrix products do; the network that is kept is the file. What is true of
the scenes stands apart in `truth.json`: a golden says what the network answers, and not what is right.
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
NAME = "eo-shipnet-tiny"
FOLDER = HERE / "ship-detection"
VERSION = "1.32.0"
MADE_ON = "2026-11-28"

SIDE, SCENES, SEED = 96, 24, 20261128
# Rows that an answer has; the step of the map; score from which a row is filled; cells that two
# ships are apart at least.
BOXES, STRIDE, CUT, APART = 8, 2, 0.3, 2
# Half the side that sizes are learnt in, pixels.
UNIT = 8.0
# Score from which the golden asks for a box.
ASKED = 0.5
# Largest difference of any number above the cut between onnxruntime and numpy in double precision;
# --check measures it and fails where it is more.
FLOOR = 2e-5


# --- Scenes -------------------------------------------------------------------------------------


def smooth(random, side, period):
    """Noise without structure finer than about `period` pixels, mean 0 and deviation 1."""
    frequency = np.fft.fftfreq(side)
    distance = np.hypot(frequency[:, None], frequency[None, :])
    spectrum = np.fft.fft2(random.standard_normal((side, side)))
    field = np.fft.ifft2(spectrum * np.exp(-((distance * period) ** 2))).real
    return (field - field.mean()) / field.std()


def ship(scene, random, taken):
    """Draws one where none is yet; its box, or None where there is no room."""
    side = len(scene)
    for _ in range(20):
        length, width = random.uniform(7, 15), random.uniform(3, 4.5)
        x, y = random.uniform(9, side - 9, 2)
        if all(np.hypot(x - a, y - b) > 18 for a, b in taken):
            break
    else:
        return None
    taken.append((x, y))
    heading = random.uniform(0, np.pi)
    c, s = np.cos(heading), np.sin(heading)
    # Four by four parts of each pixel, so that hulls have soft edges.
    parts = (np.arange(side * 4) + 0.5) / 4
    dx, dy = parts[None, :] - x, parts[:, None] - y
    along, across = dx * c + dy * s, -dx * s + dy * c
    hull = (np.abs(along) < length / 2) & (np.abs(across) < width / 2 * (1 - (2 * along / length) ** 4))
    cover = hull.reshape(side, 4, side, 4).mean(axis=(1, 3))
    scene += cover * (random.uniform(0.25, 0.55) - 0.02)
    wake = (along < -length / 2) & (along > -length * 1.6) & (np.abs(across) < width / 3)
    scene += wake.reshape(side, 4, side, 4).mean(axis=(1, 3)) * 0.05
    half = (abs(c) * length + abs(s) * width * 0.8) / 2, (abs(s) * length + abs(c) * width * 0.8) / 2
    return [x - half[0], y - half[1], x + half[0], y + half[1]]


def scene(random, side, ships=None):
    """Reflectance as bytes from -128 (none) to 127 (all), and the boxes of the ships."""
    sea = random.uniform(0.06, 0.14) + 0.012 * smooth(random, side, random.uniform(3, 8))
    sea += 0.01 * random.standard_normal((side, side))
    boxes, taken = [], []
    for _ in range(random.integers(0, 7) if ships is None else ships):
        box = ship(sea, random, taken)
        if box is not None:
            boxes.append(box)
    if random.random() < 0.6:
        # Thin cloud over everything, ships too: bright, and without edges as sharp as a hull's.
        cloud = np.clip(smooth(random, side, random.uniform(14, 26)) - random.uniform(0.4, 1.2), 0, 1.5)
        veil = 0.35 * cloud
        sea = sea * (1 - veil) + 0.7 * veil
    counts = np.clip(np.rint(sea * 255) - 128, -128, 127)
    return counts.astype(np.int8), boxes


def scenes():
    random = np.random.default_rng(SEED)
    # Each number of ships from 0 to 6 comes, in an order that does not tell.
    counts = random.permutation([number % 7 for number in range(SCENES)])
    made = [scene(random, SIDE, int(count)) for count in counts]
    return np.stack([one for one, _ in made])[:, None], [boxes for _, boxes in made]


# --- The network, in numpy ----------------------------------------------------------------------

# Kernel, inputs, outputs, stride, dilation.
LAYERS = [(3, 1, 8, STRIDE, 1), (3, 8, 12, 1, 1), (3, 12, 12, 1, 2), (3, 12, 12, 1, 1), (1, 12, 5, 1, 1)]


def pad_of(kernel, dilation):
    return dilation * (kernel // 2)


def columns(x, layer):
    """The patches under a kernel: [batch, inputs * kernel², pixels], and the padded shape."""
    kernel, inputs, _outputs, stride, dilation = layer
    pad = pad_of(kernel, dilation)
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows = (x.shape[2] - dilation * (kernel - 1) - 1) // stride + 1
    taps = [
        x[:, :, i * dilation : i * dilation + stride * rows : stride, j * dilation : j * dilation + stride * rows : stride]
        for i in range(kernel)
        for j in range(kernel)
    ]
    patches = np.stack(taps, axis=2).reshape(len(x), inputs * kernel**2, rows * rows)
    return patches, x.shape, rows


def forward(x, parameters):
    kept = []
    for number, (layer, (weight, bias)) in enumerate(zip(LAYERS, parameters)):
        patches, shape, rows = columns(x, layer)
        y = weight.reshape(len(weight), -1) @ patches + bias[:, None]
        last = number == len(LAYERS) - 1
        y = y if last else np.maximum(y, 0)
        kept.append((patches, shape, y))
        x = y.reshape(len(x), -1, rows, rows)
    return x, kept


def backward(slope, kept, parameters):
    slopes = []
    slope = slope.reshape(len(slope), slope.shape[1], -1)
    for number in reversed(range(len(LAYERS))):
        kernel, inputs, _outputs, stride, dilation = LAYERS[number]
        patches, shape, y = kept[number]
        weight, _ = parameters[number]
        if number < len(LAYERS) - 1:
            slope = slope * (y > 0)
        by_weight = np.einsum("bop,bip->oi", slope, patches, optimize=True)
        slopes.append((by_weight.reshape(weight.shape), slope.sum(axis=(0, 2))))
        if number == 0:
            break
        back = weight.reshape(len(weight), -1).T @ slope
        rows = int(np.sqrt(back.shape[-1]))
        back = back.reshape(len(slope), inputs, kernel**2, rows, rows)
        x = np.zeros(shape, dtype=slope.dtype)
        for tap in range(kernel**2):
            i, j = tap // kernel * dilation, tap % kernel * dilation
            x[:, :, i : i + stride * rows : stride, j : j + stride * rows : stride] += back[:, :, tap]
        pad = pad_of(kernel, dilation)
        x = x[:, :, pad : shape[2] - pad, pad : shape[3] - pad]
        slope = x.reshape(len(x), inputs, -1)
    return slopes[::-1]


def target(boxes, side):
    """Heat, offsets, sizes, and where each counts."""
    cells = side // STRIDE
    heat, counts = np.zeros((cells, cells)), np.ones((cells, cells))
    numbers, here = np.zeros((4, cells, cells)), np.zeros((cells, cells))
    for left, top, right, bottom in boxes:
        x, y = (left + right) / 2 / STRIDE, (top + bottom) / 2 / STRIDE
        column, row = int(x), int(y)
        around = np.s_[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        # The neighbours of the middle may glow or not.
        counts[around] = 0
        for r in range(max(row - 1, 0), min(row + 2, cells)):
            for c in range(max(column - 1, 0), min(column + 2, cells)):
                numbers[:, r, c] = [x - c - 0.5, y - r - 0.5, (right - left) / 2 / UNIT, (bottom - top) / 2 / UNIT]
                here[r, c] = 1
        heat[row, column], counts[row, column] = 1, 12
    return heat, counts, numbers, here


def train(steps=4000, batch=6, side=64, pool=600):
    random = np.random.default_rng(SEED + 1)
    made = [scene(random, side, random.integers(0, 4)) for _ in range(pool)]
    scenes = np.stack([(one.astype(np.float32) + 128) / np.float32(255) for one, _ in made])[:, None]
    targets = [np.stack(it).astype(np.float32) for it in zip(*(target(boxes, side) for _, boxes in made))]
    parameters = [
        [
            (random.standard_normal((o, i, k, k)) * np.sqrt(2 / (i * k * k))).astype(np.float32),
            np.zeros(o, dtype=np.float32),
        ]
        for k, i, o, _, _ in LAYERS
    ]
    parameters[-1][1][0] = -4
    moments = [[[np.zeros_like(p), np.zeros_like(p)] for p in layer] for layer in parameters]
    for step in range(steps):
        drawn = random.choice(pool, batch, replace=False)
        heat, counts, numbers, here = (it[drawn] for it in targets)
        y, kept = forward(scenes[drawn], parameters)
        glow = 1 / (1 + np.exp(-y[:, 0]))
        slope = np.zeros_like(y)
        # Cross-entropy, and less weight on what is easy (focal loss, Lin et al. 2017, gamma 1).
        slope[:, 0] = (glow - heat) * counts * np.abs(glow - heat)
        far = (y[:, 1:] - numbers) * here[:, None]
        slope[:, 1:] = far
        if step % 500 == 0:
            print(step, float(np.abs(slope[:, 0]).mean()), float((far**2).sum() / max(here.sum(), 1)), flush=True)
        rate = 4e-3 * (1 - step / steps) + 1e-5
        for layer, slopes, moment in zip(parameters, backward(slope / batch, kept, parameters), moments):
            for place, (g, m) in enumerate(zip(slopes, moment)):
                m[0] = 0.9 * m[0] + 0.1 * g
                m[1] = 0.999 * m[1] + 0.001 * g * g
                first, second = m[0] / (1 - 0.9 ** (step + 1)), m[1] / (1 - 0.999 ** (step + 1))
                layer[place] = (layer[place] - rate * first / (np.sqrt(second) + 1e-8)).astype(np.float32)
    return parameters


# --- The network, as ONNX -----------------------------------------------------------------------


def to_onnx(parameters):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output] if isinstance(output, str) else output, name=attributes.pop("name", output if isinstance(output, str) else output[0]), **attributes))
        return output

    scale, zero = constant("scale", np.float32(1 / 255)), constant("zero", np.int8(-128))
    x = node("DequantizeLinear", ["counts", scale, zero], "light")
    for number, ((kernel, _, _, stride, dilation), (weight, bias)) in enumerate(zip(LAYERS, parameters)):
        pad = pad_of(kernel, dilation)
        names = [constant(f"weight{number}", weight), constant(f"bias{number}", bias)]
        x = node("Conv", [x, *names], f"conv{number}", kernel_shape=[kernel] * 2, pads=[pad] * 4, strides=[stride] * 2, dilations=[dilation] * 2)
        if number < len(LAYERS) - 1:
            x = node("Relu", [x], f"relu{number}")
    # The head: peaks of the heat, the hottest first, as rows of class, score and box.
    cells = SIDE // STRIDE

    def head(op, inputs, output, **attributes):
        return node(op, inputs, output, name=f"peaks/{output if isinstance(output, str) else output[0]}", **attributes)

    def i64(name, *values):
        return constant(name, np.array(values, dtype=np.int64))

    def f32(name, *values):
        return constant(name, np.array(values, dtype=np.float32))

    one = i64("axis1", 1)
    heat = head("Slice", [x, i64("h0", 0), i64("h1", 1), one], "heat")
    rest = head("Slice", [x, i64("r0", 1), i64("r1", 5), one], "rest")
    around = head("MaxPool", [heat], "around", kernel_shape=[2 * APART + 1] * 2, pads=[APART] * 4, strides=[1, 1])
    peak = head("Equal", [heat, around], "peak")
    kept = head("Where", [peak, heat, f32("never", -1e30)], "kept")
    flat = head("Reshape", [kept, i64("flat_shape", cells * cells)], "flat")
    head("TopK", [flat, i64("count", BOXES)], ["hottest", "places"], axis=0, largest=1, sorted=1)
    score = head("Sigmoid", ["hottest"], "score")
    numbers = head("Gather", [head("Reshape", [rest, i64("rest_shape", 4, cells * cells)], "rest_flat"), "places"], "numbers", axis=1)
    head("Split", [numbers, i64("each", 1, 1, 1, 1)], ["dx", "dy", "w", "h"], axis=0)
    width = i64("width", cells)
    at = {}
    for axis, op in [("x", "Mod"), ("y", "Div")]:
        place = head("Cast", [head(op, ["places", width], f"{axis}_cell")], f"{axis}_float", to=TensorProto.FLOAT)
        place = head("Unsqueeze", [place, i64(f"{axis}_axis", 0)], f"{axis}_row")
        place = head("Add", [place, f32(f"{axis}_half", 0.5)], f"{axis}_mid")
        place = head("Add", [place, f"d{axis}"], f"{axis}_moved")
        at[axis] = head("Mul", [place, f32(f"{axis}_stride", STRIDE)], f"{axis}_pixels")
    w, h = (head("Mul", [size, f32(f"{size}_unit", UNIT)], f"{size}_pixels") for size in "wh")
    corners = [
        head(op, [at[axis], size], f"{name}_row")
        for name, op, axis, size in [("left", "Sub", "x", w), ("top", "Sub", "y", h), ("right", "Add", "x", w), ("bottom", "Add", "y", h)]
    ]
    score_row = head("Unsqueeze", [score, i64("score_axis", 0)], "score_row")
    kind = head("Mul", [score_row, f32("no_class", 0)], "class_row")
    rows = head("Transpose", [head("Concat", [kind, score_row, *corners], "rows", axis=0)], "table", perm=[1, 0])
    enough = head("GreaterOrEqual", [head("Unsqueeze", [score, i64("enough_axis", 1)], "score_column"), f32("cut", CUT)], "enough")
    head("Where", [enough, rows, f32("nothing", 0)], "detections")
    graph = helper.make_graph(
        nodes,
        NAME,
        [helper.make_tensor_value_info("counts", TensorProto.INT8, [1, 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("detections", TensorProto.FLOAT, [BOXES, 6])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    told = {"count": BOXES, "stride": STRIDE, "unit": UNIT, "apart": APART, "min_score": CUT}
    helper.set_model_props(model, {"peaks": json.dumps(told)})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def weights(path):
    import onnx
    from onnx import numpy_helper

    held = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    return [(held[f"weight{n}"], held[f"bias{n}"]) for n in range(len(LAYERS))]


def run(inputs):
    """The outputs by onnxruntime, one scene at a time on one thread."""
    import onnxruntime

    assert onnxruntime.__version__ == VERSION, onnxruntime.__version__
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(MODELS / f"{NAME}.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return np.stack([session.run(None, {"counts": x[None]})[0] for x in inputs])


def by_hand(inputs, parameters):
    """The same in numpy and double precision, without onnxruntime or its operators."""
    answers = []
    for x in inputs:
        y, _ = forward((x[None].astype(np.float64) + 128) * float(np.float32(1 / 255)), [(w.astype(np.float64), b.astype(np.float64)) for w, b in parameters])
        heat, rest = y[0, 0], y[0, 1:]
        padded = np.pad(heat, APART, constant_values=-np.inf)
        cells = len(heat)
        window = 2 * APART + 1
        around = np.max([padded[i : i + cells, j : j + cells] for i in range(window) for j in range(window)], axis=0)
        rows = np.zeros((BOXES, 6))
        hot = [(-heat[r, c], r, c) for r, c in zip(*np.nonzero(heat == around))]
        for place, (cold, r, c) in enumerate(sorted(hot)[:BOXES]):
            score = 1 / (1 + np.exp(cold))
            if score >= CUT:
                dx, dy, w, h = rest[:, r, c]
                x0, y0 = (c + 0.5 + dx) * STRIDE, (r + 0.5 + dy) * STRIDE
                rows[place] = [0, score, x0 - w * UNIT, y0 - h * UNIT, x0 + w * UNIT, y0 + h * UNIT]
        answers.append(rows)
    return np.stack(answers)


# --- The golden ---------------------------------------------------------------------------------


def iou(a, b):
    both = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def against_truth(outputs, truth):
    """Ships found, missed and made up, at an overlap of three tenths; scenes with the right number."""
    found = missed = false = right = 0
    for rows, boxes in zip(outputs, truth):
        got = [row[2:] for row in rows if row[1] >= ASKED]
        right += len(got) == len(boxes)
        open_ = list(boxes)
        for one in got:
            best = max(open_, key=lambda box: iou(one, box), default=None)
            if best is not None and iou(one, best) >= 0.3:
                open_.remove(best)
                found += 1
            else:
                false += 1
        missed += len(open_)
    return {"found": found, "missed": missed, "false": false, "scenes_counted_right": right}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def text(value):
    return json.dumps(value, ensure_ascii=False)


def manifest(files, outputs):
    model, source = (MODELS / f"{NAME}.{kind}" for kind in ["safetensors", "onnx"])
    nearest = [min([abs(row[1] - ASKED) for row in rows if row[1] > 0], default=ASKED) for rows in outputs]
    lines = f"""\
# Written by make_ship_detection.py; README.md describes each key.
name = "ship-detection"
state = "accepted"
task = "where ships are in a scene of the sea, and how many"
dialect = "fp32/onnxruntime-{VERSION}-cpu"
licence = "MIT OR Apache-2.0"
samples = {len(outputs)}
noise_floor = {FLOOR!r}
noise_floor_from = "onnxruntime {VERSION} against numpy in double precision"

[model]
name = "{NAME}"
file = "{model.name}"
sha256 = "{sha256(model.read_bytes())}"
source = "{source.name}"
source_sha256 = "{sha256(source.read_bytes())}"

[provenance]
runtime = "onnxruntime"
version = "{VERSION}"
threads = 1
made_by = "bench engineers"
date = "{MADE_ON}"
inputs_from = "scenes made up from the seed {SEED}: sea with swell and noise, 0 to 6 ships, thin clouds; what is true of them stands in truth.json"

[input]
file = "inputs.safetensors"
sha256 = "{sha256(files["inputs.safetensors"])}"
tensor = "input"
dtype = "i8"
shape = [1, {SIDE}, {SIDE}]
layout = "NCHW; reflectance in one band; scale 1/255, zero -128"

[output]
file = "outputs.safetensors"
sha256 = "{sha256(files["outputs.safetensors"])}"
tensor = "output"
dtype = "f32"
shape = [{BOXES}, 6]
layout = "rows of class, score, left, top, right, bottom, pixels, by falling score; zeros where there is none"
classes = ["ship"]

[comparator]
kind = "detections"
min_f1 = 0.99
min_score = {ASKED}
max_offset = 0.1

[margins]
unit = "score"
undecidable_up_to = {4 * FLOOR!r}
smallest = [
"""
    return lines + "".join(f"  {float(value)!r},\n" for value in nearest) + "]\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", action="store_true", help="train the detector anew, and no more")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    if options.train:
        (MODELS / f"{NAME}.onnx").write_bytes(to_onnx(train()))
        return
    inputs, truth = scenes()
    outputs = run(inputs)
    far = np.abs(outputs - by_hand(inputs, weights(MODELS / f"{NAME}.onnx"))).max()
    score = against_truth(outputs, truth)
    print("largest difference from numpy", far, "against the truth", score)
    if far > FLOOR:
        sys.exit(f"onnxruntime and numpy differ by {far}, more than {FLOOR}")
    files = {
        "inputs.safetensors": safetensors.numpy.save({"input": inputs}),
        "outputs.safetensors": safetensors.numpy.save({"output": outputs.astype(np.float32)}),
    }
    rounded = [[[round(float(v), 2) for v in box] for box in boxes] for boxes in truth]
    told = {"boxes": "left, top, right, bottom, pixels", "network": score, "scenes": rounded}
    files["truth.json"] = (json.dumps(told, separators=(",", ":")).replace("]],", "]],\n") + "\n").encode()
    files["golden.toml"] = manifest(files, outputs).encode()
    FOLDER.mkdir(exist_ok=True)
    for name, data in files.items():
        if not options.check:
            (FOLDER / name).write_bytes(data)
        elif (FOLDER / name).read_bytes() != data:
            sys.exit(f"{FOLDER / name} is not what this script gives")


if __name__ == "__main__":
    main()
