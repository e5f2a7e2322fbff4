"""Studies of the method, each a command: calibration, scores, information, robust weights."""
