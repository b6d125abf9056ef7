"""The workflows that we give away, read as YAML by somebody else's parser. What they run, the Rust
tests run (hil-tests/tests/gate.rs)."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CI = Path(__file__).parent.parent.parent / "docs/ci"


SCHEMAS = [
    ("github-workflow.yml", "vendor.github-workflows"),
    ("gitlab-ci.yml", "vendor.gitlab-ci"),
]


def holds(schema, path):
    """Whether a file is what the engine's published schema allows (check-jsonschema has them)."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(check, capture_output=True).returncode == 0


@pytest.mark.parametrize("name,schema", SCHEMAS)
def test_the_engine_takes_it(name, schema, tmp_path):
    assert holds(schema, CI / name)
    # A slip of the pen is seen: a key that is none, in a job.
    bad = tmp_path / name
    bad.write_text((CI / name).read_text().replace("\ngate:", "\ngate:\n  skript: x", 1)
                   .replace("timeout-minutes:", "timeout-minuets:"))
    assert not holds(schema, bad)


def read(name):
    return yaml.safe_load((CI / name).read_text())


def test_github_builds_gates_and_keeps_what_is_told():
    workflow = read("github-workflow.yml")
    # YAML 1.1 takes the key `on` for a truth value.
    assert workflow[True] == ["pull_request"]
    assert workflow["concurrency"]["cancel-in-progress"] is False
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    (gate,) = [step["run"] for step in steps if step.get("run", "").startswith("bench gate")]
    (kept,) = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert kept["if"] == "always()"
    assert gate.endswith(f"--out {kept['with']['path']}")


def test_gitlab_merges_every_shard():
    pipeline = read("gitlab-ci.yml")
    gate, decide = pipeline["gate"], pipeline["decide"]
    assert pipeline["stages"] == [gate["stage"], decide["stage"]]
    assert gate["parallel"] >= 2 and "--shard-from-env" in gate["script"][-1]
    assert "$CI_NODE_INDEX" in gate["script"][-1], "each shard has a folder of its own"
    (pattern,) = gate["artifacts"]["paths"]
    (merge,) = decide["script"]
    assert f"merge {pattern}" in merge
    (out,) = decide["artifacts"]["paths"]
    assert merge.endswith(f"--out {out}")
    for report in decide["artifacts"]["reports"].values():
        assert report.startswith(f"{out}/")
    for job in (gate, decide):
        assert job["artifacts"]["when"] == "always"
        # A job that may fail blocks nothing.
        assert "allow_failure" not in job
