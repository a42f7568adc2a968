from __future__ import annotations

from tests.engine.conftest import no_messages
from tests.signed_in import sign_in, team

__all__ = ["no_messages", "sign_in", "team"]
