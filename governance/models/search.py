"""What search knows of each object: a narrow row to filter and count by, its words, and the names that find it at once.

A copy, never the truth: it is written with what it is a copy of, and can be made anew (`manage.py rebuild_search`). What the
databases keep beside these tables to look words up is in governance/search/engines.py. Never holds a payload.
"""

from __future__ import annotations

from django.db import models


class SearchDocument(models.Model):
    """One object that can be found. `kind` and `key` name it; its address is made of them."""

    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=160)
    title = models.CharField(max_length=300)
    team = models.CharField(max_length=63, blank=True, default="")
    status = models.CharField(max_length=24, blank=True, default="")
    is_over = models.BooleanField(default=False, help_text="superseded, retired, settled: found after what is in force")
    restricted = models.BooleanField(default=False, help_text="found by members of its team only")
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_search_document")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class SearchText(models.Model):
    """The words of a document as they are looked up, by how much they weigh, and its text as it is shown."""

    document = models.OneToOneField(SearchDocument, primary_key=True, on_delete=models.CASCADE, related_name="text")
    title_words = models.TextField(blank=True, default="")
    heading_words = models.TextField(blank=True, default="")
    body_words = models.TextField(blank=True, default="")
    shown = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"text of {self.document_id}"


class SearchName(models.Model):
    """A name that finds a document before all others: `order fulfilment`, `adr 12`."""

    document = models.ForeignKey(SearchDocument, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["name"], name="search_name")]

    def __str__(self) -> str:
        return self.name
