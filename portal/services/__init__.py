"""Public writes about people: users, teams and tokens. Keyword-only; each asks for the actor and the reason."""
