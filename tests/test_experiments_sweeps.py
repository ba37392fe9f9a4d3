"""Sweeps: the same table from any executor, after a kill, and after a resumption; what a limit cuts off is said."""

import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import SimpleNamespace

import numpy as np
import pytest

from exactnorm.exact import deadline
from exactnorm.experiments import Run, Statement, Table, executor_named, processes, stable_virtual_points, sweep, swept

SMALL = {"points": 6, "perturbations": (0.0, 1e-3, 1e-2, 1e-1)}


@pytest.fixture(scope="module")
def alone():
    return stable_virtual_points(**SMALL)


@dataclass(frozen=True)
class Unit:
    number: int
    seed: np.random.SeedSequence


def draws(unit):
    rng = np.random.default_rng(unit.seed)
    return [(unit.number, float(x)) for x in rng.standard_normal(unit.number % 3 + 1)]


def dies(_):
    os.kill(os.getpid(), signal.SIGKILL)


def sleeps(_):
    time.sleep(600)


def units(count):
    return [Unit(n, child) for n, child in enumerate(np.random.SeedSequence(0).spawn(count))]


def killing(pids):
    """A report of progress that kills a worker once, after the first unit."""
    killed = []

    def heard(_):
        if not killed:
            killed.append(pids()[0])
            os.kill(killed[0], signal.SIGKILL)

    return heard, killed


def test_a_pool_whose_worker_is_killed_in_the_middle_gives_the_same_table(alone):
    heard, killed = killing(lambda: [child.pid for child in multiprocessing.active_children()])
    seen = []

    def both(step):
        seen.append(step)
        heard(step)

    table = stable_virtual_points(**SMALL, run=Run(lambda: processes(1), progress=both))
    assert len(killed) == 1
    assert table == alone
    assert table.missing == 0
    assert [step.done for step in seen] == list(range(1, 13))


def test_an_executor_that_was_handed_in_and_breaks_is_made_up_for_in_this_process(alone):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        heard, killed = killing(lambda: [child.pid for child in multiprocessing.active_children()])
        with pytest.warns(RuntimeWarning, match="a worker died"):
            table = stable_virtual_points(**SMALL, run=Run(pool, progress=heard))
    assert len(killed) == 1
    assert table == alone


def test_workers_that_always_die_are_not_replaced_for_ever(monkeypatch):
    monkeypatch.setattr(sweep, "FRUITLESS", 2)
    with pytest.raises(BrokenProcessPool):
        swept("dying", dies, units(2), {}, Run(lambda: processes(1)))


def test_a_dask_cluster_of_two_gives_the_same_table_and_when_a_worker_is_killed(alone):
    distributed = pytest.importorskip("distributed")  # in the extra `test`
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        with distributed.Client(cluster) as client:
            heard, killed = killing(lambda: list(client.run(os.getpid).values()))
            assert stable_virtual_points(**SMALL, run=Run(client.get_executor(), progress=heard)) == alone
            assert len(killed) == 1
        by_name = executor_named(cluster.scheduler_address.replace("tcp://", "dask://"))
        assert stable_virtual_points(**SMALL, run=Run(by_name)) == alone


def test_a_sweep_that_was_killed_is_gone_on_with_and_gives_the_same_table(alone, tmp_path):
    program = f"""if True:
        import os
        from exactnorm.experiments import Run, stable_virtual_points
        def heard(step):
            if step.done == 5:
                os.kill(os.getpid(), 9)
        stable_virtual_points(**{SMALL!r}, run=Run(out={str(tmp_path)!r}, progress=heard))
    """
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    file = tmp_path / "stable-virtual-points.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + 5
    # The last line as it is when the kill comes while it is written.
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][:17])
    seen = []
    table = stable_virtual_points(**SMALL, run=Run(out=tmp_path, resume=True, progress=seen.append))
    assert table == alone
    assert [step.done for step in seen] == list(range(5, 13))
    assert seen[0].before == 4
    assert len(file.read_bytes().splitlines()) == 1 + 12


