"""`exactnorm verify` on files of points that are not what they were: other bytes, other numbers, or no file at all."""

import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
from proof_corpus import ACUTE, proved

from exactnorm.cli import main

WHOLE = np.array([[0, 0], [1, 0], [0, 2]])
"""A set that integers and short floats hold exactly."""


@contextmanager
def within(seconds):
    """A test that waits for a pipe is to fail, not to hang."""

    def over(*_):
        raise AssertionError("it was waited for")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def judged(tmp_path, capsys):
    """Exit status and what was said of a file of points against the proof of a set."""

    def judge(file, name="acute", rho="0.1", proof=None):
        if proof is None:
            proof = tmp_path / "proof.json"
            proof.write_text(proved(name).text)
        with within(20):
            status = main(["verify", str(proof), "--points", str(file), "--rho", rho])
        return status, capsys.readouterr().err

    return judge


def text(rows, form=repr, sep=","):
    return "\n".join(sep.join(form(float(one)) for one in row) for row in rows) + "\n"


SAME_ARRAYS = {
    "big-endian": ACUTE.astype(">f8"),
    "Fortran order": np.asfortranarray(ACUTE),
    "big-endian in Fortran order": np.asfortranarray(ACUTE.astype(">f8")),
    "more digits than needed": ACUTE.astype(np.longdouble),
    "-0.0 for 0.0": np.where(ACUTE == 0, -0.0, ACUTE),
}
SAME_TEXTS = {
    "the shortest decimals": text(ACUTE).encode(),
    "all decimals": text(ACUTE, "{:.60f}".format).encode(),
    "exponents": text(ACUTE, "{:.17e}".format).encode(),
    "semicolons, decimal commas": text(ACUTE, sep=";").replace(".", ",").encode(),
    "Windows's lines, no last one": text(ACUTE).replace("\n", "\r\n").rstrip().encode(),
    "UTF-16": text(ACUTE).encode("utf-16"),
    "a mark of the encoding": b"\xef\xbb\xbf" + text(ACUTE).encode(),
}


@pytest.mark.parametrize("name", SAME_ARRAYS)
def test_the_same_numbers_in_another_array_are_proved(name, tmp_path, judged):
    np.save(tmp_path / "points.npy", SAME_ARRAYS[name])
    assert judged(tmp_path / "points.npy")[0] == 0


@pytest.mark.parametrize("name", SAME_TEXTS)
def test_the_same_numbers_in_another_text_are_proved(name, tmp_path, judged):
    (tmp_path / "points.csv").write_bytes(SAME_TEXTS[name])
    assert judged(tmp_path / "points.csv")[0] == 0


@pytest.mark.parametrize("dtype", ["i1", "u1", ">i4", "u8", "f2", ">f2", "f4", "g"])
def test_types_that_hold_the_numbers_are_proved(dtype, tmp_path, judged):
    np.save(tmp_path / "points.npy", WHOLE.astype(dtype))
    assert judged(tmp_path / "points.npy", "orthogonal")[0] == 0


def test_links_to_the_file_are_followed(tmp_path, judged, monkeypatch):
    real = tmp_path / "points as they\nwere – once.csv"
    real.write_text(text(ACUTE))
    (tmp_path / "link.csv").symlink_to(real)
    (tmp_path / "chain.csv").symlink_to(tmp_path / "link.csv")
    os.link(real, tmp_path / "hard.csv")
    monkeypatch.chdir(tmp_path)
    for file in (real, tmp_path / "chain.csv", "hard.csv", "./../" + tmp_path.name + "/link.csv"):
        assert judged(file)[0] == 0
    (tmp_path / "proof link.json").symlink_to(tmp_path / "proof.json")
    assert judged(real, proof=tmp_path / "proof link.json")[0] == 0


OTHER = {
    "float32 that rounds": (ACUTE.astype(np.float32), "SHA-256 differs"),
    "float16 that rounds": (ACUTE.astype(np.float16), "SHA-256 differs"),
    "rows in another order": (ACUTE[[0, 2, 1]], "SHA-256 differs"),
    "the origin elsewhere": (ACUTE[[1, 0, 2]], "SHA-256 differs"),
    "columns in another order": (ACUTE[:, ::-1], "SHA-256 differs"),
    "read in the other byte order": (ACUTE.astype(">f8").view("<f8"), "SHA-256 differs"),
    "one last binary digit": (np.nextafter(ACUTE, 2), "SHA-256 differs"),
    "a row less": (ACUTE[:2], "3 points in R^2, not for 2 in R^2"),
    "a row more": (np.vstack([ACUTE, [[5, 5]]]), "3 points in R^2, not for 4 in R^2"),
    "a column more": (np.column_stack([ACUTE, [0.5, 0.25, 0]]), "3 points in R^2, not for 3 in R^3"),
    "rows for columns": (ACUTE.T, "3 points in R^2, not for 2 in R^3"),
    "truth values": (ACUTE > 0, "SHA-256 differs"),
}


