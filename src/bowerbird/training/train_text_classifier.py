"""One run of a text classifier: root categories from words, by the architecture asked for; published.

'kernel' is the category model's word half on its own: a closed form, calibrated at root and leaf. 'conv' and
'minilm' are networks over the text backbone's tokens, chosen by their validation accuracy and exported.
"""

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from bowerbird.assembly import open_stores
from bowerbird.encoding.artefact import NETWORK_FILE, TOKENIZER_FILE
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.network import Network, Precision
from bowerbird.errors import TrainingError
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import staged_model
from bowerbird.suggesting.category_model import Evidence, read_tables, softmax, write_tables
from bowerbird.training.category_figures import answers_on, codes_of
from bowerbird.training.category_learning import learn_categories
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.run_folder import RunFolder
from bowerbird.training.text_backbone import TextBackbone, load_text_backbone
from bowerbird.training.text_export import write_text_network
from bowerbird.training.text_networks import ConvText, FineTunedText, token_embeddings
from bowerbird.training.text_publishing import TextResult, publish_text_classifier
from bowerbird.training.text_run import TokenisedTexts, run_training
from bowerbird.training.text_training import TextArchitecture, TextTraining
from bowerbird.training.training_data import Part, TrainingData


def train_text(
    settings: Settings,
    data: TrainingData,
    training: TextTraining,
    progress: Progress,
    *,
    resume: bool | None = None,
    trained_at: datetime,
) -> LearnedModel:
    """The text classifier of a home, published and in use.

    Args:
        settings: of the home.
        data: its listings.
        training: the choices of the run.
        progress: is told the steps.
        resume: True goes on with a run, False begins anew, None goes on with an unfinished one; for networks.
        trained_at: when the run is.

    Raises:
        TrainingError: fewer than two categories are known, or none has words in the test part.
        MismatchError: the run that would go on has other settings or other data.
    """
    if training.architecture is TextArchitecture.KERNEL:
        return _train_kernel(settings, data, training, progress, trained_at)
    return _train_network(settings, data, training, progress, resume, trained_at)


def _train_kernel(
    settings: Settings, data: TrainingData, training: TextTraining, progress: Progress, trained_at: datetime
) -> LearnedModel:
    rows = _labelled(data, Part.TEST)
    began = time.monotonic()
    wordy = replace(data, features=data.features[:0], photo_hashes=(), photo_owners=data.photo_owners[:0])
    stores = open_stores(settings)
    try:
        model, _ = learn_categories(
            wordy,
            # It stands beside networks that read words alone, so it is not told the place.
            CategoryTraining(seed=training.seed, place_weight=0),
            progress,
            encode=stores.vectors.text_encoder.encode,
        )
    finally:
        stores.close()
    with staged_model(settings.models, LearnedKind.TEXT_CLASSIFIER) as staged:
        config = write_tables(model, staged)
        answers = answers_on(read_tables(staged, config), wordy, rows)[Evidence.WORDS]
        result = TextResult(
            model.roots, rows, answers.root, time.monotonic() - began, [], {"text": data.encoders["text"]}
        )
        return publish_text_classifier(settings, staged, data, training, result, config, trained_at)


def _train_network(
    settings: Settings,
    data: TrainingData,
    training: TextTraining,
    progress: Progress,
    resume: bool | None,
    trained_at: datetime,
) -> LearnedModel:
    train, validation, test = (_labelled(data, part) for part in Part)
    roots = tuple(sorted({data.roots[row] for row in train.tolist()}))
    if len(roots) < 2:
        raise TrainingError(
            f"{len(train)} training listings have {len(roots)} root categories between them; at least 2 are "
            "needed: map the category column when importing"
        )
    progress.step("reading the text backbone", None)
    backbone = load_text_backbone(settings.encoders.text_backbone, training.max_tokens)
    folder = RunFolder(Path(settings.home) / "runs" / "text" / training.architecture)
    checkpoint = folder.begin(training, data.fingerprint, resume=resume)
    network = build_network(backbone, training, len(roots))
    texts = tokenised(backbone, data, roots)
    # A validation category that training has not seen cannot be said; it would count as an error for ever.
    validation = validation[texts.labels[validation] < len(roots)]
    began = time.monotonic()
    history = run_training(network, texts, train, validation, training, folder, checkpoint, progress)
    seconds = time.monotonic() - began
    folder.finish(epochs=len(history))
    progress.step("measuring on the test listings", None)
    with staged_model(settings.models, LearnedKind.TEXT_CLASSIFIER) as staged:
        write_text_network(network, backbone.vocabulary_size, staged / NETWORK_FILE)
        (staged / TOKENIZER_FILE).write_text(backbone.tokenizer_json, encoding="utf-8")
        chances = _exported_probabilities(staged / NETWORK_FILE, texts, test)
        result = TextResult(roots, test, chances, seconds, history, {})
        config = {"roots": list(roots), "backbone": backbone.name, "max_tokens": training.max_tokens}
        return publish_text_classifier(settings, staged, data, training, result, config, trained_at)


def build_network(backbone: TextBackbone, training: TextTraining, classes: int) -> nn.Module:
    """The untrained classifier; its new layers follow from the seed."""
    torch.manual_seed(training.seed)
    if training.architecture is TextArchitecture.CONV:
        return ConvText(token_embeddings(backbone), classes, training.dropout)
    model = backbone.network.model
    if not isinstance(model, nn.Module):
        raise TrainingError(f"the backbone '{backbone.name}' cannot be trained on")
    return FineTunedText(model, backbone.dimension, classes, training.dropout)


def tokenised(backbone: TextBackbone, data: TrainingData, roots: tuple[str, ...]) -> TokenisedTexts:
    """The words of all listings as tokens, with their roots' places."""
    tokenizer = Tokenizer.from_str(backbone.tokenizer_json)
    tokenizer.no_padding()
    tokenizer.enable_truncation(backbone.preparation.max_length)
    ids = backbone.preparation.tokenize(tokenizer, [listing.text for listing in data.listings])
    return TokenisedTexts(ids, codes_of(data.roots, roots), backbone.preparation.padding_id)


def _exported_probabilities(
    path: Path, texts: TokenisedTexts, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, C) by the exported network, as it would be served."""
    network = Network(path, Precision.F32)
    batches = [texts.batch([row]) for row in rows.tolist()]
    outputs = network.run_many([[ids.numpy(), mask.numpy()] for ids, mask in batches])
    return softmax(np.concatenate(list(outputs)))


def _labelled(data: TrainingData, part: Part) -> NDArray[np.int64]:
    """The listings of `part` with words and a category.

    Raises:
        TrainingError: there is none.
    """
    rows = data.rows(part)
    known = [bool(data.roots[row] and data.listings[row].text.strip()) for row in rows.tolist()]
    if not any(known):
        raise TrainingError(
            f"no {part.name.lower()} listing has both words and a category; map the category column when "
            "importing, or import more listings"
        )
    return np.asarray(rows[np.array(known)])
