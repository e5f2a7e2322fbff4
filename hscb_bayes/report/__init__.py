"""The page that a clinician and a statistician read: one self-contained HTML file, its figures and its tables."""
