"""Finds and reads manifest files.

Owns which files a path stands for and the refusals of files that can't be read, all of them at once. Never parses a
manifest.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .exits import ExitCode, Failure
from .plain import clean

SUFFIXES = (".yaml", ".yml")
#: The loader's limit, known here so that a huge file is refused by name before it is read or sent.
MAX_FILE = 1024 * 1024
#: Of documents that are no manifests: the descriptions of the largest public APIs have a third of it.
MAX_DATA = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its text and the name that problems call it by."""

    source: str
    text: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def read_documents(paths: Sequence[str]) -> list[Document]:
    """Every file that the paths stand for. Raises Failure that names each one that can't be read."""
    documents: list[Document] = []
    faults: list[str] = []
    seen: set[Path] = set()
    for path in paths:
        for file in _files(Path(path), faults):
            # `validate . orders.yaml` means each file once; twice would be told as a double declaration.
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                text = _read(file, faults)
                if text is not None:
                    documents.append(Document(clean(file), text))
    if faults:
        raise Failure("\n".join(faults), ExitCode.USAGE, remedy="nothing was checked or sent", code="unreadable")
    return documents


def read_data(path: str) -> Any:
    """What a file of JSON or YAML says. Raises Failure for one that can't be read."""
    faults: list[str] = []
    text = _read(Path(path), faults, MAX_DATA)
    if text is None:
        raise Failure("\n".join(faults), ExitCode.USAGE, remedy="nothing was compared", code="unreadable")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _yaml(text, path)


def _yaml(text: str, path: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return _as_json(YAML(typ="safe", pure=True).load(text))
    except (YAMLError, ValueError, RecursionError) as error:
        told = str(error).replace("\n", " ")[:300]
        raise Failure(f"{path}: is neither JSON nor YAML: {told}", ExitCode.USAGE, code="unreadable") from error


def _as_json(value: Any) -> Any:
    """What JSON would say: names are texts, as in `200: …`, and so are days and times."""
    if isinstance(value, dict):
        return {_name(one): _as_json(part) for one, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _name(key: Any) -> str:
    plain = _as_json(key)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _files(path: Path, faults: list[str]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(_below(path, faults))
    if not found:
        faults.append(f"{path}: has no {' or '.join(f'*{suffix}' for suffix in SUFFIXES)} file")
    yield from found


def _below(folder: Path, faults: list[str]) -> Iterator[Path]:
    """Files of the folder and its folders; hidden ones are tools' own, linked ones could lead round in a circle."""
    unreadable = lambda error: faults.append(f"{error.filename}: {error.strerror or error}")  # noqa: E731 - a callback
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names if name.endswith(SUFFIXES) and not name.startswith("."))


def _read(file: Path, faults: list[str], most: int = MAX_FILE) -> str | None:
    """The text, or None and a fault."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            faults.append(f"{file}: is neither a file nor a folder")
            return None
        with file.open("rb") as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            faults.append(f"{file}: is larger than {most // 1024**2} MiB; split it into several files")
            return None
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.append(f"{file}:{line}: is not UTF-8 ({error.reason}); save it as UTF-8")
    except (OSError, ValueError) as error:
        faults.append(f"{file}: {getattr(error, 'strerror', None) or error}")
    return None
