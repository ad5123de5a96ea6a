"""LightGBM, imported without what it does not need to serve; import it from here and nowhere else.

`import lightgbm` also imports scikit-learn, pandas, pyarrow and dask where they happen to be installed, for
interfaces that bowerbird does not use: a second of start-up and tens of megabytes in every server. So they
are hidden for as long as the import takes.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_UNUSED = ("sklearn", "pandas", "pyarrow", "dask", "datatable")


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Nothing called so can be imported inside the block; what was imported before is kept."""
    visible = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type] # None: how Python says 'not to be found'
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(visible)


with _hidden(*_UNUSED):
    import lightgbm  # noqa: TID251 - the one place that may

__all__ = ["lightgbm"]
