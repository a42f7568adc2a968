"""Images for documents: taken in when they are what they say, small enough and few enough. Owns the limits and kinds.

SVG is not among them: it is a document that may carry script. Never decides who may upload: the view does.
"""

from __future__ import annotations

import hashlib

from django.db.models import Sum
from django.utils import timezone

from orchestration.errors import Conflict, InvalidInput, NotFound
from portal.models import DocumentImage, User

#: Bytes of one image, and of all of them.
LARGEST, ALL_TOGETHER = 1_000_000, 500_000_000
_BEGINNINGS = (
    ("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff"), ("image/gif", b"GIF87a"), ("image/gif", b"GIF89a"),
)  # fmt: skip


def kind_of(content: bytes) -> str | None:
    """By its first bytes, whatever its name says; None for what is no image that pages may show."""
    for kind, beginning in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def store(*, content: bytes, user: User) -> DocumentImage:
    """Keep it; one that is there already is that one. Raises InvalidInput, and Conflict when there is no room."""
    if len(content) > LARGEST:
        raise InvalidInput(f"the image has {len(content):,} bytes; the limit is {LARGEST:,}. Make it smaller")
    kind = kind_of(content)
    if kind is None:
        raise InvalidInput("that is no PNG, JPEG, GIF or WebP image; others are not shown in documents")
    name = hashlib.sha256(content).hexdigest()
    there = DocumentImage.objects.filter(pk=name).first()
    if there is not None:
        return there
    used = DocumentImage.objects.aggregate(all=Sum("size"))["all"] or 0
    if used + len(content) > ALL_TOGETHER:
        raise Conflict(f"images take {used:,} bytes, and {ALL_TOGETHER:,} is the limit of this installation")
    facts = {"content_type": kind, "size": len(content), "content": content, "uploaded_by": user, "at": timezone.now()}
    return DocumentImage.objects.get_or_create(pk=name, defaults=facts)[0]


def image(name: str) -> DocumentImage:
    """By its hash. Raises NotFound."""
    found = DocumentImage.objects.filter(pk=name).first()
    if found is None:
        raise NotFound(f"there is no image {name[:64]!r}")
    return found
