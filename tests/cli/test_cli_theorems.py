"""`exactnorm theorems`."""

from cli_records import strict

from exactnorm import theorems


def test_theorems_prints_claimed_and_computed_and_json_is_a_list_of_records(run):
    status, out, err = run("theorems", "A-rays", "B-4.2")
    assert status == 0
    assert err == "checking A-rays …\nchecking B-4.2 …\n"
    for phrase in ("claimed", "computed", "difference", "standing", "A-rays", "proved", "254"):
        assert phrase in out
    status, out, _ = run("theorems", "B-4.2", "--json")
    (record,) = strict(out)
    assert status == 0
    assert (record["name"], record["claimed"], record["holds"]) == ("B-4.2", 254, True)


def test_a_statement_that_turns_out_otherwise_than_expected_ends_with_exit_status_1(run, monkeypatch):
    wrong = theorems.Check("wrong", "nobody", "proved", 4.0, 5.0, "=", 1e-6, True, "four is five")
    observed = theorems.Check("observed", "nobody", "open", 4.0, 5.0, "=", 1e-6, None, "who knows")
    monkeypatch.setattr(theorems, "STATEMENTS", {"wrong": lambda: wrong, "observed": lambda: observed})
    status, out, _ = run("theorems", "wrong")
    assert status == 1
    assert "no: UNEXPECTED" in " ".join(out.split())
    status, out, _ = run("theorems", "observed")
    assert status == 0
    assert "no, open" in " ".join(out.split())


def test_an_unknown_statement_is_bad_input_and_list_names_them_all(run):
    status, out, err = run("theorems", "nonsense")
    assert (status, out) == (2, "")
    assert "no statement is called 'nonsense'" in err
    status, out, _ = run("theorems", "--list")
    assert (status, out.split()) == (0, list(theorems.STATEMENTS))


def test_what_standing_and_the_letters_of_names_mean_is_printed_and_in_the_help(run):
    out = " ".join(run("theorems", "A-rays")[1].split())
    shown = " ".join(run("theorems", "--help")[1].split())
    for said in ("standing: proved, published (in one of the papers)", "A- are statements of arXiv:2311.06748"):
        assert said in out
        assert said in shown


def test_what_the_outcomes_mean_is_printed(run):
    out = " ".join(run("theorems", "acute-orthocentre", "B-4.3-box")[1].split())
    for word in ("no, as expected", "blind to 1 % of orthogonal.rho"):
        assert word in out
    for meaning in (
        "holds: whether what was computed",
        "as the claim is known to be false",
        "blind to 1 % of a number:",
    ):
        assert meaning in out
    assert "blind" not in run("theorems", "A-rays")[1]
