"""`exactnorm experiment`."""

import os

from cli_records import strict


def test_an_experiment_prints_its_table_and_writes_csv_json_and_a_picture(run, folder):
    status, out, err = run("experiment", "early-stopping", "--seed", 2, "--out", "results", "--json")
    record = strict(out)
    assert status == 0
    assert err.startswith("computing early-stopping …\nwrote ")
    assert record["parameters"]["seed"] == 2
    assert sorted(os.listdir(folder / "results")) == ["early-stopping.csv", "early-stopping.json", "early-stopping.png"]
    assert strict((folder / "results" / "early-stopping.json").read_text(encoding="utf-8")) == record
    header, *rows = (folder / "results" / "early-stopping.csv").read_text(encoding="utf-8").splitlines()
    assert header.split(",") == list(record["rows"][0])
    assert len(rows) == len(record["rows"])
    status, out, _ = run("experiment", "where-flows-end")
    assert status == 0
    assert "Score flow ends mostly at virtual training points." in " ".join(out.split())
    assert "…" not in out
    for word in ("virtual training point", "boundary", "memorised"):  # columns of the table
        assert f"\n{word}" in out


def test_an_unknown_experiment_and_a_folder_that_is_a_file_are_bad_input(run, folder):
    assert run("experiment", "nonsense")[:2] == (2, "")
    (folder / "taken").write_text("", encoding="utf-8")
    status, out, err = run("experiment", "early-stopping", "--out", "taken")
    assert (status, out) == (2, "")
    assert "--out taken" in err


def test_the_names_of_experiments_in_the_parser_are_those_of_the_package():
    from exactnorm.cli.experiment import NAMES
    from exactnorm.experiments import EXPERIMENTS

    assert tuple(EXPERIMENTS) == NAMES
