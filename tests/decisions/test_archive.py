"""An archive is unpacked within limits, whatever it is packed with."""

from __future__ import annotations

import io
import zipfile

import pytest

from governance.decisions.archive import read_zip


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
