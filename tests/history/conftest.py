from tests.signed_in import sign_in, team

__all__ = ["sign_in", "team"]
