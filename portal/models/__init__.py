"""People, their tokens and failed sign-ins."""

from portal.models.sign_in import SignInFailure
from portal.models.token import Token
from portal.models.user import User

__all__ = ["SignInFailure", "Token", "User"]
