"""Decision records as files and their life: pure, no database."""
