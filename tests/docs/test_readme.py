"""The README says what the code does: settings, examples, refusals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestration.manifest import load, notices
from portal import config
from tests.docs.documents import PAGES, ROOT, blocks, rows, section

README = ROOT / "README.md"
YAML = [(path.name, number, text) for path in PAGES for number, text in enumerate(blocks(path, "yaml"), 1)]


def settings_table() -> dict[str, list[str]]:
    return {row[0]: row for row in rows(section(README, "## Configuration"))}


def test_the_configuration_table_has_every_setting_and_no_other():
    source = Path(config.__file__).read_text()
    read = set(re.findall(r'(?:environ\.get\(|environ, )"([A-Z_]+)"', source))
    assert {"SECRET_KEY", "DATABASE_URL", "DEBUG", "ALLOWED_HOSTS"} <= read, "the pattern above reads config.py no more"

    assert set(settings_table()) == config.KNOWN | read | {config.SECRET_PREFIX + "*"}


def test_the_defaults_in_the_table_are_those_of_the_code(tmp_path: Path):
    found = config.read({"PLUMBLINE_DATA_DIR": str(tmp_path)})
    table = settings_table()

    assert table["PLUMBLINE_LEASE_SECONDS"][2] == f"{found.lease_seconds:g}"
    assert table["PLUMBLINE_WORKER_THREADS"][2] == str(found.worker_threads)
    assert table["PLUMBLINE_SIGN_IN_LIMIT"][2] == str(found.sign_in_limit)
    assert table["PLUMBLINE_RUN_RETENTION_DAYS"][2] == f"{found.run_retention_days:g}"
    assert table["ALLOWED_HOSTS"][2] == ",".join(found.allowed_hosts)
    assert table["PLUMBLINE_ENVIRONMENT"][2].startswith(found.environment)
    assert table["PLUMBLINE_LOG_FORMAT"][2].startswith(found.log_format)
    assert table["PLUMBLINE_MODE"][2] == "embedded"
    assert found.embedded
    assert (table["DEBUG"][2], found.debug) == ("0", False)


def test_the_ranges_in_the_table_are_those_of_the_code(tmp_path: Path):
    for name, row in settings_table().items():
        bounds = re.search(r"number, (\d+) to (\d+)", row[1])
        if bounds is None:
            continue
        low, high = (int(bound) for bound in bounds.groups())
        for value in (low, high):
            config.read({"PLUMBLINE_DATA_DIR": str(tmp_path), name: str(value)})
        for value in (low - 1, high + 1):
            with pytest.raises(config.ConfigurationError, match=name):
                config.read({"PLUMBLINE_DATA_DIR": str(tmp_path), name: str(value)})


def test_the_readme_has_a_manifest_to_paste():
    assert any(name == "README.md" for name, _, _ in YAML)


@pytest.mark.parametrize(("name", "number", "text"), YAML, ids=[f"{name}-{number}" for name, number, _ in YAML])
def test_each_yaml_block_is_a_manifest_that_this_release_takes_whole(name: str, number: int, text: str):
    loaded = load(text, f"{name} block {number}")

    assert [str(problem) for problem in loaded.problems] == []
    for resource in loaded.resources:
        assert [str(problem) for problem in notices(resource)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        # The screenshot is made from a running portal, once the pages are finished.
        assert (page.parent / target).exists() or target == "docs/images/home.png", f"{page.name} links to {target}"


@pytest.mark.parametrize("target", ["start", "test", "check", "format", "lock", "bench"])
def test_the_makefile_has_the_targets_that_the_documents_name(target: str):
    assert re.search(rf"^{target}:.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
