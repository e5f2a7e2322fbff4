"""What each prediction is, in words, and in which unit: attributes of the arrays that predictions are."""

from __future__ import annotations

from hscb_bayes.posterior.posterior import Posterior

QUANTITIES = {  # by name
    "cumulative_incidence": ("probability of a response by the day", "share"),
    "survival": ("probability to be alive on the day", "share"),
    "state_occupancy": ("probability of the state on the day", "share"),
    "transition_probability": ("probability of the state on the day, given the state at the start", "share"),
    "restricted_mean_time": ("mean days in the state up to the horizon", "days"),
    "response_quantile": ("day by which the share of patients has responded", "days"),
    "landmark_survival": ("probability to be alive at the horizon, given the state at the landmark", "share"),
    "death_rate": ("deaths out of the state over the time in it", "per patient-year"),
    "shares_of_grades": ("share of the grade among responses", "share"),
    "hazard_ratio": ("hazard ratio", "1"),
    "odds_ratio_never_respond": ("odds ratio of never responding", "1"),
    "response_difference": ("difference of the probability of a response by the day", "share"),
    "survival_difference": ("difference of the probability to be alive on the day", "share"),
    "time_difference": ("difference of mean days in the state up to the horizon", "days"),
    "nonresponder_death_day": ("day of death of a patient who does not respond", "days"),
}


def described(name: str, posterior: Posterior) -> dict[str, str]:
    """Attributes of a prediction: ``long_name``, ``units``, and ``of``, whom it is about."""
    label, unit = QUANTITIES[name]
    return {"long_name": label, "units": unit, "of": posterior.of_whom}
