"""The REST API: one module per noun. Thin: parse, ask permission, call a service, show the answer."""
