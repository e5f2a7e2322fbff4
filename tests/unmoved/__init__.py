"""What a redesign must not move: densities of every shipped analysis, committed as they were."""
