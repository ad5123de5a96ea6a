"""Rows of a CSV file, whose bare carriage returns are no row ends."""

import csv
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import IO

from bowerbird.cleaning.reading_files import Open, storage_errors
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Reason, shown
from bowerbird.errors import InputError

LONGEST_FIELD = 16 * 1024 * 1024
# Stands for a bare carriage return while the csv module, which takes one for a row's end, reads.
_RETURN = "\ue00d"
_DELIMITERS = (",", "\t", ";", "|")


class CsvRows:
    r"""Rows of a CSV file in UTF-8, with or without a byte order mark.

    Rows end at a newline only: a bare carriage return is part of its field, quoted or not. Where the header
    ends in '\r\n', so do the rows. The delimiter is the one of , tab ; | that the header has most of.
    """

    def __init__(self, name: str, open_stream: Open) -> None:
        self.name = name
        self._open = open_stream

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The header.

        Raises:
            InputError: there is none, a name repeats, or the file is not UTF-8.
        """
        with storage_errors(self.name), self._open() as stream:
            header = next(_records(self._lines(stream), self._delimiter), None)
        names = tuple(name.strip() for name in header[0]) if header else ()
        if not any(names):
            raise InputError(f"{self.name} is empty; its first line must name its columns")
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(
                f"{self.name} names the columns {', '.join(map(repr, repeated))} twice; rename one"
            )
        return names

    def rows(self, after: int = 0) -> Iterator[RawRow]:
        """The rows numbered above `after`."""
        columns = self.columns
        with storage_errors(self.name), self._open() as stream:
            records = islice(_records(self._lines(stream), self._delimiter), 1, None)
            for number, (fields, text, fault) in enumerate(islice(records, after, None), after + 1):
                if fault is not None or len(fields) != len(columns):
                    yield RawRow(number, fault=fault or Reason.MALFORMED_ROW, text=shown(text))
                else:
                    yield RawRow(number, dict(zip(columns, fields, strict=True)))

    def count(self) -> int:
        """How many rows there are."""
        with storage_errors(self.name), self._open() as stream:
            return max(sum(1 for _ in _records(self._lines(stream), self._delimiter)) - 1, 0)

    @cached_property
    def _header_line(self) -> bytes:
        with storage_errors(self.name), self._open() as stream:
            line = stream.readline()
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(f"{self.name} is UTF-16; save it as UTF-8")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"the header of {self.name} is not UTF-8 ({error}); save it as UTF-8") from error
        return line

    @cached_property
    def _delimiter(self) -> str:
        header = self._header_line.decode("utf-8")
        return max(_DELIMITERS, key=header.count)

    def _lines(self, stream: IO[bytes]) -> Iterator[str]:
        """Decoded lines; bytes that are not UTF-8 become lone surrogates, by which `_records` knows them."""
        carriage = self._header_line.endswith(b"\r\n")
        for number, line in enumerate(stream):
            data = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
            if carriage and data.endswith(b"\r\n"):
                data = data[:-2] + b"\n"
            yield data.decode("utf-8", "surrogateescape").replace("\r", _RETURN)


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], str, Reason | None]]:
    """Fields, raw text and fault of each record; blank lines are none."""
    csv.field_size_limit(LONGEST_FIELD)  # the module's own 128 KiB would break a long description
    taken: list[str] = []

    def taking() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(taking(), delimiter=delimiter)
    while True:
        taken.clear()
        try:
            fields = next(reader)
            fault = None
        except StopIteration:
            return
        except csv.Error:
            fields, fault = [], Reason.MALFORMED_ROW
        text = "".join(taken).replace(_RETURN, "\r").rstrip("\n")
        if not text.strip():
            continue
        if len(taken) > 1 and fault is None and _never_closed(taken, delimiter):
            fault = Reason.MALFORMED_ROW
        if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
            fault = Reason.NOT_UTF8
        yield [value.replace(_RETURN, "\r") for value in fields], text, fault


def _never_closed(record: list[str], delimiter: str) -> bool:
    """Whether an open quote swallowed the rest of the file: the lenient reader lets that pass."""
    try:
        for _ in csv.reader(record, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
