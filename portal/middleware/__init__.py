"""Cross-cutting concerns of requests, one small file each."""
