"""What the authors of a paper compute from their patients, for one cohort or for thousands at once.

Every function takes arrays with any leading batch axes and the patient axis last. ``time`` is in days, ``among`` is
a boolean mask of the patients that count (all when absent). NaN stands for what is undefined, such as an estimate in
an empty group; infinity for a time that is not reached. The functions know nothing of models.
"""
