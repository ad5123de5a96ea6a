"""Category paths, and the numbers that stand for their roots and leaves when a network learns them.

A root is the first name of a path, a leaf the whole path: 'Other' ends sixteen paths of the classic set, so a
last name alone is no label.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bowerbird.cleaning.field_values import text_of
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import CATEGORY_SEPARATOR

# In the classic set the last level of beds and sofas says who sells ('Private', 'Business'), and of two
# fitness machines that nothing was said: these are fields of the advert, not kinds of thing.
SELLER_LEVELS = frozenset({"Private", "Business", "Trade", "Not specified"})
UNKNOWN_LABEL = -1


def parse_category(
    raw: object, separator: str = CATEGORY_SEPARATOR, *, drop_last: Collection[str] = frozenset()
) -> tuple[str, ...]:
    """The path that `raw` (text, or a list of names) says, root first; () where it says nothing.

    Levels of `drop_last` are taken off the end, never from the first two levels: 'Business' as a root or
    right under one is a category.
    """
    if raw is None:
        return ()
    if isinstance(raw, list | tuple):
        levels = [text_of(level) for level in raw if level is not None]
    else:
        levels = text_of(raw).split(separator)
    path = [name for name in (" ".join(level.split()) for level in levels) if name]
    while len(path) > 2 and path[-1] in drop_last:
        path.pop()
    return tuple(path)


@dataclass(frozen=True, slots=True)
class CategoryLabels:
    """Roots and leaves (whole paths) in a fixed order; a label is a place in that order."""

    roots: tuple[str, ...]
    leaves: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, paths: Iterable[Sequence[str]]) -> "CategoryLabels":
        """The labels of all `paths`, in alphabetical order; empty paths have none."""
        leaves = sorted({tuple(path) for path in paths if path})
        return cls(tuple(sorted({leaf[0] for leaf in leaves})), tuple(leaves))

    def encode_roots(self, paths: Iterable[Sequence[str]]) -> list[int]:
        """The root label of each path; -1 for an empty or unknown one."""
        labels = {root: label for label, root in enumerate(self.roots)}
        return [labels.get(path[0], UNKNOWN_LABEL) if path else UNKNOWN_LABEL for path in paths]

    def encode_leaves(self, paths: Iterable[Sequence[str]]) -> list[int]:
        """The leaf label of each path; -1 for an empty or unknown one."""
        labels = {leaf: label for label, leaf in enumerate(self.leaves)}
        return [labels.get(tuple(path), UNKNOWN_LABEL) for path in paths]

    def decode_root(self, label: int) -> str:
        """The root that `label` stands for.

        Raises:
            InputError: there is no such label.
        """
        return self.roots[_checked(label, len(self.roots), "root")]

    def decode_leaf(self, label: int) -> tuple[str, ...]:
        """The path that `label` stands for.

        Raises:
            InputError: there is no such label.
        """
        return self.leaves[_checked(label, len(self.leaves), "leaf")]

    def save(self, path: Path) -> None:
        """Write as JSON."""
        content = {"roots": self.roots, "leaves": self.leaves}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "CategoryLabels":
        """The labels that `save` wrote.

        Raises:
            NotFoundError: there is no such file.
            InputError: the file holds something else.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(tuple(content["roots"]), tuple(tuple(leaf) for leaf in content["leaves"]))
        except FileNotFoundError:
            raise NotFoundError(
                f"there are no category labels at {path}; train or export them first"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} holds no category labels ({error}); export them again") from error


def _checked(label: int, count: int, kind: str) -> int:
    if not 0 <= label < count:
        raise InputError(f"there is no {kind} category {label}; labels run from 0 to {count - 1}")
    return label
