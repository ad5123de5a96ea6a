"""The report of the models in use as one self-contained HTML page: figures, baselines, plots; no scripts."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bowerbird.errors import InputError
from bowerbird.jobs import model_charts
from bowerbird.jobs.model_report import ModelReport

TEMPLATES = Path(__file__).parent / "templates"


def model_page(report: ModelReport) -> str:
    """The page; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("model_report.html").render(charts=model_charts, report=report)


def write_model_page(report: ModelReport, path: Path) -> None:
    """Write the page to `path`.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        path.write_text(model_page(report), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the report cannot be written to {path} ({error}); give another --output"
        ) from error
