"""The classic set's second table, Images.csv: which photo belongs to which listing."""

from collections import defaultdict
from collections.abc import Container, Iterator

from bowerbird.cleaning.field_values import is_missing, text_of
from bowerbird.cleaning.reading_rows import RawRow, RowSource
from bowerbird.cleaning.rejection import Part, PhotoReference, Reason, Rejection, shown


class PhotoList:
    """Photo references by listing, in the table's order.

    Every row of the table is a reference, or is in `rejections`. A photo's location is its id: a photo source
    finds 'images/<id>.jpg' by it.
    """

    def __init__(self, images: RowSource) -> None:
        self.rows = 0
        self.rejections: list[Rejection] = []
        self._by_listing: defaultdict[str, list[PhotoReference]] = defaultdict(list)
        seen: set[str] = set()
        for row in images.rows():
            self.rows += 1
            reference = _reference(row)
            if isinstance(reference, PhotoReference) and reference.photo_id in seen:
                reference = _rejected(
                    row, reference.listing_id, "id", reference.photo_id, Reason.PHOTO_REPEATED
                )
            if isinstance(reference, Rejection):
                self.rejections.append(reference)
            else:
                seen.add(reference.photo_id)
                self._by_listing[reference.listing_id].append(reference)

    def of(self, listing_id: str) -> tuple[PhotoReference, ...]:
        """The photos of `listing_id`; () where it has none."""
        return tuple(self._by_listing.get(listing_id, ()))

    def of_unknown(self, accepted: Container[str]) -> Iterator[Rejection]:
        """A rejection of each photo whose listing is not among the `accepted` ids."""
        for listing_id, references in self._by_listing.items():
            if listing_id not in accepted:
                for reference in references:
                    yield Rejection(
                        Part.PHOTO, reference.row, listing_id, "product_id", listing_id,
                        Reason.PHOTO_UNKNOWN_LISTING, f"photo {reference.photo_id}",
                    )  # fmt: skip


def _reference(row: RawRow) -> PhotoReference | Rejection:
    if row.fault is not None:
        return _rejected(row, None, "row", row.text, row.fault)
    photo_id, listing_id = row.values.get("id"), row.values.get("product_id")
    if is_missing(photo_id) or is_missing(listing_id):
        return _rejected(row, None, "id", row.values, Reason.PHOTO_WITHOUT_ID)
    name = text_of(photo_id).strip()
    return PhotoReference(name, name, text_of(listing_id).strip(), row.number)


def _rejected(row: RawRow, listing_id: str | None, field: str, value: object, reason: Reason) -> Rejection:
    return Rejection(Part.PHOTO, row.number, listing_id, field, shown(value), reason)
