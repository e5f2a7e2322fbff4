"""Patients one by one: what a centre's own table says, from either of the two forms in which such tables are kept."""
