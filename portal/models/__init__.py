"""People, their tokens and failed sign-ins; what they saved, read and keep while they write, and how they want to be told."""

from portal.models.draft import Draft
from portal.models.image import DocumentImage
from portal.models.notifying import Digest, NotificationChoice, ReadMark
from portal.models.saved_view import SavedView
from portal.models.sign_in import SignInFailure
from portal.models.token import Token
from portal.models.user import User

__all__ = [
    "Digest",
    "DocumentImage",
    "Draft",
    "NotificationChoice",
    "ReadMark",
    "SavedView",
    "SignInFailure",
    "Token",
    "User",
]
