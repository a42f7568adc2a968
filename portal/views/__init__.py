"""The pages: the same nouns as the API. Thin: ask permission, read through selectors, render."""
