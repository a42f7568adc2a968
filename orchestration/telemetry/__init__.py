"""What happened, counted: histograms, rollups of outcomes, objectives and their budgets."""
