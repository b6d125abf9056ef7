"""A Kubernetes of one node for jobs, as far as kubectl speaks to one: discovery, creating jobs, waiting for their
conditions, and pods, which are processes of this machine. Volumes and images are this machine's own.

Jobs end as those of Kubernetes do ("Jobs": completion mode, backoff limit per index, pod failure policy)."""

import json
import subprocess
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

RESOURCES = {
    "/api/v1": [("pods", "pod", "Pod")],
    "/apis/batch/v1": [("jobs", "job", "Job")],
}


class Cluster:
    def __init__(self, path):
        """`path` is where pods find programs."""
        self.path = path
        self.jobs = {}
        self.pods = []
        self.changed = threading.Condition()
        self.version = 1
        cluster = self

        class Handler(Server):
            def __init__(self, *arguments):
                self.cluster = cluster
                super().__init__(*arguments)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self, folder):
        """A file for KUBECONFIG."""
        host, port = self.server.server_address
        file = folder / "kubeconfig"
        file.write_text(
            json.dumps({
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "one", "cluster": {"server": f"http://{host}:{port}"}}],
                "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
                "users": [{"name": "one", "user": {}}],
                "current-context": "one",
            })
        )
        return str(file)

    def tell(self, change):
        with self.changed:
            self.version += 1
            change(str(self.version))
            self.changed.notify_all()

    def create(self, job):
        name = job["metadata"]["name"]
        if name in self.jobs:
            return False
        job["metadata"].update(namespace="default", uid=str(uuid.uuid4()))
        job["status"] = {}

        def add(version):
            job["metadata"]["resourceVersion"] = version
            self.jobs[name] = job

        self.tell(add)
        threading.Thread(target=self.work, args=(job,), daemon=True).start()
        return True

    def work(self, job):
        """Runs a job to its end, index by index."""
        spec = job["spec"]
        completions = spec.get("completions", 1)
        failed = [index for index in range(completions) if not self.index(job, index)]

        def end(version):
            kind = "Failed" if failed else "Complete"
            job["metadata"]["resourceVersion"] = version
            job["status"] = {
                "conditions": [{"type": kind, "status": "True"}],
                "failedIndexes": ",".join(map(str, failed)),
            }

        self.tell(end)

    def index(self, job, index):
        """Whether an index of a job succeeds, with as many pods as it may have."""
        spec = job["spec"]
        tries = 1 + spec.get("backoffLimitPerIndex", spec.get("backoffLimit", 6))
        for _ in range(tries):
            code = self.pod(job, index)
            if code == 0:
                return True
            for rule in spec.get("podFailurePolicy", {}).get("rules", []):
                codes = rule.get("onExitCodes", {"operator": "In", "values": []})
                if rule["action"] == "FailIndex" and code in codes["values"]:
                    return False
        return False

    def pod(self, job, index):
        name = job["metadata"]["name"]
        [container] = job["spec"]["template"]["spec"]["containers"]
        pod = f"{name}-{index}-{uuid.uuid4().hex[:5]}"
        environment = {"PATH": self.path, "HOSTNAME": pod}
        environment |= {it["name"]: it["value"] for it in container.get("env", [])}
        if job["spec"].get("completionMode") == "Indexed":
            environment["JOB_COMPLETION_INDEX"] = str(index)
        ran = subprocess.run(
            [*container["command"], *container["args"]],
            cwd=container["workingDir"],
            env=environment,
            capture_output=True,
            text=True,
        )
        ended = {"exitCode": ran.returncode, "message": ran.stderr[-2_000:]}
        self.pods.append({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod, "namespace": "default", "labels": {"job-name": name}},
            "status": {"containerStatuses": [{"name": "bench", "state": {"terminated": ended}}]},
        })
        return ran.returncode

    def codes(self, name):
        """What the pods of a job ended with, in their order."""
        return [
            pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"]
            for pod in self.pods
            if pod["metadata"]["labels"]["job-name"] == name
        ]


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, code=200, kind="application/json"):
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def status(self, code, reason, message):
        self.answer(
            {
                "apiVersion": "v1",
                "kind": "Status",
                "status": "Failure",
                "code": code,
                "reason": reason,
                "message": message,
            },
            code,
        )

    def do_POST(self):
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.cluster.create(job):
            self.answer(job, 201)
        else:
            name = job["metadata"]["name"]
            self.status(409, "AlreadyExists", f'jobs.batch "{name}" already exists')

    def do_GET(self):
        url = urlparse(self.path)
        query = {key: value[0] for key, value in parse_qs(url.query).items()}
        if url.path == "/api":
            self.answer({"kind": "APIVersions", "versions": ["v1"]})
        elif url.path == "/apis":
            version = {"groupVersion": "batch/v1", "version": "v1"}
            group = {"name": "batch", "versions": [version], "preferredVersion": version}
            self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]})
        elif url.path == "/openapi/v2":
            # Schemas of nothing, as protobuf: `swagger = "2.0"`. What jobs may say is tested by those of Kubernetes.
            kind = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            self.answer(b"\x0a\x032.0", kind=kind)
        elif url.path in RESOURCES:
            resources = [
                {
                    "name": many,
                    "singularName": one,
                    "kind": kind,
                    "namespaced": True,
                    "verbs": ["create", "delete", "get", "list", "watch"],
                }
                for many, one, kind in RESOURCES[url.path]
            ]
            version = url.path.removeprefix("/api/").removeprefix("/apis/")
            self.answer({"kind": "APIResourceList", "groupVersion": version, "resources": resources})
        elif "/jobs" in url.path:
            self.jobs(url.path.partition("/jobs")[2].strip("/"), query)
        elif url.path.endswith("/pods"):
            wanted = query.get("labelSelector", "").removeprefix("job-name=")
            pods = [it for it in self.cluster.pods if it["metadata"]["labels"]["job-name"] == wanted]
            self.answer({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": pods})
        else:
            self.status(404, "NotFound", f"there is no {url.path}")

    def jobs(self, name, query):
        name = name or query.get("fieldSelector", "").removeprefix("metadata.name=")
        job = self.cluster.jobs.get(name)
        if query.get("watch") in ("1", "true"):
            self.watch(name, float(query.get("timeoutSeconds", 60)))
        elif job is None:
            self.status(404, "NotFound", f'jobs.batch "{name}" not found')
        elif "fieldSelector" in query:
            metadata = {"resourceVersion": str(self.cluster.version)}
            self.answer(
                {"apiVersion": "batch/v1", "kind": "JobList", "metadata": metadata, "items": [job]}
            )
        else:
            self.answer(job)

    def watch(self, name, seconds):
        """Events until the job is over, or nobody listens any more."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        told = None
        try:
            while True:
                with self.cluster.changed:
                    job = self.cluster.jobs[name]
                    if job["metadata"]["resourceVersion"] == told:
                        if not self.cluster.changed.wait(seconds):
                            return
                        continue
                    told = job["metadata"]["resourceVersion"]
                    event = json.dumps({"type": "MODIFIED", "object": job})
                self.wfile.write(event.encode() + b"\n")
                self.wfile.flush()
        except OSError:
            return
        finally:
            self.close_connection = True

