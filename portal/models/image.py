"""Images of documents, in the database beside the texts that show them, so that a backup has both. A row never changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DocumentImage(models.Model):
    """One image, named by its content: the same picture twice is one row."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    content_type = models.CharField(max_length=16)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.content_type} {self.sha256[:12]}"
