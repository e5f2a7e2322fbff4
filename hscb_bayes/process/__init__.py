"""The patients' course: hazards along a pathway, and what they imply for incidence."""