@pytest.mark.parametrize("name", OTHER)
def test_a_proof_for_other_numbers_is_refuted(name, tmp_path, judged):
    array, why = OTHER[name]
    np.save(tmp_path / "points.npy", array)
    status, said = judged(tmp_path / "points.npy")
    assert (status, why in said) == (1, True), said


@pytest.mark.parametrize("kept", ["{:.15g}", "{:.7g}", "{:.16f}", "{:.3e}"])
def test_a_text_that_lost_digits_is_refuted(kept, tmp_path, judged):
    third = ACUTE / 3
    assert any(float(kept.format(one)) != one for one in third.ravel())
    (tmp_path / "points.csv").write_text(text(third, kept.format))
    from exactnorm import min_norm_denoiser

    (tmp_path / "own.json").write_text(min_norm_denoiser(third, rho=0.05).rigorous().text)
    status, said = judged(tmp_path / "points.csv", rho="0.05", proof=tmp_path / "own.json")
    assert (status, "SHA-256 differs" in said) == (1, True), said
    (tmp_path / "points.csv").write_text(text(third))
    assert judged(tmp_path / "points.csv", rho="0.05", proof=tmp_path / "own.json")[0] == 0


@pytest.mark.parametrize("rho", ["0.10000000000000002", "0.09999999999999999", "0.1000001", "0", "1e140"])
def test_another_radius_is_refuted(rho, tmp_path, judged):
    np.save(tmp_path / "points.npy", ACUTE)
    status, said = judged(tmp_path / "points.npy", rho=rho)
    assert (status, "the proof is for rho = 0.1, not" in said) == (1, True), said


@pytest.mark.parametrize("rho", ["-0.1", "nan", "inf", "1e141", "0x1p-3", "0.1 0.2", ""])
def test_what_is_no_radius_is_bad_input(rho, tmp_path, judged):
    np.save(tmp_path / "points.npy", ACUTE)
    status, said = judged(tmp_path / "points.npy", rho=rho)
    assert (status, "rho" in said) == (2, True), said


def with_entry(value):
    out = ACUTE.copy()
    out[2, 1] = value
    return out


NO_POINTS = {
    "NaN": (with_entry(np.nan), "not finite"),
    "infinity": (with_entry(-np.inf), "not finite"),
    "beyond squares": (with_entry(1e200), "not finite, or above"),
    "NaN in float16": (with_entry(np.nan).astype("f2"), "not finite"),
    "complex": (ACUTE.astype(complex), "complex128"),
    "letters": (ACUTE.astype("U8"), "<U8"),
    "bytes": (ACUTE.astype("S8"), "|S8"),
    "times": (WHOLE.astype("M8[s]"), "datetime64"),
    "named columns": (np.zeros(3, dtype=[("x", "f8"), ("y", "f8")]), "shape (3,)"),
    "no row": (ACUTE[:0], "shape (0, 2)"),
    "no column": (ACUTE[:, :0], "shape (3, 0)"),
    "one row": (ACUTE[:1], "shape (1, 2)"),
    "one number": (np.array(0.5), "shape ()"),
    "a list": (ACUTE.ravel(), "shape (6,)"),
    "a stack": (ACUTE[None], "shape (1, 3, 2)"),
    "equal rows": (ACUTE[[1, 1, 1]], "equal"),
}
if np.finfo(np.longdouble).eps < np.finfo(float).eps:
    NO_POINTS["more digits than doubles"] = (ACUTE.astype(np.longdouble) / 3, "more digits than doubles")


@pytest.mark.parametrize("name", NO_POINTS)
def test_what_are_no_points_is_bad_input(name, tmp_path, judged):
    array, why = NO_POINTS[name]
    np.save(tmp_path / "points.npy", array)
    status, said = judged(tmp_path / "points.npy")
    assert (status, why in said) == (2, True), said


def test_whole_numbers_beyond_doubles_are_bad_input(tmp_path, judged):
    np.save(tmp_path / "points.npy", WHOLE.astype("i8") * (2**62 + 1))
    status, said = judged(tmp_path / "points.npy")
    assert (status, "more digits than doubles" in said) == (2, True), said


