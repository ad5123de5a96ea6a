"""Every kind of source yields the same rows, and what cannot be read is kept with its reason."""

import csv
import gzip
import io
import json
import os
import sqlite3
import zipfile

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cleaning.column_map import column_map_of
from bowerbird.cleaning.reading import open_source
from bowerbird.cleaning.reading_csv import CsvRows
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Reason
from bowerbird.errors import InputError, NotFoundError, UnavailableError

ROWS = [
    {"id": "1", "title": "Oak table", "price": "£5"},
    {"id": "2", "title": "Vélo, red", "price": ""},
    {"id": "3", "title": 'a "good" chair', "price": "7"},
]


def csv_rows(data, name="t.csv"):
    return CsvRows(name, lambda: io.BytesIO(data))


def values(rows):
    return [row.values for row in rows]


def write_csv(path, rows, columns=("id", "title", "price")):
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def every_form(folder):
    """The same three rows in every form: a location and the query it needs."""
    table = write_csv(folder / "t.csv", ROWS)
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    (folder / "t.csv.gz").write_bytes(gzip.compress(table.read_bytes()))
    (folder / "t.tsv").write_text(
        'id\ttitle\tprice\n1\tOak table\t£5\n2\tVélo, red\t\n3\t"a ""good"" chair"\t7\n'
    )
    (folder / "t.jsonl").write_bytes(lines)
    (folder / "t.ndjson.gz").write_bytes(gzip.compress(lines))
    pl.DataFrame(ROWS).write_parquet(folder / "t.parquet")
    with zipfile.ZipFile(folder / "t.zip", "w") as archive:
        archive.writestr("inner/t.jsonl", lines)
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        archive.write(folder / "t.parquet", "t.parquet")
    (folder / "only").mkdir()
    (folder / "only" / "t.jsonl").write_bytes(lines)
    with sqlite3.connect(folder / "t.db") as connection:
        connection.execute("CREATE TABLE things (id TEXT, title TEXT, price TEXT)")
        connection.executemany("INSERT INTO things VALUES (:id, :title, :price)", ROWS)
    connection.close()
    query = "SELECT id, title, price FROM things WHERE '12:30' > '' ORDER BY id;"
    files = ["t.csv", "t.csv.gz", "t.tsv", "t.jsonl", "t.ndjson.gz", "t.parquet", "t.zip", "p.zip", "only"]
    return [*((str(folder / name), None) for name in files), (f"sqlite:///{folder / 't.db'}", query)]


def test_every_form_gives_the_same_rows_and_resumes_alike(tmp_path):
    for location, query in every_form(tmp_path):
        source = open_source(location, query=query)
        assert source.rows.columns == ("id", "title", "price"), location
        assert source.rows.count() == 3, location
        assert list(source.rows.rows()) == [RawRow(n, row) for n, row in enumerate(ROWS, 1)], location
        assert list(source.rows.rows(after=2)) == [RawRow(3, ROWS[2])], location
        assert list(source.rows.rows(after=3)) == [], location
        assert source.column_map.columns["title"] == ("title",)
        assert (source.images, source.photos) == (None, None)


def test_a_relative_path_is_read(tmp_path, monkeypatch):
    write_csv(tmp_path / "t.csv", ROWS)
    monkeypatch.chdir(tmp_path)
    assert open_source("t.csv").rows.count() == 3


def test_bare_carriage_returns_split_no_row():
    data = b'\xef\xbb\xbfid,title,text\n1,a\rb,"c\rd\ne"\n2,x,y\r\n'
    assert values(csv_rows(data).rows()) == [
        {"id": "1", "title": "a\rb", "text": "c\rd\ne"},
        {"id": "2", "title": "x", "text": "y\r"},
    ]


def test_where_the_header_ends_in_both_so_do_the_rows():
    data = b'id,title\r\n1,"a\rb"\r\n2,c\n'
    assert values(csv_rows(data).rows()) == [{"id": "1", "title": "a\rb"}, {"id": "2", "title": "c"}]