def test_a_file_of_another_sweep_is_refused_with_what_differs(tmp_path):
    for number, line in ((0, b'{"experiment": "x", "points": 1'), (2, b"{}\n[]\n")):
        broken = tmp_path / f"broken{number}" / "stable-virtual-points.jsonl"
        broken.parent.mkdir()
        broken.write_bytes(line)
    stable_virtual_points(**SMALL, run=Run(out=tmp_path))
    with pytest.raises(ValueError, match="finished: resume"):
        stable_virtual_points(**SMALL, run=Run(out=tmp_path))
    with pytest.raises(ValueError, match="points: 6 there, 5 here"):
        stable_virtual_points(**SMALL | {"points": 5}, run=Run(out=tmp_path, resume=True))
    file = tmp_path / "stable-virtual-points.jsonl"
    head, *rest = file.read_text().splitlines(keepends=True)
    older = json.loads(head)
    older["versions"]["exactnorm"] = "0.0.1"
    file.write_text("".join([json.dumps(older) + "\n", *rest]))
    with pytest.raises(ValueError, match=r"exactnorm: '0.0.1' there"):
        stable_virtual_points(**SMALL, run=Run(out=tmp_path, resume=True))
    with pytest.raises(ValueError, match="line 1 is not"):
        stable_virtual_points(**SMALL, run=Run(out=tmp_path / "broken2", resume=True))
    # Killed before even the header was whole: there is nothing to go on with, and nothing in the way.
    assert stable_virtual_points(**SMALL, run=Run(out=tmp_path / "broken0", resume=True)).missing == 0


@pytest.mark.parametrize("executor", [None, lambda: ThreadPoolExecutor(2), lambda: processes(2)])
def test_a_time_limit_gives_what_was_finished_and_says_how_much_is_missing(executor, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def heard(step):
        now[0] = 100.0 if step.done == 3 else 0.0

    many = units(200)
    found = swept("drawn", draws, many, {}, Run(executor, time_limit=60.0, progress=heard))
    table = found.table(("number", "x"), lambda _: "read", lambda _: (Statement("s", True, "e"),))
    assert len(found.units) == 3
    assert table.missing == 197
    assert "197 of 200 units are missing: the time limit of 60 s was reached" in table.reading
    assert table.statements == ()
    assert list(table.rows) == [tuple(row) for number in sorted(found.units) for row in draws(many[number])]


def test_a_time_limit_does_not_wait_for_a_unit_that_a_pool_is_at():
    found = swept("sleeping", sleeps, units(2), {}, Run(lambda: processes(1), time_limit=0.2))
    assert (found.units, found.stopped) == ({}, "the time limit of 0.2 s was reached")
    until = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.01)  # whichever thread has waited for the worker that was ended is about to note it
    assert not multiprocessing.active_children()


def test_ctrl_c_gives_what_was_finished():
    def heard(step):
        if step.done == 3:
            signal.raise_signal(signal.SIGINT)

    found = swept("drawn", draws, units(9), {}, Run(progress=heard))
    assert sorted(found.units) == [0, 1, 2]
    assert found.stopped == "interrupted"
    assert "6 of 9 units are missing: interrupted" in found.table(("number", "x"), lambda _: "").reading


def test_a_table_is_written_as_csv_markdown_and_a_data_frame(alone):
    pd = pytest.importorskip("pandas")  # in the extra `test`
    frame = alone.to_pandas()
    assert list(frame.columns) == list(alone.columns)
    assert frame.attrs["parameters"] == alone.parameters
    assert frame.attrs["versions"] == alone.versions
    again = pd.read_csv(io.StringIO(alone.csv()), dtype=str)
    for name in ("perturbation", "size", "threshold", "stable", "share"):
        assert [float(entry) for entry in again[name]] == alone.column(name) == frame[name].tolist()
    verdicts = [Statement("s", holds, "e").verdict for holds in (True, False, None)]
    assert verdicts == ["agrees", "differs", "not comparable"]
    table = Table("t", ("a", "b"), ((1, None),), {"seed": 0}, "Read.", (Statement("s", None, "e"),), {"numpy": "2"})
    assert table.markdown().splitlines()[:5] == ["# t", "", "| a | b |", "| --- | --- |", "| 1 | – |"]
    assert "NOT COMPARABLE: s (e)" in table.markdown()
    assert "numpy 2" in table.markdown()


def test_rows_that_a_file_cannot_hold_are_an_error_also_without_a_file():
    with pytest.raises(TypeError):
        swept("wrong", lambda _: [(np.int64(1),)], [0], {})


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), float("inf")])
def test_a_time_limit_that_is_none_is_refused(limit):
    with pytest.raises(ValueError, match="time_limit"):
        Run(time_limit=limit)
