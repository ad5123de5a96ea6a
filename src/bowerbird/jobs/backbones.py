"""The packaged or named backbones as exported networks in a home, made once."""

import importlib.util

from bowerbird.encoding.artefact import Kind, find_artefact
from bowerbird.errors import UnavailableError
from bowerbird.settings import Settings


def ensure_backbones(settings: Settings) -> list[str]:
    """Export the backbones that the home lacks; the names of those that were exported.

    Raises:
        UnavailableError: one is missing and the extra that can export it is not installed.
    """
    wanted = {Kind.PHOTO: settings.encoders.photo_backbone, Kind.TEXT: settings.encoders.text_backbone}
    missing = {kind: name for kind, name in wanted.items() if not _is_exported(settings, kind, name)}
    if not missing:
        return []
    if importlib.util.find_spec("torch") is None:
        raise UnavailableError(
            f"the home {settings.home} has no exported network for {', '.join(missing.values())}; run "
            "`pip install 'bowerbird[train]'` and then this again, or copy a models/ folder into the home"
        )
    # torch takes seconds to import and is not there on a serving machine.
    from bowerbird.training.export import export_photo_backbone, export_text_backbone

    for kind, name in missing.items():
        export = export_photo_backbone if kind is Kind.PHOTO else export_text_backbone
        export(name, models_folder=settings.models)
    return list(missing.values())


def _is_exported(settings: Settings, kind: Kind, name: str) -> bool:
    try:
        find_artefact(settings.models, kind, name)
    except UnavailableError:
        return False
    return True
