"""An archive is unpacked within limits, whatever it is packed with."""

from __future__ import annotations

import io
import zipfile

import pytest

from governance.decisions.archive import MAX_FILE, is_wanted, read_zip
from orchestration.errors import InvalidInput


def packed(method: int, text: str = "# A\n") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("0001-a.md", text)
    return stream.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_could_unpack_without_a_limit_is_refused_by_name(method: int):
    found = read_zip(packed(method, "a" * 1_000_000))
    assert found.texts == {}
    assert "use a plain zip" in found.refused["0001-a.md"]


def test_a_plain_zip_is_read():
    assert read_zip(packed(zipfile.ZIP_DEFLATED)).texts == {"0001-a.md": "# A\n"}


@pytest.mark.parametrize(
    "name",
    [
        "0001-a.md~",
        "#0001-a.md#",
        "0001-a.md_old",
        "0001-a.md-bak",
        "0001-a.md.2",
        "2021-backup.7z",
        "01-x.3gp",
        "0001-a~",
    ],
)
def test_a_copy_put_aside_and_a_binary_are_no_records(name: str):
    assert not is_wanted(name)


@pytest.mark.parametrize(
    "name",
    ["0051-use-v1.2-client", "0052-python-3.11", "2020-01-02-x", "ADR-12", "0001-a.md", "0001-md-files", "0001-a.b.md"],
)
def test_a_name_without_a_suffix_is_one_of_a_record_if_it_has_a_number(name: str):
    assert is_wanted(name)


def test_what_is_too_large_for_a_record_counts_for_the_whole_as_well():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(130):
            archive.writestr(f"{n}.md", b"0" * (MAX_FILE + 1))
    with pytest.raises(InvalidInput, match="unpacks to more than 64 MiB"):
        read_zip(stream.getvalue())
