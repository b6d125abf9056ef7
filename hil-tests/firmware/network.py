#!/usr/bin/env python3
"""Writes the network of the reference board as a header in C, from the file that emulated boards load.

    network.py drivers/models/mlperf-tiny-kws.safetensors network.h

Needs Python 3 alone. The same file gives the same header. drivers/models/README.md describes it.
"""

import json
import pathlib
import struct
import sys
import zlib


def read(path):
    """The tensors' bytes in order, where each begins, and the program."""
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    program = json.loads(header.pop("__metadata__")["network"])
    return content[8 + length :], header, program


def shapes(steps, shape):
    """The convolutions with the shapes of what they read and make, and where the pool stands."""
    layers, pool = [], None
    for step in steps:
        if step["op"] == "quantised_conv":
            layers.append((step, shape))
            shape = None
        elif step["op"] == "average_pool":
            pool = (len(layers), step["kernel"])
        elif step["op"] == "quantise":
            pool = (*pool, step["scale"], step["zero"])
        elif step["op"] not in ("reshape", "dequantise"):
            sys.exit(f"{step['op']}: the reference board has no such operation")
    return layers, pool


def main():
    data, tensors, program = read(sys.argv[1])
    layers, (pool_at, kernel, pool_scale, pool_zero) = shapes(program["steps"], None)
    lines = [
        f"/* {program['name']} ({program['licence']}), by network.py. */",
        f"/* {program['origin']} */",
        "#include <stdint.h>",
        "struct layer {",
        "    const int8_t *weight; const float *weight_scale; const int32_t *bias;",
        "    int groups, channels_in, rows_in, columns_in, channels_out, rows_out, columns_out;",
        "    int kernel_rows, kernel_columns, stride_rows, stride_columns, pad_top, pad_left;",
        "    float input_scale, output_scale; int input_zero, output_zero;",
        "};",
        f"#define LAYERS {len(layers)}",
        f"#define POOL_BEFORE {pool_at}",
        f"#define POOL_SCALE {float(pool_scale).hex()}f",
        f"#define POOL_ZERO ({pool_zero})",
        f"#define WEIGHTS_CRC 0x{zlib.crc32(data):08x}u",
        f"static const uint8_t WEIGHTS[{len(data)}] __attribute__((aligned(4))) = {{",
    ]
    for at in range(0, len(data), 24):
        lines.append("    " + ",".join(str(octet) for octet in data[at : at + 24]) + ",")
    lines.append("};")
    # The input is one channel of 49 rows and 10 columns.
    channels, rows, columns = 1, *program["input"]["shape"][1:3]
    most, table = 0, []
    for index, (step, _) in enumerate(layers):
        if index == pool_at:
            assert kernel == [rows, columns], "the pool takes whole planes"
            rows = columns = 1
        assert step["dilation"] == [1, 1]
        out, _, kernel_rows, kernel_columns = tensors[step["weight"]]["shape"]
        top, left, bottom, right = step["pad"]
        rows_out = (rows + top + bottom - kernel_rows) // step["stride"][0] + 1
        columns_out = (columns + left + right - kernel_columns) // step["stride"][1] + 1
        where = {name: tensors[step[name]]["data_offsets"][0] for name in ("weight", "weight_scale", "bias")}
        output_scale = f"{float(step['output_scale']).hex()}f"
        if index == 3:
            # A plausible slip: the scale of the layer before.
            before = f"{float(layers[index - 1][0]['output_scale']).hex()}f"
            lines += ["#ifdef FAULT_QUANTISATION", f"#define SCALE_3 {before}", "#else"]
            lines += [f"#define SCALE_3 {output_scale}", "#endif"]
            output_scale = "SCALE_3"
        table.append(
            f"    {{ (const int8_t *)(WEIGHTS + {where['weight']}),"
            f" (const float *)(WEIGHTS + {where['weight_scale']}),"
            f" (const int32_t *)(WEIGHTS + {where['bias']}),"
            f" {step['groups']}, {channels}, {rows}, {columns}, {out}, {rows_out}, {columns_out},"
            f" {kernel_rows}, {kernel_columns}, {step['stride'][0]}, {step['stride'][1]}, {top}, {left},"
            f" {float(step['input_scale']).hex()}f, {output_scale},"
            f" {step['input_zero']}, {step['output_zero']} }},"
        )
        channels, rows, columns = out, rows_out, columns_out
        most = max(most, out * rows * columns)
    lines += [f"#define MOST_VALUES {most}", "static const struct layer layers[LAYERS] = {", *table, "};"]
    pathlib.Path(sys.argv[2]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
