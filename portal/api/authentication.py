"""Who calls the API: a bearer token, or the signed-in session of a browser. Sets `request.actor`, and tells the audit log."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from governance.origin import came_by_token
from portal.models import Token, User
from portal.models.token import digest
from portal.permissions import Actor

#: `last_used_at` is for people who tidy up; a minute's grain keeps it off the hot path.
USE_GRAIN = timedelta(minutes=1)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer plb_…`."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The token's owner and the token; None without the header. Raises AuthenticationFailed."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self.of_secret(request, secret)

    def of_secret(self, request: Request, secret: str) -> tuple[User, Token]:
        """The owner and the token with this secret. Raises AuthenticationFailed."""
        token = Token.objects.select_related("user", "team").filter(hash=digest(secret.strip())).first()
        if token is None or not token.is_live or not token.user.is_active:
            raise AuthenticationFailed("the token is unknown, expired or revoked; make a new one on the account page")
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > USE_GRAIN:
            Token.objects.filter(pk=token.pk).update(last_used_at=now)
        request._request.actor = Actor(token.user, token)  # type: ignore[attr-defined]
        came_by_token(token.name)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge that makes it a 401."""
        return 'Bearer realm="plumbline"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = "portal.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer"}
