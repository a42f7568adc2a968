"""Step kinds: one module each. A kind returns an outcome and never writes state."""
