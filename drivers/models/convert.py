#!/usr/bin/env python3
"""Turns the ONNX files beside this script into the files that emulated boards hold in flash.

Each `<name>.onnx` becomes `<name>.safetensors`: the parameters as tensors, in the order in which
the network uses them, and under the metadata key `network` the program as JSON. README.md
describes the format. The same ONNX file gives the same bytes on every machine: the container is
written here because the safetensors package orders metadata at random.

    pip install onnx==1.23.2 numpy safetensors==0.8.0
    python convert.py           # writes both files
    python convert.py --check   # writes nothing, fails where a file differs
"""

import argparse
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnx
import safetensors.numpy
from onnx import numpy_helper, shape_inference

HERE = pathlib.Path(__file__).parent

# name, licence of the weights, where the ONNX file came from
MODELS = [
    (
        "eo-cloudnet-tiny",
        "MIT OR Apache-2.0",
        "trained by this project on test chips of github.com/dlr-eoc/ukis-csmask commit bcd8ea0e "
        "(Apache-2.0)",
    ),
    (
        "eo-shipnet-tiny",
        "MIT OR Apache-2.0",
        "trained by this project on scenes made up by hil-tests/goldens/make_ship_detection.py",
    ),
    (
        "mlperf-tiny-kws",
        "Apache-2.0",
        "github.com/mlcommons/tiny commit 1afd2c9820f795965a6134facd0b4dfae41ef23f, "
        "benchmark/training/keyword_spotting/trained_models/kws_ref_model.tflite, "
        "converted to ONNX up to the logits",
    ),
    *(
        (
            f"mlperf-tiny-{task}",
            "Apache-2.0",
            "github.com/mlcommons/tiny commit 1afd2c9820f795965a6134facd0b4dfae41ef23f, "
            f"benchmark/training/{source}, converted to ONNX without the softmax",
        )
        for task, source in [
            ("ad", "anomaly_detection/trained_models/ad01_int8.tflite"),
            ("ic", "image_classification/trained_models/pretrainedResnet_quant.tflite"),
            ("sww", "streaming_wakeword/trained_models/str_ww_ref_model.tflite"),
            ("vww", "visual_wake_words/trained_models/vww_96_int8.tflite"),
        ]
    ),
]

DTYPES = {"float32": "F32", "int8": "I8", "int32": "I32"}


