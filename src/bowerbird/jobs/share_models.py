"""A home's models, shared with servers on other machines."""

from bowerbird.errors import InputError
from bowerbird.settings import Settings
from bowerbird.storage.model_mirror import ModelMirror


def shared_models(settings: Settings) -> ModelMirror | None:
    """The place that models are shared through; None where there is none.

    Raises:
        InputError: nothing that is installed can read `models_url`.
    """
    return ModelMirror(settings.models_url, settings.models) if settings.models_url else None


def push_models(settings: Settings) -> list[str]:
    """Share the home's models, and which are in use; `<kind>/<fingerprint>` of those that were new there.

    Raises:
        InputError: there is no such place, or nothing that is installed can write to it.
        UnavailableError: it does not take them.
    """
    mirror = shared_models(settings)
    if mirror is None:
        raise InputError(
            "there is no place to share models: set models_url in bowerbird.toml, or BOWERBIRD_MODELS_URL"
        )
    return mirror.push()