@given(
    st.lists(
        st.tuples(*[st.text(alphabet='ab,;"\r\n é€', max_size=8)] * 3).filter(
            lambda row: any(map(str.strip, row))
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_what_is_written_quoted_is_read_back(rows, bom):
    text = "a,b,c\n" + "".join(",".join('"' + v.replace('"', '""') + '"' for v in row) + "\n" for row in rows)
    source = csv_rows(b"\xef\xbb\xbf" * bom + text.encode())
    assert [tuple(row.values.values()) for row in source.rows()] == rows
    assert source.count() == len(rows)


def test_rows_that_do_not_fit_are_kept_with_their_text_and_reason():
    data = b"id,title\n1,a,b\n2\n\n3,fine\n4,caf\xe9\n5,ok\n"
    rows = list(csv_rows(data).rows())
    assert rows == [
        RawRow(1, fault=Reason.MALFORMED_ROW, text="1,a,b"),
        RawRow(2, fault=Reason.MALFORMED_ROW, text="2"),
        RawRow(3, {"id": "3", "title": "fine"}),
        RawRow(4, fault=Reason.NOT_UTF8, text="4,caf\\udce9"),
        RawRow(5, {"id": "5", "title": "ok"}),
    ]
    assert csv_rows(data).count() == 5


def test_a_quote_that_never_closes_swallows_no_row_in_silence():
    rows = list(csv_rows(b'id,title\n1,a\n2,"b\n3,c\n4,d\n').rows())
    assert rows[0] == RawRow(1, {"id": "1", "title": "a"})
    assert rows[1] == RawRow(2, fault=Reason.MALFORMED_ROW, text='2,"b\n3,c\n4,d')
    assert len(rows) == 2


def test_a_long_field_is_read():
    long = "x" * 300_000
    assert values(csv_rows(f"id,title\n1,{long}\n".encode()).rows()) == [{"id": "1", "title": long}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "t.csv is empty; its first line must name its columns"),
        (b"id,title,id\n", "names the columns 'id' twice"),
        ("id,title\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"id,titr\xe9\n", "header of t.csv is not UTF-8"),
    ],
)
def test_headers_that_cannot_be_used(data, message):
    with pytest.raises(InputError, match=message):
        _ = csv_rows(data).columns


def test_lines_that_are_no_json_object_are_kept(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"id": 1, "title": "a"}\n\n{"id": 2,\n[3]\n{"id": 4, "name": "d"}\n')
    source = open_source(str(tmp_path / "t.jsonl"))
    assert source.rows.columns == ("id", "title", "name")
    assert list(source.rows.rows()) == [
        RawRow(1, {"id": 1, "title": "a"}),
        RawRow(2, fault=Reason.NOT_JSON, text='{"id": 2,'),
        RawRow(3, fault=Reason.NOT_JSON, text="[3]"),
        RawRow(4, {"id": 4, "name": "d"}),
    ]
    assert source.rows.count() == 4


def test_parquet_is_read_over_batches(tmp_path, monkeypatch):
    monkeypatch.setattr("bowerbird.cleaning.reading_tables.PARQUET_BATCH", 4)
    pl.DataFrame({"id": range(10), "title": ["t"] * 10, "tags": [["a", "b"]] * 10}).write_parquet(
        tmp_path / "t.parquet"
    )
    rows = list(open_source(str(tmp_path / "t.parquet")).rows.rows(after=3))
    assert [row.number for row in rows] == [4, 5, 6, 7, 8, 9, 10]
    assert rows[0].values == {"id": 3, "title": "t", "tags": ["a", "b"]}


CLASSIC = [
    {"": 0, "id": "p1", "product_name": "Lamp | in Ayr | Gumtree", "category": "Home / Lamps",
    "product_description": "d",
     "price": "£5.00", "location": "Ayr, Fife"},
]  # fmt: skip


def classic_folder(folder):
    folder.mkdir(exist_ok=True, parents=True)
    write_csv(folder / "Products.csv", CLASSIC, tuple(CLASSIC[0]))
    write_csv(folder / "Images.csv", [{"": 0, "id": "i1", "product_id": "p1"}], ("", "id", "product_id"))
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "i1.jpg").write_bytes(b"jpeg")
    return folder


def test_the_classic_pair_is_found_from_the_file_the_folder_and_the_archive(tmp_path):
    folder = classic_folder(tmp_path / "set")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path))
    for location, photos in (
        (folder / "Products.csv", folder / "images"),
        (folder, folder / "images"),
        (tmp_path / "set.zip", tmp_path / "set.zip"),
    ):
        source = open_source(str(location))
        assert values(source.rows.rows()) == [{name: str(value) for name, value in CLASSIC[0].items()}]
        assert source.images is not None
        assert values(source.images.rows()) == [{"": "0", "id": "i1", "product_id": "p1"}]
        assert source.photos == str(photos)


