"""Rows of separated values by Python's csv module, and what its reader makes of them."""

import csv
import io
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
NAMES = ["time_ms", "bus", "amps", "state", "note", "count", "ok"]


def texts(rng):
    return rng.choice(
        ["IDLE", "RUN", "a,b", "a;b", 'say "hi"', "", " padded ", "12", "-", "°C", "x\ty", "'", '""', "#1"]
    )


def rows(rng):
    for number in range(120):
        yield [
            str(100 * number),
            f"{rng.uniform(0, 34):.3f}",
            repr(rng.uniform(-3, 3)),
            rng.choice(["IDLE", "RUN", "SAFE"]),
            texts(rng),
            str(rng.randrange(-(2**63), 2**63)),
            rng.choice(["true", "False"]),
        ]


for name, separator, quoting in [
    ("minimal", ",", csv.QUOTE_MINIMAL),
    ("all", ";", csv.QUOTE_NONNUMERIC),
    ("tabs", "\t", csv.QUOTE_MINIMAL),
]:
    rng = random.Random(name)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\r\n")
    writer.writerow(NAMES)
    writer.writerows(rows(rng))
    (HERE / f"{name}.csv").write_bytes(text.getvalue().encode())
    text.seek(0)
    expected = [json.dumps(row, ensure_ascii=False) for row in csv.DictReader(text, delimiter=separator)]
    (HERE / f"{name}.jsonl").write_text("\n".join(expected) + "\n")
