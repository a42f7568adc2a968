"""Fixtures for every test: a data folder of its own, the engine driven in this process, people and teams."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("PLUMBLINE_DATA_DIR", tempfile.mkdtemp(prefix="plumbline-tests-"))
os.environ.setdefault("PLUMBLINE_TASK_MODULES", "tests.engine.tasks,examples.tasks")
os.environ.setdefault("PLUMBLINE_MANIFEST_ENV", "SANDBOX_URL,RECORDER_URL")
os.environ.setdefault("PLUMBLINE_ALLOWED_PRIVATE_HOSTS", "127.0.0.1")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

import pytest  # noqa: E402
