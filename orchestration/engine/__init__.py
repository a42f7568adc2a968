"""The engine: start, claim, execute, complete, advance, wake, rescue, compensate, cancel. One verb a module."""
