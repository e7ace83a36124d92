#!/usr/bin/python3
"""Optuna itself on a study: the other side of optuna_store_test.c and sweep_kill_test.sh.

    optuna_reads.py check FILE     asserts what optuna_store_test.c wrote, and adds a trial of Optuna's own
    optuna_reads.py finished FILE  prints "STUDY NUMBER VALUE" of every complete trial of every study

Exits with 77 where Optuna is not installed."""
import math
import sys
import warnings

try:
    import optuna
except ImportError:
    print("Optuna is not installed (apt-get install python3-optuna)")
    sys.exit(77)

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
mode, path = sys.argv[1:3]
storage = f"sqlite:///{path}"


def check():
    study = optuna.load_study(study_name="arm", storage=storage)
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    trials = study.trials
    assert [t.number for t in trials] == list(range(6))
    assert [t.state.name for t in trials] == ["COMPLETE", "COMPLETE", "PRUNED", "FAIL", "RUNNING", "COMPLETE"]
    best = study.best_trial
    assert best.number == 1 and best.value == 0.875
    assert best.params == {"lr": 0.0123456789012345, "units": 48, "act": "tanh", "drop": 0.25}, best.params
    assert best.intermediate_values == {1: 0.5, 2: 0.875, 3: 0.75}
    assert best.user_attrs == {"seed": 7, "worker": "host-1-abc", "seconds": 1.5}, best.user_attrs
    assert best.system_attrs == {"grid_id": 1, "completed_rung_0": 0.5}, best.system_attrs
    assert best.distributions["lr"] == optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)
    assert best.distributions["units"] == optuna.distributions.IntDistribution(16, 64, step=16)
    assert best.distributions["drop"] == optuna.distributions.FloatDistribution(0, 1, step=0.25)
    assert best.distributions["act"] == optuna.distributions.CategoricalDistribution(["relu", "tanh", 1, True])
    assert best.datetime_complete >= best.datetime_start
    assert trials[2].value == 0.25 and math.isnan(trials[2].intermediate_values[2])
    assert trials[3].user_attrs["problem"] == "the process that ran it is gone"
    assert trials[5].value == -math.inf
    try:
        assert set(optuna.importance.get_param_importances(study)) == {"lr", "units", "act", "drop"}
    except (ImportError, ValueError) as problem:  # needs scikit-learn; trials of infinite value confuse some releases
        print(f"importances are not checked: {str(problem).splitlines()[0][:100]}")

    def objective(trial):
        trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        trial.suggest_int("units", 16, 64, step=16)
        trial.suggest_categorical("act", ["relu", "tanh", 1, True])
        trial.suggest_float("drop", 0, 1, step=0.25)
        trial.report(0.5, 1)
        return 0.625

    study.optimize(objective, n_trials=1)


def finished():
    for summary in optuna.get_all_study_summaries(storage):
        study = optuna.load_study(study_name=summary.study_name, storage=storage)
        for trial in study.trials:
            if trial.state == optuna.trial.TrialState.COMPLETE:
                print(summary.study_name, trial.number, repr(trial.value))


{"check": check, "finished": finished}[mode]()
