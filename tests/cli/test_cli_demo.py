"""`exactnorm demo`."""

import os

from cli_records import strict


def test_demo_tells_what_came_out_and_writes_one_picture(run, folder):
    status, out, _ = run("demo")
    assert status == 0
    assert os.listdir(folder) == ["exactnorm-demo.png"]
    assert (folder / "exactnorm-demo.png").read_bytes().startswith(b"\x89PNG")
    assert out.count("relative gap") == 2
    assert "The picture is in exactnorm-demo.png." in out
    # Why the denoised digits are not the clean ones.
    assert "the noise moved 5 of 5 out of the noise balls, whose radius rho is 2" in " ".join(out.split())


def test_demo_prints_json_instead_of_tables(run, folder):
    status, out, _ = run("demo", "--json", "--out", "picture.png")
    record = strict(out)
    assert status == 0
    assert [solved["points"] for solved in record["solved"]] == [3, 5]
    assert record["picture"] == "picture.png"
    assert os.listdir(folder) == ["picture.png"]
    # Denoised images are nearer to the clean ones than noisy ones are.
    assert record["left"][1] < record["moved"][0]
    # Within the balls they are the clean ones.
    assert record["inside"] < 1e-9


def test_demo_refuses_a_folder_that_is_not_there_before_it_computes(run, folder):
    status, out, err = run("demo", "--out", "no/picture.png")
    assert (status, out) == (2, "")
    assert "there is no directory 'no'" in err
    assert not os.listdir(folder)
