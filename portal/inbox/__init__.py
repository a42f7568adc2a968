"""The inbox: what waits for a person, asked of live state each time; how they want to be told; and the digest by mail."""
