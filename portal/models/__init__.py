"""People, their tokens, failed sign-ins, and what they keep while they write."""

from portal.models.draft import Draft
from portal.models.image import DocumentImage
from portal.models.sign_in import SignInFailure
from portal.models.token import Token
from portal.models.user import User

__all__ = ["DocumentImage", "Draft", "SignInFailure", "Token", "User"]
