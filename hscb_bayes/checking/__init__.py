"""Does the model reproduce the print: replicated studies, their numbers beside the paper's, and calibration."""
