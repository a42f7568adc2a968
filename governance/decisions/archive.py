"""A zip of records: read within limits, and made. Owns what an archive may hold. Pure, never touches a disk.

A name never leads out of the folder, a link is no file, and how much comes out is counted, not believed.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

from governance.decisions.encodings import decoded
from governance.decisions.naming import split_stem
from orchestration.errors import InvalidInput

MAX_FILES = 3_000
MAX_FILE = 512 * 1024
MAX_TOTAL = 64 * 1024 * 1024
MAX_PATH = 400
SUFFIXES = frozenset({".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc", ".txt"})
#: Other entries are named and left; of so many in all, an archive is something else.
_MOST_ENTRIES = 50_000
MOST_OTHERS = 500
#: `.png`, `.7z`, `.3gp`; neither the `.2-client` of `0012-use-v1.2-client` nor the `.11` of `0012-python-3.11`.
_SUFFIX = re.compile(r"\.(?=\d*[A-Za-z])[A-Za-z0-9]{1,10}")
#: `0001-a.md~`, `0001-a.md_old`, `0001-a.md.2`: what an editor or a hand put aside.
_ASIDE = re.compile(r"\.(?:md|markdown|mdx|rst|adoc|asciidoc|txt)(?![A-Za-z0-9]).+|[~#]$", re.IGNORECASE)
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Files:
    """Texts by path, why some were not read, and the first of what is no text: pictures, listings."""

    texts: Mapping[str, str]
    refused: Mapping[str, str]
    others: Sequence[str] = ()
    encodings: Mapping[str, str] = field(default_factory=dict)
    """Of texts that were not in UTF-8."""


def is_wanted(path: str) -> bool:
    """It may be a record: a text by its suffix, in no hidden folder; without any suffix, one with a number or a date."""
    place = PurePosixPath(path)
    if _is_hidden(place):
        return False
    # Somebody forgot `.md`. `0012-use-v1.2-client` has no suffix either.
    if place.suffix.lower() in SUFFIXES:
        return True
    is_else = _SUFFIX.fullmatch(place.suffix) or _ASIDE.search(place.name)
    return not is_else and split_stem(place.name) != ("", place.name)


def _is_hidden(place: PurePosixPath) -> bool:
    return any(part.startswith(".") and part not in {".", ".."} for part in place.parts) or "__MACOSX" in place.parts


def path_fault(path: str) -> str:
    """Why a path can't be one below a folder; empty for one that can."""
    parts = path.split("/")
    if not path or len(path) > MAX_PATH:
        return f"its path is empty or longer than {MAX_PATH} characters"
    if path.startswith("/") or "\\" in path or ".." in parts or ":" in parts[0]:
        return "its path leads out of the folder"
    if "" in parts or "." in parts or any(ord(char) < 32 or "\ud800" <= char <= "\udfff" for char in path):
        return "its path has empty parts or control characters"
    return ""


#: What Python's reader raises at a damaged archive, names and all.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, IndexError,
)  # fmt: skip


def read_zip(data: bytes) -> Files:
    """The archive's texts, without a folder that all of them are in. Raises InvalidInput for what is no archive."""
    texts: dict[str, str] = {}
    refused: dict[str, str] = {}
    encodings: dict[str, str] = {}
    left = MAX_TOTAL
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            files = [entry for entry in entries if not entry.is_dir()]
            wanted = [entry for entry in files if is_wanted(entry.filename)]
            others = [entry.filename for entry in files if _is_other(entry.filename)][:MOST_OTHERS]
            if len(wanted) > MAX_FILES or len(entries) > _MOST_ENTRIES:
                raise InvalidInput(
                    f"the archive has {len(wanted):,} texts in {len(entries):,} entries; {MAX_FILES:,} texts are the limit"
                )
            for entry in wanted:
                try:
                    content = _content(archive, entry, left)
                    left -= len(content)
                    if len(content) > MAX_FILE:
                        raise ValueError(f"it is larger than {MAX_FILE // 1024} KiB; no record is")
                    texts[entry.filename], encoding = decoded(content)
                    encodings |= {entry.filename: encoding} if encoding else {}
                except ValueError as error:
                    refused[entry.filename] = str(error)
    except UNREADABLE as error:
        raise InvalidInput(f"this is no zip that can be read ({str(error)[:100]}); make it anew") from None
    if not texts and not refused:
        raise InvalidInput(f"the archive has no file that ends in {', '.join(sorted(SUFFIXES))}")
    return _below_one_folder(Files(texts, refused, others, encodings))


def _is_other(path: str) -> bool:
    return not is_wanted(path) and not _is_hidden(PurePosixPath(path)) and not path_fault(path)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    fault = path_fault(entry.filename)
    if fault:
        raise ValueError(fault)
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise ValueError("it is a link or a device, not a file")
    if entry.flag_bits & 1:
        raise ValueError("it is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The others are unpacked without a limit by Python's own reader: a few bytes could fill the memory.
        raise ValueError("it is packed in a way that is not read here; use a plain zip")
    try:
        with archive.open(entry) as stream:
            content = stream.read(MAX_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"it can't be unpacked: {str(error)[:100]}") from None
    if len(content) > left:
        raise InvalidInput(f"the archive unpacks to more than {MAX_TOTAL // 2**20} MiB; send fewer files at once")
    return content


def _below_one_folder(files: Files) -> Files:
    """Archives of a folder have its name before each path, which says nothing, unless it is a record's own folder."""
    paths = [*files.texts, *files.refused]
    while all("/" in path for path in paths) and len({path.split("/")[0] for path in paths}) == 1:
        name = paths[0].split("/")[0]
        if split_stem(name) != ("", name):
            break
        cut = len(name) + 1
        files = Files(
            {k[cut:]: v for k, v in files.texts.items()},
            {k[cut:]: v for k, v in files.refused.items()},
            [path.removeprefix(f"{name}/") for path in files.others],
            {k[cut:]: v for k, v in files.encodings.items()},
        )
        paths = [*files.texts, *files.refused]
    return files


def write_zip(files: Iterable[tuple[str, bytes]], to: IO[bytes]) -> int:
    """Write the files as an archive; gives how many. The same files make the same bytes."""
    count = 0
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            info = zipfile.ZipInfo(path, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
            count += 1
    return count
