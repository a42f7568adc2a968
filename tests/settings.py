"""The product's settings with a data folder of the tests' own. Set before Django reads them: hence a module."""

import os
import tempfile

os.environ.setdefault("PLUMBLINE_DATA_DIR", tempfile.mkdtemp(prefix="plumbline-tests-"))
os.environ.setdefault("PLUMBLINE_TASK_MODULES", "tests.engine.tasks,examples.tasks")
os.environ.setdefault("PLUMBLINE_MANIFEST_ENV", "SANDBOX_URL,RECORDER_URL")
os.environ.setdefault("PLUMBLINE_ALLOWED_PRIVATE_HOSTS", "127.0.0.1")

# Runs of a test begin at once, however many: the queue has tests of its own.
os.environ.setdefault("PLUMBLINE_ACTIVE_RUNS", "1000000")

from portal.settings import *  # noqa: F403

# Hashing passwords slowly is what makes them safe, and what a test of something else can do without.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A page shows what a test has just written; sharing has tests of its own.
PLUMBLINE_SHARED_SECONDS = 0.0
# Each test client would look through all static files anew; those that are asked for have their own tests.
WHITENOISE_USE_FINDERS = False
