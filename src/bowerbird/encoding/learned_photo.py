"""A learned photo classifier as a photo encoder, of its 1,000 features a photo."""

from bowerbird.encoding.artefact import NETWORK_FILE, Artefact, ArtefactConfig, Kind, file_sha256
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample
from bowerbird.errors import InputError, MismatchError


def photo_classifier_artefact(model: LearnedModel) -> Artefact:
    """What `PhotoEncoder` takes: the network whose first output is the classifier's features.

    Raises:
        MismatchError: `model` is of another kind, or its config is not of this form.
    """
    if model.kind is not LearnedKind.PHOTO_CLASSIFIER:
        raise MismatchError(f"{model.folder} holds a {model.kind} model; a photo classifier is needed")
    path = model.folder / NETWORK_FILE
    sha256 = file_sha256(path)
    try:
        config = ArtefactConfig(
            backbone=str(model.config["architecture"]),
            dimension=int(model.config["dimension"]),
            preparation=read_preparation(model.config["preparation"]),
            network_sha256=sha256,
            source_sha256=sha256,
        )
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise MismatchError(
            f"the config of {model.folder} is no photo classifier's ({error}); run `bowerbird train photo`"
        ) from error
    return Artefact(model.folder, Kind.PHOTO, model.fingerprint, config)


def read_preparation(values: dict[str, object]) -> PhotoPreparation:
    """The preparation that `dataclasses.asdict` made `values` of, perhaps by way of JSON."""
    known = {
        **values,
        "fit": Fit(str(values["fit"])),
        "resample": Resample(str(values["resample"])),
        "mean": tuple(values["mean"]),  # type: ignore[arg-type]  # TypeError says that it is no list
        "std": tuple(values["std"]),  # type: ignore[arg-type]  # likewise
    }
    return PhotoPreparation(**known)  # type: ignore[arg-type]  # likewise
