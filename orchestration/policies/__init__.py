"""Pure decisions of the engine: when to retry. No Django, no clock, no randomness of their own."""
