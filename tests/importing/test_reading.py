"""Exports as records: quotes, line ends, packing, and what is no CSV."""

import gzip
from pathlib import Path

import pytest

from db.csv_text import LONGEST_LINE, numbered_lines
from db.errors import InvalidInputError
from db.importing.reading import Record, header_of, opened, records

SOUND = b'a,b\r\n1,"x, ""y"""\r\n\r\n2,z'


def read(path: Path, content: bytes) -> tuple[list[str], list[tuple[int, list[str] | None]]]:
    path.write_bytes(content)
    with opened(path) as file:
        lines = numbered_lines(file, path)
        header = header_of(lines, path)
        return header, [(each.line, each.cells) for each in records(lines, len(header))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crlf.csv", SOUND),
        ("lf.csv", SOUND.replace(b"\r\n", b"\n")),
        ("cr.csv", SOUND.replace(b"\r\n", b"\r")),
        ("bom.csv", b"\xef\xbb\xbf" + SOUND),
        ("packed.csv.gz", gzip.compress(SOUND)),
    ],
)
def test_every_form_of_csv_gives_the_same_rows(tmp_path: Path, name: str, content: bytes) -> None:
    assert read(tmp_path / name, content) == (["a", "b"], [(2, ["1", 'x, "y"']), (4, ["2", "z"])])


def test_a_quoted_cell_goes_on_over_lines(tmp_path: Path) -> None:
    _, rows = read(tmp_path / "x.csv", b'a,b\n1,"x\r\ny\n\nz"\n2,w\n')
    assert rows == [(2, ["1", "x\r\ny\n\nz"]), (6, ["2", "w"])]


@pytest.mark.parametrize("last", [b"", b'5,"sound"\n', b'5,"over\nlines"\n'])
def test_a_quote_that_is_not_closed_costs_its_own_line(tmp_path: Path, last: bytes) -> None:
    many = b"".join(b"%d,x\n" % number for number in range(3, 2000))
    _, rows = read(tmp_path / "x.csv", b'a,b\n1,"x\n' + many + last)
    assert rows[0] == (2, None)
    assert [cells for _, cells in rows[1:1998]] == [[str(n), "x"] for n in range(3, 2000)]
    assert all(cells is not None for _, cells in rows[1:])
    assert len(rows) == 1998 + bool(last)


def test_a_quote_before_the_end_of_a_cell_is_a_fault_of_its_line(tmp_path: Path) -> None:
    _, rows = read(tmp_path / "x.csv", b'a,b\n1,"x"y"z"\n2,w\n')
    assert rows == [(2, None), (3, ["2", "w"])]


def test_bytes_that_are_no_text_come_back_as_they_were(tmp_path: Path) -> None:
    _, ((_, cells),) = read(tmp_path / "x.csv", b"a,b\n1,\xff\n")
    assert cells is not None
    assert cells[1].encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "has no header"),
        ("blank.csv", b"\n\n", "has no header"),
        ("endless.csv", b"a,b\n" + b"x" * (LONGEST_LINE + 1), "line 2 has no end"),
        ("plain.csv.gz", b"a,b\n", "cannot be unpacked"),
        ("cut.csv.gz", gzip.compress(SOUND * 1000)[:-20], "cannot be unpacked"),
        ("damaged.csv.gz", gzip.compress(SOUND * 1000)[:20] + b"\0" * 40, "cannot be unpacked"),
    ],
)
def test_what_is_no_csv_is_told_by_name(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"{name}.*{said}"):
        read(tmp_path / name, content)


def test_a_record_keeps_its_text() -> None:
    lines = iter([(2, '1,"a\n'), (3, 'b"\n')])
    assert list(records(lines, 2)) == [Record(2, '1,"a\nb"\n', ["1", "a\nb"])]