def saved(array):
    import io

    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def header(shape, order=False, descr="<f8"):
    """A .npy file that says so, with no number behind it."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


DAMAGED = {
    "nothing": b"",
    "half a magic": b"\x93NUM",
    "half a header": saved(ACUTE)[:40],
    "a header alone": saved(ACUTE)[:128],
    "half of the numbers": saved(ACUTE)[:150],
    "a byte less": saved(ACUTE)[:-1],
    "a shape of a million million": header((10**12, 2)),
    "a shape of more than there are numbers": header((2**62, 2**62)),
    "a negative shape": header((-3, 2)),
    "a shape of fractions": header((1.5, 2)),
    "Python's objects": header((3, 2), descr="|O") + b"cos\nsystem\n",
    "an expression for a shape": header("__import__('os').abort()"),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(60),
    "an archive": b"PK\x03\x04" + bytes(60),
    "zeros": bytes(1000),
    "text": b"0,0\n1,0\n0.4,0.9\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_array_is_bad_input(name, tmp_path, judged):
    (tmp_path / "points.npy").write_bytes(DAMAGED[name])
    status, said = judged(tmp_path / "points.npy")
    assert (status, "points.npy" in said, "Traceback" in said) == (2, True, False), said


@pytest.mark.parametrize("length", range(0, len(text(ACUTE)) - 1, 3))
def test_a_text_cut_anywhere_is_refuted_or_bad_input(length, tmp_path, judged):
    (tmp_path / "points.csv").write_text(text(ACUTE)[:length])
    status, said = judged(tmp_path / "points.csv")
    assert status in (1, 2)
    assert said


def fifo(path):
    os.mkfifo(path)


def bound_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def sparse(path):
    with path.open("wb") as stream:
        stream.truncate(2**40)


NO_FILES = {
    "nothing": (str, ("there is no file", "cannot read")),
    "a folder": (lambda path: path.mkdir(), ("Is a directory",)),
    "a pipe that nobody writes to": (fifo, ("a pipe or a device",)),
    "a socket": (bound_socket, ("a pipe or a device",)),
    "zeros without end": (lambda path: path.symlink_to("/dev/zero"), ("a pipe or a device",)),
    "nothing without end": (lambda path: path.symlink_to("/dev/null"), ("a pipe or a device",)),
    "a link to nothing": (lambda path: path.symlink_to("gone"), ("there is no file", "cannot read")),
    "a link to itself": (lambda path: path.symlink_to(path.name), ("symbolic links",)),
    "more than there is memory": (sparse, ("1099511627776 bytes", "characters long")),
}


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".tsv"])
@pytest.mark.parametrize("name", NO_FILES)
def test_points_that_are_no_plain_file_are_bad_input(name, suffix, tmp_path, judged):
    make, whys = NO_FILES[name]
    path = tmp_path / f"p{suffix}"
    make(path)
    status, said = judged(path)
    assert (status, any(why in said for why in whys)) == (2, True), said


@pytest.mark.parametrize("name", NO_FILES)
def test_a_proof_that_is_no_plain_file_is_bad_input(name, tmp_path, judged):
    make, whys = NO_FILES[name]
    path = tmp_path / "q.json"
    make(path)
    np.save(tmp_path / "points.npy", ACUTE)
    status, said = judged(tmp_path / "points.npy", proof=path)
    assert (status, any(why in said for why in whys)) == (2, True), said


@pytest.mark.parametrize("option", ["--samples-file", "--targets"])
@pytest.mark.parametrize("name", NO_FILES)
def test_samples_and_targets_that_are_no_plain_file_are_bad_input(name, option, tmp_path, capsys):
    make, whys = NO_FILES[name]
    path = tmp_path / "p.npy"
    make(path)
    np.save(tmp_path / "points.npy", ACUTE)
    (tmp_path / "proof.json").write_text(proved("acute").text)
    with within(20):
        status = main(
            ["verify", str(tmp_path / "proof.json"), "--points", str(tmp_path / "points.npy"), option, str(path)]
        )
    said = capsys.readouterr().err
    assert (status, any(why in said for why in whys)) == (2, True), said


@pytest.mark.parametrize(
    "name", ["points", "/dev/zero", "/dev/stdin", "-", "", "x" * 300 + ".csv", "points.xyz", "points.npz"]
)
def test_names_that_no_points_are_read_from_are_bad_input(name, judged):
    status, said = judged(name)
    assert (status, bool(said), "Traceback" in said) == (2, True, False), said


def test_files_that_promise_more_than_they_hold_take_little_memory(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", np.zeros((5_000_000, 2)))
    with zipfile.ZipFile(tmp_path / "lies.npz", "w") as archive:
        archive.writestr("arr_0.npy", header((10**11, 2)))
    (tmp_path / "lies.npy").write_bytes(header((10**11, 2)) + bytes(800))
    sparse(tmp_path / "sparse.csv")
    np.save(tmp_path / "points.npy", ACUTE)
    (tmp_path / "proof.json").write_text(proved("acute").text)
    held = ["verify", "proof.json", "--points"]
    commands = [
        *([*held, "points.npy", "--samples-file", f"{name}.npz"] for name in ("bomb", "lies")),
        *([*held, name, "--rho", "0.1"] for name in ("lies.npy", "sparse.csv")),
    ]
    code = f"""
import resource
import exactnorm.proof.verify
from exactnorm.cli import main
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print([main(one) for one in {commands!r}], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    statuses, megabytes = json.loads("[" + done.stdout.splitlines()[-1].replace("] ", "], ") + "]")
    assert statuses == [2, 2, 2, 2], done.stderr
    assert megabytes <= 64
    assert "unpacks to 80000128 bytes" in done.stderr
