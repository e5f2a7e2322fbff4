"""The likelihood of when and how many patients responded, and of how many of the others lived.

The median and its limits are order statistics of the response time, and a range says that nobody responded before its
first day and after its last. Were patients alike, their joint density with the number of responders would be
multinomial in the intervals between them times the response density at each, and the number of the others alive
binomial given that. Patients differ in their covariate: the counts then vary by less, and ``_unlike_term`` says by how
much. Under losses all of it is an approximation, which calibration holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hscb_bayes.evidence.joint_arrays import SMALLEST, JointArrays
from hscb_bayes.evidence.special import Special
from hscb_bayes.process.follow_up import FollowUp
from hscb_bayes.process.incidence import Outcomes

COURSE = ("free", "never", "deaths", "losses")  # blocks of ``Outcomes.course``
FINAL = ("ways", "seen", "missed", "everybody")  # rows of ``JointArrays.final``
SMALLEST_CELL = 1e-12  # floor of a panel's probability: what is printed must not be impossible
FARTHEST_OFF = 2.0  # times: how far the integral of who is at risk may be from a sum over later nodes
DEFINITE = 0.98  # of the spread between patients that counts: outcomes that are certain leave no variance to divide by


@dataclass(frozen=True, kw_only=True)
class MeanOutcomes:
    """``Outcomes`` of the same names, of the average patient or their slope: no covariate axis."""

    seen: Any
    responses: Any
    by_day: Any
    course: Any


@dataclass(frozen=True, kw_only=True)
class Unresponded:
    """The patients who were never seen to respond, as fractions of all: each (...).

    ``seen_to_respond`` those who were, ``would_respond`` with complete follow-up, ``lost`` whose follow-up ended before
    anything happened, ``survival`` what Kaplan-Meier is expected to say of the group, ``informative`` how much of a
    count it is worth: its variance without losses over that with them, 1 without losses; ``none_dead`` and
    ``none_left`` log probabilities that it says 100% and 0%.
    """

    seen_to_respond: Any
    would_respond: Any
    lost: Any
    survival: Any
    informative: Any
    none_dead: Any
    none_left: Any


def mean_and_slope(outcomes: Outcomes, data: JointArrays, special: Special) -> tuple[MeanOutcomes, MeanOutcomes]:
    """Outcomes of the average patient, and their change with a standard deviation of the covariate: no cell axis.

    Of the course and of responses with complete follow-up there is only the average.
    """
    xp, panels = special.xp, special.length(outcomes.seen)
    both = xp.matmul(data.contrasts, xp.concatenate([outcomes.seen, outcomes.by_day], axis=-1))
    average = data.contrasts[..., :1, :]
    course, responses = (xp.matmul(average, part)[..., 0, :] for part in (outcomes.course, outcomes.responses))
    mean, slope = (
        MeanOutcomes(seen=both[..., k, :panels], responses=responses, by_day=both[..., k, panels:], course=course)
        for k in range(2)
    )
    return mean, slope


def unresponded_patients(mean: MeanOutcomes, data: JointArrays, follow_up: FollowUp, special: Special) -> Unresponded:
    r"""Kaplan-Meier among patients never seen to respond, with its expectation and how much of a count it is worth.

    Of all patients Y(u) belong to the group and are at risk at u: those who will leave by death or by loss before t,
    and those who stay. They are all who are followed without response and would have none by t, and some of W(u), who
    are followed without response. They are lost at the rate c W(u). So the group's survival is

        S(t) = exp(-int dD / Y) = (Y(t) / Y(0))^r,    r = int dD / Y  over  int (dD + c W du) / Y,

    where Y(t) and Y(0) are known in closed form: exact without losses, and no difference of large numbers where nearly
    nobody is left. Greenwood's variance is S^2 int dD / Y^2 / n, against S (1 - S) / n without losses, and at most
    S (1 - S).
    """
    xp = special.xp
    responded = mean.seen.sum(axis=-1)
    group = xp.maximum(1.0 - responded, SMALLEST)
    staying = mean.by_day[..., 1] * follow_up.still_followed(data.day, xp)[..., 0] + SMALLEST
    nodes = special.length(mean.course) // len(COURSE)
    free, never, deaths, losses = (mean.course[..., k * nodes : (k + 1) * nodes] for k in range(len(COURSE)))
    by_sums = _at_risk(deaths + losses, staying[..., None], data, xp)
    at_risk = xp.minimum(xp.maximum(by_sums, never), free) + SMALLEST  # between these, whatever the sums say
    died, left = deaths / at_risk, (deaths + losses) / at_risk
    log_survival = xp.log(staying / group) * (died.sum(axis=-1) + SMALLEST) / (left.sum(axis=-1) + SMALLEST)
    patients = xp.maximum(data.unresponded, 1.0)
    lost = xp.matmul(losses, data.nodes.until.T)
    dead = 1.0 - xp.minimum(lost / xp.maximum(group[..., None] - at_risk, SMALLEST), 1.0)
    share = at_risk / group[..., None]
    by_death = (_later(died, xp) + SMALLEST) / (_later(left, xp) + SMALLEST)
    falls = 1.0 - xp.exp(xp.log(xp.minimum(staying[..., None] / at_risk, 1.0)) * by_death)
    others_left = xp.exp((patients[..., None] - 1.0) * xp.log(xp.maximum(1.0 - share, SMALLEST)))
    carried = _carried_on(losses / group[..., None], others_left, dead, falls, patients[..., None], special)
    none_dead, none_left = _ends(deaths, losses, others_left, staying, group, patients, xp)
    before = xp.minimum(xp.exp(log_survival), 1.0)
    spread, both = ((part / at_risk).sum(axis=-1) + SMALLEST for part in (died, left))
    greenwood = xp.maximum((group / staying - 1.0) * spread / both, SMALLEST)
    worth = (1.0 - before) / before / greenwood
    return Unresponded(
        seen_to_respond=responded,
        would_respond=mean.by_day[..., 0],
        lost=losses.sum(axis=-1),
        survival=xp.minimum(before + carried, 1.0),
        informative=1.0 / patients + (1.0 - 1.0 / patients) * worth,
        none_dead=none_dead,
        none_left=none_left,
    )


def _at_risk(leave: Any, staying: Any, data: JointArrays, xp: Any) -> Any:
    """Who is at risk at the nodes: those who leave later, by integral, and those who stay.

    Where ever fewer leave within a panel the integral through its nodes is lost in its error, and may be below zero. A
    sum over the later nodes is coarse but never wrong by much, and holds the integral within a factor of itself.
    """
    integral = leave.sum(axis=-1, keepdims=True) - xp.matmul(leave, data.nodes.until.T)
    coarse = staying + _later(leave, xp)
    ratio, bound = xp.maximum(staying + integral, 0.0) / coarse, FARTHEST_OFF**-8
    held = ratio**8 + bound
    return coarse * xp.sqrt(xp.sqrt(xp.sqrt(held / (1.0 + bound * held))))


def _later(masses: Any, xp: Any) -> Any:
    """Sums over the nodes after each, and half of its own."""
    return masses.sum(axis=-1, keepdims=True) - xp.cumsum(masses, axis=-1) + 0.5 * masses


def _ends(
    deaths: Any, losses: Any, others_left: Any, staying: Any, group: Any, patients: Any, xp: Any
) -> tuple[Any, Any]:
    """Log probabilities that Kaplan-Meier says 100%, since nobody was seen to die, and 0%: all left, the last by death.

    Without losses they are S^n and (1 - S)^n. ``others_left``: probability that n - 1 have left, at the nodes.
    """
    alive = xp.minimum((staying + losses.sum(axis=-1)) / group, 1.0)
    by_death, any_way = ((part * others_left).sum(axis=-1) + SMALLEST for part in (deaths, deaths + losses))
    all_left = patients * xp.log(xp.maximum(1.0 - staying / group, SMALLEST))
    return patients * xp.log(alive), all_left + xp.log(by_death / any_way)


def _carried_on(losses: Any, others_left: Any, dead: Any, falls: Any, patients: Any, special: Special) -> Any:
    r"""What it adds to the expectation of a Kaplan-Meier estimate that it is carried on when nobody is left.

    Where the last of n patients is lost at u the curve goes on as it was, so that its expectation is

        S(t) + E[S^(u) (1 - S(t) / S(u)); the last exit before t is a loss, at u].

    The others have left by u, with probability (1 - Y(u) / Y(0))^(n - 1), a fraction d of them by death: S^(u) is near
    Gamma(n + 1 - d) Gamma(2) / (Gamma(n + 1) Gamma(2 - d)), the product of 1 - d/k over n at risk down to two.

    Parameters
    ----------
    losses, others_left, dead, falls
        At the nodes: mass of the losses as a fraction of the group; (1 - Y(u) / Y(0))^(n - 1); d; 1 - S(t) / S(u).

    References
    ----------
    Gill RD. Censoring and stochastic integrals. Mathematical Centre Tracts 124, Amsterdam 1980, section 3.2.
    """
    xp = special.xp
    curve = special.log_gamma(patients + 1.0 - dead) - special.log_gamma(patients + 1.0) - special.log_gamma(2.0 - dead)
    return (patients * losses * others_left * xp.exp(curve) * falls).sum(axis=-1)


def count_terms(
    mean: MeanOutcomes, slope: MeanOutcomes, group: Unresponded, data: JointArrays, special: Special
) -> Any:
    """Log likelihood of the response times, and of survival without response; shape (..., 2).

    ``rest`` is the share of patients who are in none of the intervals, ``fates`` how many of them are known to be alive
    and dead at the day.
    """
    xp = special.xp
    fates = (group.informative * data.neutropenic[..., 0], group.informative * data.neutropenic[..., 1])
    responses = _response_term(mean, data, special) + _unlike_term(mean, slope, group, fates, data, xp)
    return xp.stack([responses, _neutropenic_term(group, fates, data, special)], axis=-1)


def _response_term(mean: MeanOutcomes, data: JointArrays, special: Special) -> Any:
    """Probability that as many had responded at the printed times as the print says.

    A median of all patients is read off a curve that corrects for losses: would-be responses are counted, those with
    complete follow-up, among which it has the ranks of all patients. Those seen by the day are a binomial part of them.
    What is printed of responders, and a range, is of patients who were seen, and these are counted.
    """
    xp = special.xp
    cells = mean.seen + data.corrected[..., None] * (mean.responses - mean.seen) + SMALLEST_CELL
    rest = xp.maximum(1.0 - cells.sum(axis=-1, keepdims=True), SMALLEST_CELL)
    seen = (mean.seen.sum(axis=-1) + SMALLEST) / (mean.responses.sum(axis=-1) + SMALLEST)
    log_seen, log_missed = (xp.log(share)[..., None] for share in (seen, xp.maximum(1.0 - seen, SMALLEST)))
    ways, chosen, missed, everybody = (data.final[..., k, :] for k in range(len(FINAL)))
    of_would_be = xp.exp(ways + chosen * log_seen + missed * log_missed)[..., None, :]
    none = xp.zeros_like(of_would_be)
    before, last = data.agrees[..., :-1, :] + none, data.agrees[..., -1:, :] * of_would_be
    steps = xp.concatenate([before, last, everybody[..., None, :] + none], axis=-2)
    return special.ordered_counts(xp.concatenate([cells, rest], axis=-1), steps)


def _neutropenic_term(group: Unresponded, fates: tuple[Any, Any], data: JointArrays, special: Special) -> Any:
    """What Kaplan-Meier says of the patients never seen to respond; those lost tell nothing.

    Binomial without losses. With them 100% and 0% keep their own probabilities, and between them lies a binomial of as
    many patients as the group is worth, at the same steps 1/n and scaled to the probability that is left: a density
    that is not scaled would be higher the less the group is worth, and say that more patients were lost than were.
    """
    xp, (alive, dead) = special.xp, fates
    living, dying = xp.log(group.survival), xp.log(xp.maximum(1.0 - group.survival, SMALLEST))

    def log_binomial(alive: Any, dead: Any, living: Any, dying: Any) -> Any:
        ways = special.log_gamma(alive + dead + 1.0) - special.log_gamma(alive + 1.0) - special.log_gamma(dead + 1.0)
        return ways + alive * living + dead * dying

    worth, (steps, weights) = (alive + dead)[..., None], (data.lattice[..., 0, :], data.lattice[..., 1, :])
    each = xp.exp(log_binomial(worth * steps, worth * (1.0 - steps), living[..., None], dying[..., None]))
    between = xp.maximum(1.0 - xp.exp(group.none_dead) - xp.exp(group.none_left), SMALLEST)
    total = (weights * each).sum(axis=-1)
    scale = xp.where(weights.sum(axis=-1) > 0.0, xp.log(between) - xp.log(total + SMALLEST), 0.0)
    inside = log_binomial(alive, dead, living, dying) + scale
    at_end = xp.where(dead > 0, group.none_left, group.none_dead)
    return xp.where((alive > 0) & (dead > 0), inside, xp.where(alive + dead > 0, at_end, 0.0))


def _unlike_term(
    mean: MeanOutcomes, slope: MeanOutcomes, group: Unresponded, fates: tuple[Any, Any], data: JointArrays, xp: Any
) -> Any:
    r"""What it adds to the multinomial that patients are not alike.

    Patient i is in cell j with probability p_j + z_i q_j, z being the standardised covariate. The counts k then have
    the covariance n (diag(p) - p p' - q q'), less than the multinomial's. The term is the log density of k under a
    normal with the one covariance over that with the other:

        b = sum_j q_j^2 / p_j,    s = sum_j k_j q_j / p_j / sqrt(n),    -(s^2 / (1 - b) + log(1 - b)) / 2.

    Cells are the intervals between printed days, no response, and among those patients alive or dead at the day; a day
    itself has no probability but counts in s. Over beliefs like those of the main analysis the mean log probability
    of 31 patients' counts is off by 0.0006, and the multinomial's by 0.011.

    References
    ----------
    Wang YH. On the number of successes in independent trials. Stat Sinica 1993;3:295-312.
    """
    alive, dead = fates
    of_mean, of_slope = (xp.matmul(part.seen[..., None, :], data.merge)[..., 0, :] for part in (mean, slope))
    rest = xp.maximum(1.0 - (of_mean * data.interval).sum(axis=-1), SMALLEST)
    seen, gone = of_slope / (of_mean + SMALLEST), 1.0 - mean.by_day[..., 0] - mean.by_day[..., 1]
    unresponded = -(of_slope * data.interval).sum(axis=-1) / rest
    living = slope.by_day[..., 1] / (mean.by_day[..., 1] + SMALLEST)
    dying = -(slope.by_day[..., 0] + slope.by_day[..., 1]) / xp.maximum(gone, SMALLEST)
    known = (alive + dead) / xp.maximum(data.unresponded, 1.0)
    followed = known * (group.survival * living**2 + (1.0 - group.survival) * dying**2)
    spread = (of_slope * seen * data.interval).sum(axis=-1) + rest * (followed + (1.0 - known) * unresponded**2)
    score = (data.times * seen).sum(axis=-1) + alive * living + dead * dying
    score = score + (data.unresponded - alive - dead) * unresponded
    left = xp.maximum(1.0 - DEFINITE * spread, 1.0 - DEFINITE)
    return -0.5 * (DEFINITE * score**2 / (data.sizes.sum(axis=-1) * left) + xp.log(left))