@pytest.mark.parametrize("place", ["photos", "images", "photos.zip", "images.zip"])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl.gz", "t.parquet"])
def test_any_table_takes_the_photos_beside_it(tmp_path, monkeypatch, name, place):
    rows = [row | {"photos": f"{row['id']}.jpg"} for row in ROWS]
    if name.endswith(".csv"):
        write_csv(tmp_path / name, rows, tuple(rows[0]))
    elif name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    else:
        pl.DataFrame(rows).write_parquet(tmp_path / name)
    assert open_source(str(tmp_path / name)).photos is None
    (tmp_path / place).mkdir()
    source = open_source(str(tmp_path / name))
    assert (source.images, source.photos) == (None, str(tmp_path / place))
    monkeypatch.chdir(tmp_path)
    assert open_source(name).photos == f"./{place}"


def test_a_table_that_names_no_photos_takes_none(tmp_path):
    write_csv(tmp_path / "t.csv", ROWS)
    (tmp_path / "photos.zip").write_bytes(b"no archive, and none of ours")
    assert open_source(str(tmp_path / "t.csv")).photos is None


def test_a_map_that_is_given_is_used_and_checked(tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS)
    column_map = column_map_of({"id": "id", "title": "price"})
    assert open_source(str(path), column_map=column_map).column_map is column_map
    with pytest.raises(
        InputError, match=r"names name, which .*t.csv does not have; its columns are id, title, price"
    ):
        open_source(str(path), column_map=column_map_of({"id": "id", "title": "name"}))


def test_sources_that_are_none(tmp_path):
    with pytest.raises(NotFoundError, match="there is nothing at"):
        open_source(str(tmp_path / "t.csv"))
    with pytest.raises(InputError, match="holds no table; name the one table file"):
        open_source(str(tmp_path))
    (tmp_path / "t.doc").write_text("x")
    with pytest.raises(InputError, match=r"t.doc is no table that can be imported; give a .csv"):
        open_source(str(tmp_path / "t.doc"))
    write_csv(tmp_path / "a.csv", ROWS)
    write_csv(tmp_path / "b.csv", ROWS)
    with pytest.raises(InputError, match=r"holds 2 tables \(a.csv, b.csv\)"):
        open_source(str(tmp_path))
    with pytest.raises(InputError, match="a query is for databases"):
        open_source(str(tmp_path / "a.csv"), query="SELECT 1")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        open_source(str(tmp_path / "t.parquet"))
    (tmp_path / "t.zip").write_bytes(b"PK not really")
    with pytest.raises(InputError, match="is no whole zip archive"):
        open_source(str(tmp_path / "t.zip"))
    (tmp_path / "t.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(InputError, match="is damaged"):
        open_source(str(tmp_path / "t.csv.gz"))


def test_databases_that_cannot_be_asked(tmp_path):
    with pytest.raises(InputError, match="needs a query"):
        open_source(f"sqlite:///{tmp_path}/t.db")
    with pytest.raises(UnavailableError, match=r"could not answer the query.*no such table"):
        open_source(f"sqlite:///{tmp_path}/t.db", query="SELECT * FROM things")
    with pytest.raises(InputError, match="no database URL such as"):
        open_source("nosuchbase://host/name", query="SELECT 1")
    with pytest.raises(UnavailableError, match=r"the driver of .*:\*\*\*@host.* is missing"):
        open_source("mysql://me:secret@host/name", query="SELECT 1")


def test_a_source_whose_table_changed_has_another_state(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("id,title\n1,Sofa\n")
    archive = tmp_path / "rows.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(table, "rows.csv")
    for location, changed in ((tmp_path, table), (table, table), (archive, archive)):
        before = open_source(str(location)).state
        assert before
        assert open_source(str(location)).state == before
        with changed.open("ab") as file:
            file.write(b"2,Lamp\n" if changed is table else b"")
        os.utime(changed, (1, 1 + len(before)))
        assert open_source(str(location)).state != before
