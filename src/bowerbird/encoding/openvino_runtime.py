"""OpenVINO, imported without its telemetry; import it from here and nowhere else.

`import openvino` forks a process that reports the import to Google Analytics, unless the user opted out or
the package `openvino_telemetry` is missing, in which case OpenVINO uses a stub of its own. So that package is
hidden for as long as the import takes: nothing is sent, nothing is forked, and nothing in the user's home
directory is written.
"""

import importlib
import sys
from typing import Any

_TELEMETRY = "openvino_telemetry"


def _import_without_telemetry() -> Any:  # noqa: ANN401 - OpenVINO ships no types
    visible = sys.modules.pop(_TELEMETRY, None)
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment] # how Python says 'not to be found'
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[_TELEMETRY]
        if visible is not None:
            sys.modules[_TELEMETRY] = visible


openvino = _import_without_telemetry()
