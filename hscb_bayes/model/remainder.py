"""The print of the others: what a paper's numbers say of its patients beside those who are known one by one.

Each printed number is a count, a rank or a mean over the paper's patients. What the known patients contribute is taken
out, as the paper saw them: whole days, up to its own last look. What is left is the print of fewer patients, and takes
the likelihood that any print takes. A known patient lost before the day of a survival counts as a Kaplan-Meier curve
counts him: as likely alive on that day as those whom it saw alive when he was lost.

References
----------
Efron B. The two sample problem with censored data. Proc Fifth Berkeley Symp Math Stat Probab 1967;4:831-53 (mass of
who is lost, redistributed to the right).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hscb_bayes.errors import InputError
from hscb_bayes.estimators.risk_sets import has_come
from hscb_bayes.model.marks import Mark

EVERYBODY, NO_RESPONSE, RESPONDERS_ONLY = range(3)  # whose survival
WHOSE = 3
MOST_ON_DAY = 2.0  # known responses on the day of a rank; with more it may be almost any of them
RANKS_OFF = 1.5  # under losses a printed quantile is near a rank, and with few patients not always at it


@dataclass(frozen=True, kw_only=True, eq=False)
class Inside:
    """Patients who are taken out, each array (patient,).

    Parameters
    ----------
    response_day
        Whole days; infinite where no response was seen by the day of the survivals.
    last_day, died
        Whole day of death or of the last look.
    group
        Position of the group by duration.
    duration
        Days of the condition before time zero; empty where it has no part.
    spent
        Share of the cumulative hazard of death up to the day of the survivals that had passed on the last day, shape
        (patient, 3): of everybody, of those without response, of responders.
    address
        What errors begin with.
    """

    response_day: np.ndarray
    last_day: np.ndarray
    died: np.ndarray
    group: np.ndarray
    duration: np.ndarray
    spent: np.ndarray
    address: str

    def __len__(self) -> int:
        return len(self.response_day)

    @property
    def responded(self) -> np.ndarray:
        """Who was seen to respond, shape (patient,)."""
        return np.isfinite(self.response_day)

    def left_of(self, responders: float | None) -> float | None:
        """Responders among the others."""
        if responders is None:
            return None
        own = int(self.responded.sum())
        if own > responders:
            raise InputError(
                f"{self.address}: required at most {responders:.0f} patients with a response, as many as the whole "
                f"paper has, found {own}"
            )
        return responders - own

    def sizes(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Patients among the others, by group."""
        own = np.bincount(self.group, minlength=len(sizes))
        for k, (size, taken) in enumerate(zip(sizes, own, strict=True)):
            if taken > size:
                name = "" if len(sizes) == 1 else (" with the shorter durations", " with the longer durations")[k]
                raise InputError(
                    f"{self.address}: required at most {size} of the patients{name}, as many as the paper has, "
                    f"found {taken}"
                )
        if own.sum() == sum(sizes):
            raise InputError(
                f"{self.address}: required fewer patients than the {sum(sizes)} of the paper; when all are known, an "
                "analysis of patients needs no print"
            )
        return tuple(int(size - taken) for size, taken in zip(sizes, own, strict=True))

    def others(self, durations: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Positions of those who are left when each known patient's nearest duration of the same group goes.

        Parameters
        ----------
        durations, groups
            Of all patients of the paper, shape (all,), as they are expected from the printed summary.
        """
        left = list(range(len(durations)))
        for k in np.lexsort((self.response_day, self.duration)) if self.duration.size else range(len(self)):
            same = [j for j in left if groups[j] == self.group[k]]
            apart = np.abs(np.log(durations[same] / self.duration[k])) if self.duration.size else np.zeros(len(same))
            left.remove(same[int(np.argmin(apart))])
        return np.array(left, dtype=int)

    def removed_from(self, marks: Sequence[Mark], left: float | None) -> list[Mark]:
        """What is known of the others' days of response.

        A known patient who responded on the day itself may be the one of the rank: of the others it is then only known
        how many responded by about that time; and where several did, nothing that is worth saying.

        Parameters
        ----------
        left
            Responders among the others.
        """
        if not len(self):
            return list(marks)
        most, counted, found = np.inf if left is None else left, 0.0, list[Mark]()
        for mark in marks:
            other = self._of_end(mark, left) if mark.end else self._of_rank(mark)
            if other is not None:
                counted = min(max(other.count, counted), most)
                found.append(replace(other, count=counted))
        return found

    def _of_end(self, mark: Mark, left: float | None) -> Mark:
        """The first or the last day of the others, or that there was none before or after it."""
        outside = self.responded & (
            self.response_day < mark.begins if mark.end == "first" else self.response_day > mark.ends
        )
        if outside.any():
            when = "before" if mark.end == "first" else "after"
            raise InputError(
                f"{self.address}: required no response {when} day {mark.day:g}, the {mark.end} of the whole paper, "
                f"found one on day {self.response_day[outside][0]:g}"
            )
        taken = bool(self._on(mark).any())
        if mark.end == "first":
            return replace(mark, count=0.0, day=mark.day - mark.earlier - mark.later, end=None) if taken else mark
        count = mark.count - float(self.responded.sum()) if left is None else left
        return replace(mark, count=count, end=None) if taken else replace(mark, count=count)

    def _of_rank(self, mark: Mark) -> Mark | None:
        """How many of the others had responded by a day; None where it says too little."""
        if mark.ranks is not None:
            return None  # which of them its value is made of is not known
        before = float((self.response_day < mark.begins).sum())
        on_day = float(self._on(mark).sum())
        most = mark.count - before - (1.0 if mark.exact else on_day)
        if most < -RANKS_OFF:
            raise InputError(
                f"{self.address}: required days of response that the paper's others can complete: by day {mark.day:g} "
                f"there were {mark.count:g} of its responses, and {before + on_day:g} are of these patients"
            )
        if not mark.exact:
            return replace(mark, count=most)
        if on_day > MOST_ON_DAY:
            return None
        if on_day == 0.0:
            return replace(mark, count=most + 1.0)
        fewest = max(most + 1.0 - on_day, min(most, 0.0))
        return replace(mark, count=(most + fewest) / 2.0, day=mark.day - mark.later, exact=False, of_curve=False)

    def _on(self, mark: Mark) -> np.ndarray:
        """Who responded on the day of a mark, as it is recorded and printed, shape (patient,)."""
        on: np.ndarray = (mark.begins <= self.response_day) & (self.response_day <= mark.ends)
        return on

    def survival_of_others(
        self, share: float, size: float, half_step: float, among: np.ndarray, whose: int, day: float, item: str
    ) -> tuple[float, float]:
        """What is left of a survival, and of how many patients.

        Whoever dies, or lives to the day, has at least 1/n of the mass of a Kaplan-Meier curve of n, whatever the
        losses: beyond that a table and a print contradict each other.

        Parameters
        ----------
        share, size
            Of all patients of a group.
        half_step
            Of the printed share.
        among
            Who of the known patients is in the group, shape (patient,).
        whose
            Column of ``spent``.
        """
        own = float(among.sum())
        if own == 0.0:
            return share, size
        gone = float((among & self.died & has_come(self.last_day, day)).sum())
        lost = among & ~self.died & ~has_come(day, self.last_day)
        alive, rest = own - gone - float(lost.sum()), size - own
        if rest < 0.0 or not alive / size - half_step <= share <= 1.0 - gone / size + half_step:
            raise InputError(
                f"{self.address}: required patients whom {item} can hold: {share:.0%} of its {size:g} patients lived "
                f"to day {day:g}, whatever the losses between {alive / size:.0%} and {1.0 - gone / size:.0%} with "
                f"those in the table; found {own:g} of them there, {alive:g} alive on that day and {gone:g} dead"
            )
        left = share * size - alive - float((share ** (1.0 - self.spent[lost, whose])).sum())
        return (min(max(left / rest, 0.0), 1.0) if rest > 0.0 else share), rest
