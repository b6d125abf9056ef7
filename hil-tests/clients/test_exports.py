"""What the bench hands on, read by other people's tools: Parquet, CSV and MCAP."""

import io
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas
import pyarrow.parquet
import pytest
from mcap.exceptions import EndOfFile, McapError
from mcap.reader import NonSeekingReader, make_reader
from mcap_protobuf.decoder import DecoderFactory

TESTS = Path(__file__).parent.parent
STREAMS = TESTS.parent / "bench-runner/tests/data/telemetry"


def bench(*arguments, code=0):
    """Runs the program; gives what it prints."""
    command = [os.environ["BENCH"], *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the smoke campaign."""
    folder = tmp_path_factory.mktemp("exports") / "first"
    bench("run", TESTS / "campaigns/smoke.toml", "-q", "--out", folder)
    return folder


def samples(run):
    """All samples of the record, as its own protobuf schemas tell them."""
    with open(run / "record.mcap", "rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        channels = reader.get_summary().channels.values()
        topics = [channel.topic for channel in channels if channel.topic.startswith("/samples/")]
        told = list(reader.iter_decoded_messages(topics=topics))
    values = []
    for _, channel, message, sample in told:
        device = channel.topic.removeprefix("/samples/")
        for field, value in sample.ListFields():
            values.append((device, field.name, message.log_time // 1000, float(value)))
    return sorted(values)


def test_parquet_and_csv_hold_every_sample_of_the_record(run, tmp_path):
    expected = samples(run)
    assert len(expected) > 10_000
    bench("export", run, "--out", tmp_path / "run.parquet")
    bench("export", run, "--out", tmp_path / "run.csv")
    arrow = pyarrow.parquet.read_table(tmp_path / "run.parquet").to_pandas()
    comma = pandas.read_csv(tmp_path / "run.csv", keep_default_na=False, na_values=[""])
    for table in (arrow, comma):
        table = table[table.value.notna() & ~table.field.str.startswith("inference.")]
        micros = (table.time_s * 1e6).round().astype(int)
        got = sorted(zip(table.source, table.field, micros, table.value))
        assert got == expected


def test_duckdb_answers_a_question_in_one_line(run, tmp_path, monkeypatch):
    bench("export", run, "--out", tmp_path / "run.parquet")
    monkeypatch.chdir(tmp_path)
    line = "select source, field, unit, min(value), max(value) from 'run.parquet' where value is not null group by all"
    rows = {(row[0], row[1]): row[2:] for row in duckdb.sql(line).fetchall()}
    unit, least, most = rows["bus_supply", "volts"]
    assert unit == "V" and -0.1 < least < most < 40
    mean = duckdb.sql("select avg(value) from 'run.parquet' where field = 'volts'").fetchall()[0][0]
    assert mean == pytest.approx(pandas.read_parquet("run.parquet").query("field == 'volts'").value.mean())


def test_one_device_is_a_table_of_its_channels(run, tmp_path):
    bench("export", run, "--out", tmp_path / "supply.parquet", "--device", "bus_supply")
    table = pandas.read_parquet(tmp_path / "supply.parquet")
    assert {"place", "time_s", "volts", "amps", "output"} <= set(table.columns)
    assert table.time_s.is_monotonic_increasing
    bench("export", run, "--out", tmp_path / "x.parquet", "--device", "nobody", code=2)


def test_a_torn_record_becomes_a_whole_file(run, tmp_path):
    record = (run / "record.mcap").read_bytes()
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "record.mcap").write_bytes(record[: len(record) * 2 // 3])
    bench("export", torn, "--out", tmp_path / "whole.mcap")
    with open(tmp_path / "whole.mcap", "rb") as file:
        reader = make_reader(file)
        assert reader.get_summary().statistics.message_count > 1_000
        topics = {channel.topic for _, channel, _ in reader.iter_messages()}
    assert {"/header", "/events", "/samples/bus_supply"} <= topics


def test_decoded_packets_are_a_table_with_the_values_of_the_reference(tmp_path):
    stream, dictionary = STREAMS / "ccsds/clean_a.bin", STREAMS / "ccsds/dict_a.json"
    ask = ("decode", stream, "--format", "ccsds", "--dictionary", dictionary)
    bench(*ask, "--out", tmp_path / "eps.parquet", "--packet", "EPS_HK")
    table = pandas.read_parquet(tmp_path / "eps.parquet")
    with open(STREAMS / "ccsds/clean_a.jsonl") as lines:
        rows = [row for row in map(json.loads, lines) if row["name"] == "EPS_HK"]
    assert list(table.place) == [row["off"] for row in rows]
    assert list(table.bus_mv) == [row["eng"]["bus_mv"] for row in rows]
    assert list(table["temp[5]"]) == [row["eng"]["temp"][5] for row in rows]
    assert list(table.uptime) == [row["fields"]["uptime"] for row in rows]


def test_integers_that_no_double_holds_are_exact(tmp_path):
    stream, dictionary = STREAMS / "ccsds/clean_a.bin", STREAMS / "ccsds/dict_a.json"
    ask = ("decode", stream, "--format", "ccsds", "--dictionary", dictionary)
    bench(*ask, "--out", tmp_path / "all.parquet")
    tags = duckdb.sql(
        f"select text from '{tmp_path}/all.parquet' where field = 'tag' and text is not null order by place"
    ).fetchall()
    with open(STREAMS / "ccsds/clean_a.jsonl") as lines:
        rows = [json.loads(line)["fields"] for line in lines]
    expected = [str(row["tag"]) for row in rows if row.get("tag", 0) > 2**53]
    assert [tag for (tag,) in tags] == expected
    assert struct.calcsize("d") == 8 and len(expected) > 100


def test_frames_on_the_bus_are_read_by_python_can(tmp_path):
    import can

    folder = tmp_path / "wired"
    bench("run", TESTS / "campaigns/smoke.toml", "-q", "--wire", "--out", folder)
    bench("export", folder, "--out", tmp_path / "bus.log")
    frames = list(can.CanutilsLogReader(str(tmp_path / "bus.log")))
    assert len(frames) > 1_000
    assert {frame.channel for frame in frames} == {"companion"}
    assert any(not frame.is_rx for frame in frames) and any(frame.is_rx for frame in frames)
    bench("export", folder, "--out", tmp_path / "payload.bin", "--device", "payload")
    octets = (tmp_path / "payload.bin").read_bytes()
    assert octets.count(0) > 100
    told = bench("replay", folder)
    assert told.endswith("no verdict changed\n")
    for line in told.splitlines()[:2]:
        then, now = line.split(";")[1].split(" then, ")
        assert then.split()[0] == now.split()[0], line
    campaign = (folder / "inputs/campaign.toml").read_text()
    stricter = folder / "inputs/stricter.toml"
    stricter.write_text(campaign.replace("min     = 25.0", "min     = 29.95"))
    told = bench("replay", folder, "--campaign", stricter, code=1)
    assert "PASS -> FAIL" in told and "1 verdict changed" in told


def test_a_year_and_thermal_cycles_are_tables_too(tmp_path):
    def profile(orbit, name, *options):
        files = [tmp_path / f"{name}.{form}" for form in ["csv", "parquet"]]
        for file in files:
            bench("profile", orbit, *options, "--series", file)
        text = pandas.read_csv(files[0])
        table = pyarrow.parquet.read_table(files[1]).to_pandas()
        assert list(table.columns) == list(text.columns)
        assert len(table) == len(text)
        return text, table

    text, table = profile("dawn-dusk-550", "year", "--year")
    assert len(table) == 365
    instants = pandas.to_datetime(text.utc).dt.tz_localize(None)
    assert (table.utc.dt.tz_localize(None) == instants).all()
    for column in ["beta_deg", "any_shadow_s", "umbra_s"]:
        assert table[column].to_numpy() == pytest.approx(text[column].to_numpy(), abs=1e-3)

    cycles = tmp_path / "cycles.toml"
    cycles.write_text(
        '[cycles]\nstandard = "ecss-acceptance"\ncold_celsius = -20\nhot_celsius = 50\n'
    )
    text, table = profile(cycles, "cycles")
    assert (table.leg == text.leg).all() and (table.cycle == text.cycle).all()
    assert table.target_celsius.to_numpy() == pytest.approx(text.target_celsius.to_numpy())


def blocks(page, language):
    """The code blocks of a page of the documentation, as they stand there."""
    text = (TESTS.parent / "docs" / page).read_text()
    return [part.split("\n```", 1)[0] for part in text.split(f"```{language}\n")[1:]]


def one_liners(page):
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(("duckdb -c", "python3 -c"))]


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Runs a line in a folder, with this Python and a `duckdb` made of its package."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "duckdb"
    program.write_text(
        f"#!{sys.executable}\nimport sys, duckdb\nassert sys.argv[1] == '-c'\nprint(duckdb.sql(sys.argv[2]))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}")

    def run_line(line):
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_line


def test_the_one_liners_of_the_documentation_run_as_they_stand_there(run, tmp_path, shell):
    bench("export", run, "--out", tmp_path / "run.parquet")
    stream, dictionary = STREAMS / "ccsds/clean_a.bin", STREAMS / "ccsds/dict_a.json"
    ask = ("decode", stream, "--format", "ccsds", "--dictionary", dictionary)
    bench(*ask, "--out", tmp_path / "hk.parquet", "--packet", "EPS_HK")
    lines = one_liners("record.md") + one_liners("telemetry.md")
    assert [line.split()[0] for line in lines] == ["duckdb", "python3", "python3"]
    least_and_most, volts, packets = map(shell, lines)
    assert "bus_supply" in least_and_most and "junction_temperature" in least_and_most
    assert "bus_supply" in volts and "75%" in volts
    assert "uptime" in packets and "487.0" in packets


def test_the_python_of_the_documentation_runs_as_it_stands_there(run, tmp_path, shell):
    for number, block in enumerate(blocks("record.md", "python")):
        (tmp_path / f"{number}.py").write_text(block)
    (tmp_path / "record.mcap").write_bytes((run / "record.mcap").read_bytes())
    assert number == 1
    first, events = shell("python3 0.py"), shell("python3 1.py")
    assert first.split()[1::2] == ["s", "V", "degC"]
    booted = [line for line in events.splitlines() if line.endswith("booted")]
    assert {line.split()[2] for line in booted} == {"payload", "companion"}


def test_a_torn_record_is_read_up_to_the_tear_by_others(run, tmp_path):
    record = (run / "record.mcap").read_bytes()
    with open(run / "record.mcap", "rb") as file:
        chunks = make_reader(file).get_summary().chunk_indexes
    whole = sum(1 for _ in NonSeekingReader(io.BytesIO(record)).iter_messages(log_time_order=False))
    told = [0]
    for chunk in chunks:
        border = chunk.chunk_start_offset + chunk.chunk_length
        for end in (chunk.chunk_start_offset, border - chunk.chunk_length // 2, border):
            reader, count = NonSeekingReader(io.BytesIO(record[:end])), 0
            with pytest.raises((EndOfFile, McapError)):
                for _ in reader.iter_messages(log_time_order=False):
                    count += 1
            assert count >= told[-1]
            told.append(count)
        assert told[-1] > told[-2], "a whole chunk more"
    assert told[-1] == whole
