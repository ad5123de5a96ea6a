"""One exported network on the CPU, by OpenVINO: a call at a time for queries, a stream of batches for jobs.

Both share one compiled graph, in which every call has a stream, of about a core, to itself. Precision is f32
or bf16; the latter only where the CPU computes it.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.openvino_runtime import openvino as ov
from bowerbird.errors import MismatchError, UnavailableError

Inputs = Sequence[NDArray[Any]]
Outputs = NDArray[np.float32]
_DEVICE = "CPU"


class Precision(StrEnum):
    """What a network computes in; AUTO is BF16 where the CPU has it, else F32."""

    AUTO = "auto"
    F32 = "f32"
    BF16 = "bf16"


_TYPES = {Precision.F32: ov.Type.f32, Precision.BF16: ov.Type.bf16}


def resolve_precision(precision: Precision | str, capabilities: Collection[str]) -> Precision:
    """F32 or BF16, on a CPU that OpenVINO says to have `capabilities`.

    Raises:
        UnavailableError: bf16 is asked for and this CPU does not compute it.
    """
    precision = Precision(precision)
    has_bf16 = "BF16" in capabilities
    if precision is Precision.AUTO:
        return Precision.BF16 if has_bf16 else Precision.F32
    if precision is Precision.BF16 and not has_bf16:
        raise UnavailableError(
            "this CPU has no bf16 arithmetic, so precision 'bf16' cannot be used; choose 'f32' or 'auto', "
            "and encode again where the stored vectors are bf16"
        )
    return precision


class Network:
    """A compiled network. Calls from any number of threads are safe: each holds its own infer request.

    Args:
        path: the ONNX file.
        precision: auto, f32 or bf16.
        mean: per channel; given with `std` for a network of photos, whose input then is (n, h, w, 3) uint8.
        std: per channel.
        threads: that compute; 0 is one a core.

    Raises:
        UnavailableError: this CPU does not compute in `precision`.
        MismatchError: the file is no network that the runtime can read.
    """

    def __init__(
        self,
        path: Path,
        precision: Precision | str = Precision.AUTO,
        *,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        threads: int = 0,
    ) -> None:
        self._core = ov.Core()
        capabilities = self._core.get_property(_DEVICE, ov.properties.device.capabilities())
        self.precision = resolve_precision(precision, capabilities)
        try:
            model = self._core.read_model(path)
        except RuntimeError as error:
            raise MismatchError(f"{path} is not a network that OpenVINO can read: {error}") from error
        self._model = _take_bytes(model, mean, std) if mean else model
        self._pool = _RequestPool(self._compile(threads))

    def run(self, inputs: Inputs) -> Outputs:
        """(n, d) output for one set of inputs, as soon as possible."""
        with self.running(inputs) as output:
            return output()

    @contextmanager
    def running(self, inputs: Inputs) -> Iterator[Callable[[], Outputs]]:
        """What waits for the (n, d) output; threads of the runtime compute it during the block."""
        with self._pool.request() as request:
            _start(request, inputs)
            try:
                yield lambda: _awaited(request)
            finally:
                request.wait()

    def run_many(self, batches: Iterable[Inputs]) -> Iterator[Outputs]:
        """The output of each of `batches`, in order; the next ones are computed while one is used."""
        pool = self._pool
        waiting: deque[tuple[Any, Inputs]] = deque()  # the inputs must live until they are computed
        with pool.requests(pool.streams + 1) as free:
            try:
                for inputs in batches:
                    if not free:
                        yield _finish(waiting, free)
                    request = free.pop()
                    _start(request, inputs)
                    waiting.append((request, inputs))
                while waiting:
                    yield _finish(waiting, free)
            finally:
                for request, _ in waiting:
                    request.wait()

    def _compile(self, threads: int) -> Any:  # noqa: ANN401 - OpenVINO ships no types
        return self._core.compile_model(
            self._model,
            _DEVICE,
            {
                # A thread a stream: for one query alone as fast as all threads together (1.3 ms), with a
                # shorter tail (p99 1.7 ms, not 3.7), and queries do not wait for one another.
                ov.properties.hint.performance_mode(): ov.properties.hint.PerformanceMode.THROUGHPUT,
                ov.properties.hint.inference_precision(): _TYPES[self.precision],
                # Pinned threads would stand in the way of the decoders and of the web server.
                ov.properties.hint.enable_cpu_pinning(): False,
                ov.properties.inference_num_threads(): threads,
            },
        )


class _RequestPool:
    """Infer requests of one compiled network; as many exist as were ever used at once."""

    def __init__(self, compiled: Any) -> None:  # noqa: ANN401 - OpenVINO ships no types
        self._compiled = compiled
        self._free: list[Any] = []
        self._lock = Lock()
        self.streams = int(compiled.get_property(ov.properties.optimal_number_of_infer_requests()))

    @contextmanager
    def request(self) -> Iterator[Any]:
        """One request, for the length of a block."""
        with self.requests(1) as requests:
            yield requests[0]

    @contextmanager
    def requests(self, count: int) -> Iterator[list[Any]]:
        """`count` requests in a list of the caller's own."""
        with self._lock:
            taken = [self._free.pop() for _ in range(min(count, len(self._free)))]
        taken += [self._compiled.create_infer_request() for _ in range(count - len(taken))]
        try:
            yield list(taken)
        finally:
            with self._lock:
                self._free.extend(taken)


def _start(request: Any, inputs: Inputs) -> None:  # noqa: ANN401 - OpenVINO ships no types
    """Begin to compute; the arrays, which are not copied, must live until `request` was waited for."""
    # Handing them to start_async instead takes three times as long, a tenth of a short query's time.
    for place, values in enumerate(inputs):
        request.set_input_tensor(place, ov.Tensor(values, shared_memory=True))
    request.start_async()


def _finish(waiting: deque[tuple[Any, Inputs]], free: list[Any]) -> Outputs:
    request, _ = waiting[0]
    output = _awaited(request)
    waiting.popleft()
    free.append(request)
    return output


def _awaited(request: Any) -> Outputs:  # noqa: ANN401 - OpenVINO ships no types
    request.wait()
    return _output(request)


def _output(request: Any) -> Outputs:  # noqa: ANN401 - OpenVINO ships no types
    return np.array(request.get_output_tensor(0).data, np.float32)


def _take_bytes(model: Any, mean: Sequence[float], std: Sequence[float]) -> Any:  # noqa: ANN401 - likewise
    """`model` reading (n, h, w, 3) uint8 where it read (n, 3, h, w) float32, normalised."""
    processor = ov.preprocess.PrePostProcessor(model)
    pixels = processor.input()
    pixels.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    pixels.model().set_layout(ov.Layout("NCHW"))
    pixels.preprocess().convert_element_type(ov.Type.f32).mean(list(mean)).scale(list(std))
    return processor.build()
