"""What Kubernetes would get of `bench submit`, read by somebody else's YAML parser. The words are those of
the Job API, batch/v1 ("Indexed completion mode", "Pod failure policy", "Backoff limit per index")."""

import os
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from kube_server import Cluster

ROOT = Path(__file__).parent.parent.parent
GATE = """
name = "nightly: gate"
campaigns = ["hil-tests/campaigns/smoke.toml"]
wiring = "hil-tests/wiring/emulated.toml"
seeds = [1, 2, 3]
pace = "real"

[submit]
shards = 3
features = ["chamber"]
image = "lab/bench:1"
claim = "bench-files"
"""


def jobs(folder):
    (folder / "gate.toml").write_text(GATE)
    command = [os.environ["BENCH"], "submit", "gate.toml", "--engine", "k8s", "--dry-run"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(said))


@pytest.mark.parametrize("version", ["1.29", "1.33"])
def test_kubernetes_knows_every_word(tmp_path, version):
    """By the schemas of Kubernetes itself; since 1.29 a job has a backoff limit for each index."""
    for job in jobs(tmp_path):
        kubernetes_validate.validate(job, version, strict=True)
        job["spec"]["completionsMode"] = job["spec"].pop("completionMode", "Indexed")
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(job, version, strict=True)


def test_kubernetes_runs_every_shard_once_and_retries_no_verdict(tmp_path):
    shards, merge = jobs(tmp_path)
    assert (shards["apiVersion"], shards["kind"]) == ("batch/v1", "Job")
    assert shards["metadata"]["name"] == "bench-nightly-gate"
    spec = shards["spec"]
    assert spec["completionMode"] == "Indexed"
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    (count,) = [it["value"] for it in container["env"] if it["name"] == "BENCH_SHARD_COUNT"]
    assert count == "3", "environment variables are texts"
    assert spec["completions"] == int(count)
    # A failure policy wants pods that are not restarted in place.
    assert pod["restartPolicy"] == "Never"
    disrupted, failed = spec["podFailurePolicy"]["rules"]
    assert (disrupted["action"], failed["action"]) == ("Ignore", "FailIndex")
    codes = failed["onExitCodes"]
    assert codes["operator"] == "In" and codes["containerName"] == container["name"]
    # 0 is success; a bench fault and a busy bench may be tried again.
    assert sorted({*codes["values"], 3, 6}) == list(range(1, 10))
    assert 0 not in codes["values"]
    assert pod["nodeSelector"] == {"bench/chamber": "true"}
    (mount,) = container["volumeMounts"]
    (volume,) = pod["volumes"]
    assert mount["name"] == volume["name"] and mount["mountPath"] == str(tmp_path)
    assert volume["persistentVolumeClaim"]["claimName"] == "bench-files"
    (script,) = container["args"]
    subprocess.run(["sh", "-n", "-c", script], check=True)
    assert "--shard-from-env --jobs 1 --out" in script
    # The merge is told of every shard, and never tried again.
    assert merge["spec"]["backoffLimit"] == 0
    (script,) = merge["spec"]["template"]["spec"]["containers"][0]["args"]
    folders = [word for word in script.split() if "/shard-" in word]
    assert folders == [f"{tmp_path}/gate/shard-{index}" for index in (1, 2, 3)]


def test_a_shard_in_a_pod_counts_from_nought_and_sets_an_earlier_try_aside(tmp_path):
    shards, _ = jobs(tmp_path)
    (script,) = shards["spec"]["template"]["spec"]["containers"][0]["args"]
    told = tmp_path / "told"
    bench = tmp_path / "bench"
    bench.write_text(f'#!/bin/sh\necho "$@" >>{told}\nmkdir -p "{tmp_path}/gate/shard-1"\n')
    bench.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "JOB_COMPLETION_INDEX": "0",
        "BENCH_SHARD_COUNT": "3",
        "HOSTNAME": "pod-b",
    }
    for _ in range(2):
        subprocess.run(["sh", "-c", script], env=env, cwd=tmp_path, check=True)
    for line in told.read_text().splitlines():
        assert line.endswith(f"--out {tmp_path}/gate/shard-1"), line
    assert (tmp_path / "gate/set-aside/shard-1-before-pod-b").is_dir()


def submitted(tmp_path, change=("", "")):
    """A gate handed over by the real kubectl, to a cluster whose pods are processes here: what it ended with, and
    the cluster."""
    for part in ["campaigns", "wiring", "goldens"]:
        shutil.copytree(ROOT / "hil-tests" / part, tmp_path / "hil-tests" / part)
    campaign = tmp_path / "hil-tests/campaigns/smoke.toml"
    campaign.write_text(campaign.read_text().replace(*change))
    (tmp_path / "gate.toml").write_text(GATE.replace('pace = "real"\n', ""))
    bench = Path(os.environ["BENCH"])
    cluster = Cluster(f"{bench.parent}:/usr/bin:/bin")
    environment = {**os.environ, "KUBECONFIG": cluster.config(tmp_path), "HOME": str(tmp_path)}
    command = [bench, "submit", "gate.toml", "--engine", "k8s", "--wait", "--out", tmp_path / "out"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    return ended, cluster


def test_kubectl_hands_a_gate_over_and_ends_with_its_decision(tmp_path):
    ended, cluster = submitted(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert cluster.codes("bench-nightly-gate") == [0, 0, 0]
    assert "ALLOWED" in ended.stdout, ended.stdout
    # Another one of that name is not written over.
    again = subprocess.run(
        [os.environ["BENCH"], "submit", "gate.toml", "--engine", "k8s", "--out", tmp_path / "more"],
        cwd=tmp_path,
        env={**os.environ, "KUBECONFIG": str(tmp_path / "kubeconfig"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert again.returncode != 0 and "already exists" in again.stderr, again.stderr


def test_a_gate_that_fails_on_kubernetes_is_tried_once_and_ends_with_its_code(tmp_path):
    ended, cluster = submitted(tmp_path, ("min     = 27.0\n", "min     = 28.5\n"))
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert cluster.codes("bench-nightly-gate") == [1, 1, 1], "verdicts are final"
    assert cluster.codes("bench-nightly-gate-merge") == [1]
