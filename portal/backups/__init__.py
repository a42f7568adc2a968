"""Taking the database away whole: backups, restoring them, and the move from SQLite to PostgreSQL."""
