"""The colours that script needs, since it cannot read a light-dark() token.

Owns the same pairs as static/css/tokens.css; a test compares the two files.
"""

LIGHT: dict[str, str] = {
    "bg": "#ffffff",
    "bg-raised": "#ffffff",
    "ink": "#17181d",
    "ink-2": "#4a4c58",
    "ink-3": "#656876",
    "line-strong": "#cdced6",
    "grid": "#ededf1",
    "budget": "#4a4c58",
    "series-1": "#4a43d6",
    "series-2": "#8581e4",
    "series-3": "#8a8d9b",
    "series-4": "#bfc1cc",
    "warn-mark": "#b87503",
    "fail-mark": "#d4313e",
}
DARK: dict[str, str] = {
    "bg": "#101116",
    "bg-raised": "#16171d",
    "ink": "#ededf2",
    "ink-2": "#b4b6c3",
    "ink-3": "#9194a3",
    "line-strong": "#3b3e4a",
    "grid": "#1e2027",
    "budget": "#b4b6c3",
    "series-1": "#a3a6ff",
    "series-2": "#6d6ae0",
    "series-3": "#8a8d9b",
    "series-4": "#5c5f6d",
    "warn-mark": "#d3962b",
    "fail-mark": "#ee5d64",
}
