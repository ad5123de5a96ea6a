"""A Ray cluster of several machines, all of them this one, on the loopback network.

Run as a script, this module is what holds the cluster. It answers each line it reads by one: 'add PROCESSORS'
with the new node's number, 'kill NUMBER' with 'killed'; at the end of its input the cluster ends.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Ray takes 127.0.0.1 for a name of the machine, which it replaces by one that others can reach.
HOST = "127.0.0.2"
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_monitor_refresh_ms": "0",  # tests of others may fill the memory
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "180",  # and all processors
    "RAY_worker_niceness": "0",  # 15 would leave them little beside other tests
}
STORE_BYTES = 600_000_000  # networks of two jobs, 115 MB each, and photos


@dataclass(frozen=True)
class RayNodes:
    """The cluster; a node is a process that starts and ends others, as on a machine of its own."""

    address: str  # for a process on one of the nodes
    client_address: str  # for any process
    process: subprocess.Popen[str]

    def add(self, processors: int) -> int:
        """Another node; its number."""
        return int(self._answer(f"add {processors}"))

    def kill(self, node: int) -> None:
        """End a node and all its processes at once."""
        self._answer(f"kill {node}")

    def _answer(self, line: str) -> str:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def ray_nodes(processors: int) -> Iterator[RayNodes]:
    """A cluster whose first node has so many processors; 0 leaves the work to those that are added."""
    folder = tempfile.mkdtemp(prefix="r-")  # the path of a socket may not be long
    Path(folder, "ray").mkdir()  # for Ray's note of the last cluster, which it does not make
    holder = subprocess.Popen(
        [sys.executable, __file__, folder, str(processors)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **ENVIRONMENT, "RAY_TMPDIR": folder},
    )  # fmt: skip
    try:
        with holder:
            addresses = json.loads(holder.stdout.readline())
            yield RayNodes(addresses["address"], addresses["client"], holder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hold(folder: str, processors: int) -> None:
    from ray.cluster_utils import Cluster

    arguments: dict[str, Any] = {
        "node_ip_address": HOST, "object_store_memory": STORE_BYTES, "temp_dir": folder,
    }  # fmt: skip
    with socket.socket() as held:
        held.bind((HOST, 0))
        port = held.getsockname()[1]
    answers, sys.stdout = sys.stdout, sys.stderr  # Ray prints
    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": processors, "include_dashboard": False, "ray_client_server_port": port, **arguments,
        },
    )  # fmt: skip
    nodes = []
    try:
        print(
            json.dumps({"address": cluster.address, "client": f"ray://{HOST}:{port}"}),
            file=answers,
            flush=True,
        )
        for line in sys.stdin:
            what, number = line.split()
            if what == "add":
                nodes.append(cluster.add_node(num_cpus=int(number), **arguments))
                print(len(nodes) - 1, file=answers, flush=True)
            else:
                cluster.remove_node(nodes[int(number)], allow_graceful=False)
                print("killed", file=answers, flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    hold(sys.argv[1], int(sys.argv[2]))
