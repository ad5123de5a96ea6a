"""What an index generation says of itself: the revision it reached, its encoders, its files' checksums."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from bowerbird import __version__
from bowerbird.errors import MismatchError

FILE_NAME = "manifest.json"
FORMAT = 2  # 2: perceptual hashes beside the photos' owners


@dataclass(frozen=True, slots=True)
class FileSum:
    """What a whole file looks like."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. `files` go by their path in its folder, with '/' between parts."""

    name: str
    revision: int
    encoders: Mapping[str, str]  # fingerprints
    counts: Mapping[str, int]
    cutoff: Mapping[str, float]
    created_at: datetime
    files: Mapping[str, FileSum]
    bowerbird_version: str = __version__

    def to_json(self) -> bytes:
        """The manifest as it stands in its file."""
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest in `folder`.

        Raises:
            MismatchError: it is missing, damaged, or of a later format.
        """
        try:
            fields = orjson.loads((folder / FILE_NAME).read_bytes())
            if fields.pop("format") != FORMAT:
                raise MismatchError(f"{folder.name} was written by another bowerbird: run `bowerbird index`")
            if fields["name"] != folder.name:
                raise MismatchError(f"{folder.name} holds the manifest of {fields['name']}; move it back")
            return cls(**{**fields, **_parsed(fields)})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MismatchError(
                f"{folder.name} has no readable {FILE_NAME} ({error}): run `bowerbird index`"
            ) from error

    def verify(self, folder: Path) -> None:
        """Check that every file is in `folder`, with its size and its checksum.

        Raises:
            MismatchError: one is missing or differs.
        """
        for name, expected in self.files.items():
            path = folder / name
            try:
                whole = path.stat().st_size == expected.bytes and checksum(path) == expected
            except OSError as error:
                raise MismatchError(f"{self.name} lacks {name} ({error}): run `bowerbird index`") from error
            if not whole:
                raise MismatchError(f"{self.name} has a damaged {name}: run `bowerbird index`")


def checksum(path: Path) -> FileSum:
    """The size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileSum(digest, file.tell())


def _parsed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "created_at": datetime.fromisoformat(fields["created_at"]),
        "files": {name: FileSum(**about) for name, about in fields["files"].items()},
    }
