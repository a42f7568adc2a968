"""Scorecards: what a workflow that is kept up has, and which level it reaches. Pure, no database."""