class Converter:
    """One ONNX graph on its way to a program."""

    def __init__(self, model):
        graph = shape_inference.infer_shapes(model, strict_mode=True).graph
        # The head of a detector is one step here; its settings stand in the file.
        self.peaks = {p.key: p.value for p in model.metadata_props}.get("peaks")
        self.nodes = [n for n in graph.node if not n.name.startswith("peaks/")]
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.values = {
            v.name: v for v in [*graph.input, *graph.output, *graph.value_info]
        }
        self.input, self.output = graph.input[0].name, graph.output[0].name
        self.tensors = {}
        self.steps = []

    def shape(self, name):
        return [d.dim_value for d in self.values[name].type.tensor_type.shape.dim]

    def signature(self, name):
        kinds = {onnx.TensorProto.FLOAT: "f32", onnx.TensorProto.INT8: "i8"}
        kind = kinds[self.values[name].type.tensor_type.elem_type]
        return {"value": name, "dtype": kind, "shape": self.shape(name)}

    def keep(self, name):
        """Names a tensor of the memory image."""
        self.tensors[name] = self.constants[name]
        return name

    def keep_per_channel(self, name, channels):
        """The same for one number a channel; a scalar is written out."""
        self.tensors[name] = np.broadcast_to(self.constants[name].ravel(), (channels,))
        return name

    def scalar(self, name):
        """A quantisation parameter that is part of the program, not of the memory image."""
        return self.constants[name].item()

    def window(self, attributes, kernel=None):
        assert attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
        if kernel is not None:
            assert attributes.get("kernel_shape", kernel) == kernel
        return {
            "stride": attributes.get("strides", [1, 1]),
            "pad": attributes.get("pads", [0, 0, 0, 0]),
            "dilation": attributes.get("dilations", [1, 1]),
        }

    def convert(self):
        for node in self.nodes:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            step = getattr(self, node.op_type)(node, attributes)
            step["output"] = node.output[0]
            self.steps.append(step)
        if self.peaks is not None:
            step = {"op": "peaks", "input": self.steps[-1]["output"], **json.loads(self.peaks)}
            self.steps.append({**step, "output": self.output})
        self.join_reshapes()
        return self.steps

    def Conv(self, node, attributes):
        x, weight, bias = node.input
        return {
            "op": "conv",
            "input": x,
            "weight": self.keep(weight),
            "bias": self.keep(bias),
            "groups": attributes.get("group", 1),
            **self.window(attributes, list(self.constants[weight].shape[2:])),
        }

    def QLinearConv(self, node, attributes):
        x, x_scale, x_zero, weight, w_scale, w_zero, y_scale, y_zero, bias = node.input
        assert not self.constants[w_zero].any(), "weights are symmetric"
        channels = self.constants[weight].shape[0]
        return {
            "op": "quantised_conv",
            "input": x,
            "weight": self.keep(weight),
            "weight_scale": self.keep_per_channel(w_scale, channels),
            "bias": self.keep(bias),
            "groups": attributes.get("group", 1),
            **self.window(attributes, list(self.constants[weight].shape[2:])),
            "input_scale": self.scalar(x_scale),
            "input_zero": self.scalar(x_zero),
            "output_scale": self.scalar(y_scale),
            "output_zero": self.scalar(y_zero),
        }

    def Relu(self, node, attributes):
        return {"op": "relu", "input": node.input[0]}

    def Resize(self, node, attributes):
        assert attributes["mode"] == b"nearest"
        assert attributes["nearest_mode"] == b"floor"
        assert attributes["coordinate_transformation_mode"] == b"asymmetric"
        n, c, *scale = self.constants[node.input[2]].tolist()
        assert (n, c) == (1, 1) and all(s == int(s) for s in scale)
        return {
            "op": "resize_nearest",
            "input": node.input[0],
            "factor": [int(s) for s in scale],
        }

    def Concat(self, node, attributes):
        assert attributes["axis"] == 1
        return {"op": "concat_channels", "inputs": list(node.input)}

    def AveragePool(self, node, attributes):
        assert not any(attributes.get("pads", [0]))
        return {
            "op": "average_pool",
            "input": node.input[0],
            "kernel": attributes["kernel_shape"],
            "stride": attributes.get("strides", [1, 1]),
        }

    def DequantizeLinear(self, node, attributes):
        x, scale, zero = node.input
        return {
            "op": "dequantise",
            "input": x,
            "scale": self.scalar(scale),
            "zero": self.scalar(zero),
        }

    def QuantizeLinear(self, node, attributes):
        return {**self.DequantizeLinear(node, attributes), "op": "quantise"}

    def Add(self, node, attributes):
        assert self.shape(node.input[0]) == self.shape(node.input[1])
        return {"op": "add", "inputs": list(node.input)}

    def Transpose(self, node, attributes):
        """One that only moves axes of length one leaves the bytes where they are."""
        shape = self.shape(node.input[0])
        moved = [axis for axis in attributes["perm"] if shape[axis] != 1]
        if moved == sorted(moved):
            return self.Reshape(node, attributes)
        return {
            "op": "transpose",
            "input": node.input[0],
            "order": attributes["perm"],
        }

    def Reshape(self, node, attributes):
        return {
            "op": "reshape",
            "input": node.input[0],
            "shape": self.shape(node.output[0]),
        }

    def Identity(self, node, attributes):
        return self.Reshape(node, attributes)

    def join_reshapes(self):
        """A reshape of a reshape is one reshape."""
        joined = []
        for step in self.steps:
            before = joined[-1] if joined else {"op": None}
            both = before["op"] == step["op"] == "reshape"
            if both and before["output"] == step["input"]:
                before.update(shape=step["shape"], output=step["output"])
            else:
                joined.append(step)
        self.steps = joined


def container(tensors, network):
    """The bytes of a safetensors file, with the tensors in the order given."""
    header, blobs, at = {"__metadata__": {"network": network}}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.astype(tensor.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": DTYPES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(blob)],
        }
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(blobs)


def build(name, licence, origin):
    source = (HERE / f"{name}.onnx").read_bytes()
    converter = Converter(onnx.load_from_string(source))
    steps = converter.convert()
    network = {
        "format": 1,
        "name": name,
        "licence": licence,
        "origin": origin,
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "input": converter.signature(converter.input),
        "output": converter.signature(converter.output),
        "steps": steps,
    }
    blob = container(converter.tensors, json.dumps(network, separators=(",", ":")))
    read_back = safetensors.numpy.load(blob)
    for key, tensor in converter.tensors.items():
        assert np.array_equal(read_back[key], tensor), key
    return blob


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    for name, licence, origin in MODELS:
        blob, path = build(name, licence, origin), HERE / f"{name}.safetensors"
        print(hashlib.sha256(blob).hexdigest(), len(blob), path.name)
        if not check:
            path.write_bytes(blob)
        elif path.read_bytes() != blob:
            sys.exit(f"{path.name} is not what {name}.onnx gives")


if __name__ == "__main__":
    main()
