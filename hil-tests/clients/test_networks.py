"""What emulated boards compute, against onnxruntime, on inputs that no golden has: over the serial API of MLPerf
Tiny, as its runner speaks it (github.com/mlcommons/tiny, benchmark/runner)."""

import pathlib
import time
import zlib

import numpy
import onnxruntime
import pytest
import serial

ROOT = pathlib.Path(__file__).parent.parent.parent
BUILT_IN = ROOT / "drivers" / "models"
FILES = ROOT / "hil-tests" / "models"
READY = b"m-ready\r\n"


class Board:
    """The host's half of the API."""

    def __init__(self, path):
        # It may start before or after the port is opened: asked until it says its name, it is up, and what it said as
        # it started is behind.
        self.port = serial.Serial(path, 115_200, timeout=0.2)
        heard = b""
        for _ in range(50):
            self.port.write(b"name%")
            heard = self.port.read_until(READY)
            while heard and b"m-name-dut" not in heard:
                heard = self.port.read_until(READY)
            if heard:
                break
        assert b"m-name-dut" in heard, "no answer"
        # An answer to an earlier question may come late.
        time.sleep(0.3)
        self.port.reset_input_buffer()
        self.port.timeout = 5

    def ask(self, command):
        self.port.write(command.encode() + b"%")
        answer = self.port.read_until(READY)
        assert answer.endswith(READY), (command, answer)
        assert b"e-[" not in answer, (command, answer)
        return answer.decode()

    def infer(self, octets):
        self.ask(f"db load {len(octets)}")
        for at in range(0, len(octets), 31):
            self.ask("db " + octets[at : at + 31].hex())
        self.ask("infer 1 0")
        numbers = self.ask("results").split("m-results-[")[1].split("]")[0]
        return numpy.array([float(number) for number in numbers.split(",")])


def reference(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "name, network, path, tolerance",
    [
        *(
            (task, f"mlperf-tiny-{task}", BUILT_IN / f"mlperf-tiny-{task}.onnx", 0)
            for task in ["ad", "ic", "kws", "sww", "vww"]
        ),
        # The same file by our own kernels, as somebody's model.
        ("file", str(BUILT_IN / "mlperf-tiny-kws.onnx"), BUILT_IN / "mlperf-tiny-kws.onnx", 0),
        *(
            (task, str(FILES / f"mlperf-tiny-{task}.onnx"), FILES / f"mlperf-tiny-{task}.onnx", 1e-4)
            for task in ["ad-fp32", "ic-fp32", "kws-fp32"]
        ),
    ],
)
def test_answers_are_those_of_onnxruntime(emulate, name, network, path, tolerance):
    # Numbers of 8 bits as they are.
    raw = ["-o", "output_scale=1", "-o", "output_zero=0", "-o", 'latency="1 ms"']
    port = emulate.port("mlperf-tiny", "--speed", "1000", "-o", f'network="{network}"', *raw)
    board = Board(port)
    session = reference(path)
    [inlet] = session.get_inputs()
    shape = [length if isinstance(length, int) else 1 for length in inlet.shape]
    draw = numpy.random.default_rng(zlib.crc32(name.encode()))
    seen = set()
    for _ in range(3):
        if inlet.type == "tensor(int8)":
            tensor = draw.integers(-128, 128, shape, dtype=numpy.int8)
        else:
            tensor = draw.normal(0, 2, shape).astype(numpy.float32)
        wanted = session.run(None, {inlet.name: tensor})[0].ravel().astype(float)
        found = board.infer(tensor.tobytes())
        largest = numpy.abs(wanted).max()
        numpy.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * largest)
        seen.add(tuple(found))
    assert len(seen) == 3, "answers do not depend on what is asked"
