"""`bowerbird profile`: the report of one home's catalogue and of its last import."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

from bowerbird.assembly import open_catalogue, open_photo_store
from bowerbird.cleaning.rejection import Rejection
from bowerbird.jobs.profile import ProfileSummary, write_profile
from bowerbird.settings import Settings
from bowerbird.storage.import_log import ImportLog

PAGE = 1000


def profile_market(settings: Settings, path: Path) -> ProfileSummary:
    """Write the page to `path`."""
    with closing(open_catalogue(settings)) as catalogue:
        listings, rejected = chain.from_iterable(catalogue.scan()), _last_rejections(catalogue.imports)
        return write_profile(listings, rejected, open_photo_store(settings).read, path)


def _last_rejections(imports: ImportLog) -> Iterator[Rejection]:
    for run in imports.runs(1):
        offset = 0
        while page := imports.rejections(run.run_id, PAGE, offset):
            yield from page
            offset += len(page)
