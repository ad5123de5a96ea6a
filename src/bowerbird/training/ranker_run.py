"""The ranker of a home from its log: opened, read, its features drawn anew where asked for, learned from."""

from contextlib import closing
from datetime import datetime

from bowerbird.assembly import open_engine, open_event_stores
from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.ranking_log import events_of, read_ranking_log
from bowerbird.training.ranker_training import RankerTraining
from bowerbird.training.replayed_features import replay_features
from bowerbird.training.train_ranker import train_ranker


def run_ranker_training(
    settings: Settings, training: RankerTraining, progress: Progress, *, replay: bool, now: datetime
) -> LearnedModel:
    """The ranker of a home, published and in use.

    Args:
        settings: of the home.
        training: the settings of the run.
        progress: told of every step.
        replay: draw features anew for the pages that have none of this version.
        now: written into the model.

    Raises:
        NotFoundError: there is no such home.
        TrainingError: too few pages have features and clicks, or position bias cannot be told from them.
    """
    with closing(open_event_stores(settings)) as stores:
        progress.step("reading the log", None)
        pages = read_ranking_log(stores)
        replayed = None
        if replay:
            with closing(open_engine(settings)) as engine:
                events = events_of(stores)
                replayed = replay_features(engine, pages, events, settings.ranking.depth, progress)
    return train_ranker(settings, pages, training, progress, trained_at=now, replayed=replayed)
