"""A live run, watched: its metrics by Prometheus's own parser, its page in Chromium, where a plot moves."""

import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from test_html_report import browser  # noqa: F401  (a fixture)

BENCH = os.environ["BENCH"]
HERE = Path(__file__).parent.parent


@pytest.fixture
def live(tmp_path):
    """A run at real pace, and a server of its folder: the server's address."""
    campaign = HERE / "campaigns" / "smoke.toml"
    wiring = HERE / "wiring" / "emulated.toml"
    arguments = ["run", campaign, "--wiring", wiring, "--pace", "real", "--out", "runs/live run"]
    with open(tmp_path / "run.err", "w") as err:
        run = subprocess.Popen([BENCH, *arguments], cwd=tmp_path, stderr=err, stdout=err)
    record = tmp_path / "runs" / "live run" / "record.mcap"
    for _ in range(600):
        if record.exists():
            break
        time.sleep(0.05)
    server = subprocess.Popen(
        [BENCH, "serve", "runs"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    yield server.stdout.readline().strip()
    server.terminate()
    server.wait(10)
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 5, (tmp_path / "run.err").read_text()


def metrics(address):
    with urllib.request.urlopen(address + "metrics", timeout=30) as answer:
        kind = answer.headers["content-type"]
        assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        text = answer.read().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return families


def until(what, seconds=60):
    for _ in range(seconds * 4):
        seen = what()
        if seen:
            return seen
        time.sleep(0.25)
    raise AssertionError("it never came")


def test_a_live_run_is_scraped_and_looked_at(live, browser, tmp_path):  # noqa: F811
    def volts():
        samples = metrics(live)["bench_channel_value"].samples
        of = {"device": "bus_supply", "channel": "volts", "unit": "V", "run": "live run"}
        return [sample.value for sample in samples if sample.labels == of]

    assert until(volts)
    families = metrics(live)
    assert families["bench_run"].type == "info"
    (seconds,) = families["bench_time_seconds"].samples
    assert families["bench_time_seconds"].unit == "seconds"
    states = {it.labels["bench_run_state"]: it.value for it in families["bench_run_state"].samples}
    assert states["running"] == 1 and sum(states.values()) == 1
    assert families["bench_samples"].type == "counter"
    until(lambda: metrics(live)["bench_time_seconds"].samples[0].value > seconds.value)

    browser.post("/url", {"url": live + "run/live%20run"})
    drawn = "return window.benchDrawn()"
    first = until(lambda: [count for count in browser.run(drawn) if count > 0])
    until(lambda: sum(browser.run(drawn)) > sum(first))
    assert browser.run("return document.getElementById('campaign').textContent") == "smoke"
    assert browser.run("return document.getElementById('course').textContent") == "running"
    assert browser.run("return document.querySelectorAll('#plots canvas').length") > 2
    # Who reads the screen is told of each plot, and not again of what has not changed.
    plots = "return [...document.querySelectorAll('#plots [role=img]')].map(it => it.ariaLabel)"
    assert all("; lowest " in told and ", highest " in told for told in browser.run(plots))
    first = "document.querySelector('#lines').lastElementChild"
    browser.run(f"window.kept = {first}; window.before = document.getElementById('clock').textContent")
    until(lambda: browser.run("return document.getElementById('clock').textContent !== window.before"))
    assert browser.run(f"return window.kept === {first}")
    asked = "return performance.getEntriesByType('resource').map(it => it.name)"
    assert all(name.startswith(live) for name in browser.run(asked))
    if kept := os.environ.get("BENCH_PICTURES"):
        browser.picture(Path(kept) / "live.png")
    assert browser.log("browser") == []
