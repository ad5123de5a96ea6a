"""A bucket on moto's server, as the environment of AWS's tools names one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def bucket_server(bucket: str) -> Iterator[Mapping[str, str]]:
    """The environment in which s3://`bucket` is an empty bucket of a server on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="a",
            aws_secret_access_key="b",  # noqa: S106  moto takes any
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=bucket)
        client.close()
        yield {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}
    finally:
        server.stop()
