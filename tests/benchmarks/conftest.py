"""Lets tests import the modules of benchmarks/, as its programs import one another."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
