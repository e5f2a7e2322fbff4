"""The way of a pooled analysis: audits, one fit, each study alone, each left out, other beliefs, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import xarray as xr

from hscb_bayes.analysis.handled import check_handled
from hscb_bayes.analysis.layers import file_inside, find_analysis, names_in
from hscb_bayes.analysis.pool import Pool, is_pool, load_pool
from hscb_bayes.csv_file import write_csv
from hscb_bayes.errors import InputError
from hscb_bayes.evidence.audit import Finding, audit
from hscb_bayes.model.build import build
from hscb_bayes.model.compiled import Compiled, compile_model, with_data
from hscb_bayes.model.data import layout_of
from hscb_bayes.model.held_out import HeldOut
from hscb_bayes.posterior.estimands import estimands
from hscb_bayes.posterior.gate import Verdict, verdict
from hscb_bayes.posterior.next_study import beliefs_toml, predictive_prior, rbest_json, robust
from hscb_bayes.posterior.posterior import Posterior
from hscb_bayes.posterior.sample import derived_seed, sample
from hscb_bayes.posterior.stored import save
from hscb_bayes.report.folder import destination, replaced
from hscb_bayes.report.manifest import PAGE, written
from hscb_bayes.report.pooled_page import write_pooled_report
from hscb_bayes.report.pooled_tables import (
    PooledFits,
    alternatives_table,
    borrowing_table,
    estimands_table,
    heterogeneity_table,
    pooled_check_table,
    weights_table,
)
from hscb_bayes.report.progress import Progress, shown
from hscb_bayes.report.results import (
    AUDIT,
    NEXT_BELIEFS,
    NEXT_DRAWS,
    NEXT_MIXTURES,
    POSTERIOR,
    accepted,
    read_csv_files,
    read_posterior,
    refuse_strangers,
    write_csv_files,
)
from hscb_bayes.report.tables import audit_table
from hscb_bayes.sentences import nearest, quote

TUNE = 500
# Draws a chain and target acceptance; more draws and smaller steps where the gate is missed.
ATTEMPTS = (("sampling", 1000, 0.8), ("sampling again, for longer", 3000, 0.95))
SIDE_DRAWS, SIDE_CHAINS = 750, 2  # of every fit but the first
SIDE_ATTEMPTS = ((300, 0.8), (500, 0.95))  # warm-up and target acceptance; smaller steps where one diverged


@dataclass(frozen=True, kw_only=True, eq=False)
class PooledTables:
    """A CSV file each."""

    estimands: pd.DataFrame
    check: pd.DataFrame
    heterogeneity: pd.DataFrame
    alternatives: pd.DataFrame
    weights: pd.DataFrame
    borrowing: pd.DataFrame


def run_pool(
    path: str | Path, out: str | Path, *, seed: int, progress: bool = False, allow_unconverged: bool = False
) -> Path:
    """Run a pooled analysis into a directory, as ``run`` does an analysis; returns the path of its report.

    Raises
    ------
    InputError
        As ``run`` does.
    """
    out, say = destination(out), shown(progress=progress)
    refuse_strangers(out, PooledTables, AUDIT, NEXT_DRAWS, NEXT_BELIEFS, *NEXT_MIXTURES.values())
    pool = load_pool(path)
    others = _alternatives(pool)
    for member in (member for one in (pool, *others.values()) for member in one.members):
        check_handled(member, audit(member.study))
    try:
        with replaced(out) as folder:
            posterior, tables = _made(pool, others, seed=seed, say=say, allow_unconverged=allow_unconverged)
            say.step("writing the report")
            with written(out, folder):
                save(posterior, folder / POSTERIOR)
                findings = {member.study.id: audit(member.study) for member in pool.members}
                write_csv(_audits(findings), folder / AUDIT)
                write_csv_files(tables, folder)
                _write_priors(posterior, folder, seed=seed)
                write_pooled_report(posterior, vars(tables), findings, folder / PAGE)
    finally:
        say.end()
    return out / PAGE


def report_pool_again(folder: Path) -> Path:
    """Write ``report.html`` of a pooled results directory again from its posterior and tables; returns its path.

    Raises
    ------
    InputError
        When something that ``hscb run`` writes is missing.
    """
    posterior = read_posterior(folder)
    tables = read_csv_files(PooledTables, folder)
    findings = {member.study.id: audit(member.study) for member in posterior.analysis.members}
    return write_pooled_report(posterior, tables, findings, folder / PAGE)


def _write_priors(pooled: Posterior, folder: Path, *, seed: int) -> None:
    """What the next study may borrow: draws, robust mixtures for R, and beliefs for an analysis file."""
    following = pooled.next(seed=seed)
    write_csv(estimands(following).to_dataframe().reset_index(), folder / NEXT_DRAWS)
    for name, file in NEXT_MIXTURES.items():
        (folder / file).write_text(rbest_json(robust(predictive_prior(following, name))), encoding="utf-8")
    (folder / NEXT_BELIEFS).write_text(beliefs_toml(following, source=pooled.analysis.name), encoding="utf-8")


def _audits(findings: Mapping[str, tuple[Finding, ...]]) -> pd.DataFrame:
    tables = [audit_table(found).assign(study=study) for study, found in findings.items()]
    return pd.concat(tables, ignore_index=True)


def _alternatives(pool: Pool) -> dict[str, Pool]:
    """The pools that the report compares, by name; read before anything is fitted."""
    folder, found = find_analysis(pool.path).parent, {}
    for name in pool.table.report.alternatives:
        if name == pool.name:
            continue
        beside = file_inside(find_analysis(pool.path), f"{name}.toml", "report.alternatives")
        if not beside.is_file() or not is_pool(beside):
            known = [other for other in names_in(folder) if is_pool(folder / f"{other}.toml")]
            raise InputError(
                f"{pool.path}: report.alternatives: there is no pool {quote(name)} in {folder}; {nearest(name, known)}"
            )
        found[name] = load_pool(beside)
        if found[name].studies[0] != pool.studies[0]:
            raise InputError(
                f"{pool.path}: report.alternatives: {quote(name)} has another first study, {found[name].studies[0]!r}; "
                f"required {pool.studies[0]!r}"
            )
    return found


def _made(
    pool: Pool, alternatives: Mapping[str, Pool], *, seed: int, say: Progress, allow_unconverged: bool
) -> tuple[Posterior, PooledTables]:
    say.step("compiling the model, once")
    compiled = compile_model(build(pool))
    for words, draws, target_accept in ATTEMPTS:
        say.step(words)
        say.make_room()
        pooled = sample(
            compiled, draws=draws, tune=TUNE, seed=seed, target_accept=target_accept, progress=say.has_terminal
        )
        say.step("judging convergence")
        gate = _judge(pooled, pool, seed=seed)
        if gate.is_converged:
            break
    pooled = accepted(pooled, gate, address=pool.path, allow_unconverged=allow_unconverged)
    fits = PooledFits(
        pooled=pooled,
        alone=_alone(pool, seed=seed, say=say),
        without=_without(compiled, pool, seed=seed, say=say),
    )
    others = _others(compiled, alternatives, seed=seed, say=say)
    say.step("replicating and checking")
    checked = pooled_check_table(fits, pool, seed=seed)
    say.step("summarising")
    return pooled, PooledTables(
        estimands=estimands_table(fits, pool, seed=seed),
        check=checked,
        heterogeneity=heterogeneity_table(pooled, pool),
        alternatives=alternatives_table(fits, pool, others),
        weights=weights_table({pool.name: (pool, pooled), **others}),
        borrowing=borrowing_table(pooled.next(seed=seed)),
    )


def _judge(pooled: Posterior, pool: Pool, *, seed: int) -> Verdict:
    """Every scalar, and every estimand of every study, of the average and of the next."""
    parts = {study: pooled.of(study=study) for study in pool.studies}
    parts |= {"average": pooled.average, "next": pooled.next(seed=seed)}
    named = [
        estimands(part).rename({name: f"{name}[{study}]" for name in estimands(part).data_vars})
        for study, part in parts.items()
    ]
    return verdict(pooled, xr.merge(named))


def smaller_fit(compiled: Compiled, *, seed: int) -> Posterior:
    """A smaller fit, and whether it converged."""
    for tune, target_accept in SIDE_ATTEMPTS:
        tree = sample(compiled, draws=SIDE_DRAWS, tune=tune, chains=SIDE_CHAINS, seed=seed, target_accept=target_accept)
        if not tree.tree["sample_stats"]["diverging"].any():
            break
    return replace(tree, converged=not bool(tree.tree["sample_stats"]["diverging"].any()))


def _alone(pool: Pool, *, seed: int, say: Progress) -> dict[str, Posterior]:
    """Each study from its own print and the beliefs about the average study, as if there were no other."""
    say.step("each study alone")
    together = smaller_fit(compile_model(build(replace(pool, pooling="none"))), seed=derived_seed(seed, "alone", 0))
    return {study: together.of(study=study) for study in pool.studies}


def _without(compiled: Compiled, pool: Pool, *, seed: int, say: Progress) -> dict[str, Posterior]:
    """The pool without each of its studies."""
    found = {}
    for position, study in enumerate(pool.studies):
        say.step("leaving out studies", position + 1, len(pool.studies))
        found[study] = smaller_fit(
            with_data(compiled, pool, without=HeldOut(studies=[study])), seed=derived_seed(seed, "without", position)
        )
    return found


def _others(
    compiled: Compiled, alternatives: Mapping[str, Pool], *, seed: int, say: Progress
) -> dict[str, tuple[Pool, Posterior]]:
    """The pools with other beliefs that the report compares; those of one layout share a program."""
    programs, found = [compiled], {}
    for position, (name, other) in enumerate(alternatives.items()):
        say.step("other beliefs", position + 1, len(alternatives))
        program = next((one for one in programs if layout_of(one.analysis) == layout_of(other)), None)
        if program is None:
            program = compile_model(build(other))
            programs.append(program)
        found[name] = (other, smaller_fit(with_data(program, other), seed=derived_seed(seed, "belief", position)))
    return found
