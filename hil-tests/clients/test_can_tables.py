"""Tables that `bench can decode` writes, read by PyArrow."""

import json
import math
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

DATA = Path(__file__).parents[2] / "drivers/tests/data/can"


def decode(name, *arguments):
    log, dbc = DATA / "logs" / f"{name}.log", DATA / f"{name}.dbc"
    command = [os.environ["BENCH"], "can", "decode", str(log), "--dbc", str(dbc)]
    return subprocess.run([*command, *arguments], capture_output=True, check=True).stdout


def alike(number, told):
    told = float(told) if isinstance(told, str) else told
    both = math.isnan(number), math.isnan(told)
    return all(both) or number == told or abs(number - told) <= 1e-9 * max(abs(number), abs(told))


@pytest.mark.parametrize("name", ["random104", "hyundai_canfd"])
@pytest.mark.parametrize("compression", [[], ["--snappy"]])
def test_each_value_is_in_its_row_and_column(tmp_path, name, compression):
    path = tmp_path / "log.parquet"
    decode(name, "--out", str(path), *compression)
    rows = {row["line"]: row for row in parquet.read_table(path).to_pylist()}
    lines = [json.loads(line) for line in decode(name).splitlines()]
    lines = [line for line in lines if line.get("msg")]
    assert sorted(rows) == [line["ln"] for line in lines]
    for line in lines:
        row = rows[line["ln"]]
        assert (row["message"], row["interface"]) == (line["msg"], line["if"])
        assert row["t"].timestamp() == pytest.approx(float(line["t"]), abs=1e-6)
        values = {name: value for name, value in row.items() if "." in name and value is not None}
        if "phys" in line:
            expected = {f"{line['msg']}.{name}": value for name, value in line["phys"].items()}
            assert values.keys() == expected.keys()
            assert all(alike(values[name], expected[name]) for name in expected)
