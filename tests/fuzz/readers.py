"""What a reader may do with bytes that somebody else made: return, or refuse in its own words."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

import exactnorm
from exactnorm.cli import read, read_samples
from exactnorm.cli.streams import BadInput
from exactnorm.files import LARGEST_FILE
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify, verify_network
from exactnorm.saved import load

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
HAT = [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]
OPTIMUM = Fraction(516987492, 10**8), Fraction(516987494, 10**8)


def table(data, folder):
    """A table of points as text: complete, or refused."""
    file = folder / "points.csv"
    file.write_bytes(data)
    with quiet(), contextlib.suppress(BadInput):
        found = read.points(file)
        assert found.dtype == np.float64
        assert found.ndim == 2
        assert found.size
        assert np.isfinite(found).all()


def npy(data, folder):
    """A .npy file of points, and one of samples."""
    file = folder / "points.npy"
    file.write_bytes(data)
    with quiet():
        with contextlib.suppress(BadInput):
            assert isinstance(read.points(file), np.ndarray)
        with contextlib.suppress(BadInput):
            read_samples.samples(file, 3)


def npz(data, folder):
    """A .npz file of samples; inputs that begin with 0 are changes to a sound file's members, as for saved objects."""
    file = folder / "samples.npz"
    file.write_bytes(resealed(data[1:], seeds()["npz"][0]) if data[:1] == b"\0" else data)
    with quiet(), contextlib.suppress(BadInput):
        read_samples.samples(file, 3)


def saved(data, folder):
    """A saved object; half of the inputs are changes to a sound file's members, whose checksums are then right."""
    file = folder / "saved.npz"
    file.write_bytes(data if not data or data[0] % 2 else resealed(data[1:], seeds()["saved"][0][1:]))
    assert file.stat().st_size < LARGEST_FILE
    with contextlib.suppress(ValueError):
        load(file)


def proof(data, _):
    """A proof: what is proved encloses the optimum."""
    try:
        verdict = verify(data, POINTS, 0.1, time_limit=5.0)
    except UnreadableProofError:
        return
    if verdict.outcome == "proved":
        claim = json.loads(data)["claim"]
        assert Fraction(claim["lower"]) <= OPTIMUM[1]
        assert claim["upper"] is None or Fraction(claim["upper"]) >= OPTIMUM[0]


def network(data, _):
    """A proof about inputs and targets: what is proved encloses the optimum, 2."""
    try:
        verdict = verify_network(data, *HAT, time_limit=5.0)
    except UnreadableProofError:
        return
    if verdict.outcome == "proved":
        claim = json.loads(data)["claim"]
        assert Fraction(claim["lower"]) <= 2
        assert claim["upper"] is None or Fraction(claim["upper"]) >= 2


READERS = {"table": table, "npy": npy, "npz": npz, "saved": saved, "proof": proof, "network": network}


@contextlib.contextmanager
def quiet():
    with contextlib.redirect_stderr(io.StringIO()):
        yield


def resealed(data, sound):
    """A sound archive with bytes of one member changed as `data` says: member, then (place, place, value) each."""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        members = {one.filename: bytearray(archive.read(one)) for one in archive.infolist()}
    if data:
        name = sorted(members)[data[0] % len(members)]
        body = members[name]
        for k in range(1, len(data) - 2, 3):
            place = (data[k] * 256 + data[k + 1]) % (len(body) + 1)
            body[place : place + 1] = bytes([data[k + 2]])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, bytes(body))
    return out.getvalue()


LOWER = [
    {"kind": "rays", "centre": 0, "rays": [{"direction": ["1", "0"], "points": [1]}]},
    {"kind": "segments", "segments": [[0, 1, "0.5"], [1, 2, "0.2"]]},
    {"kind": "regular simplex", "corners": [0, 1, 2]},
    {
        "kind": "nearly regular simplex",
        "corners": [0, 1, 2],
        "between": ["0.9", "1.2"],
        "share": "0.1",
        "contact": {"slope": "2", "inradius": "0.5", "tilt": "0.5"},
    },
    {"kind": "none"},
]
"""Evidence of the other kinds, of which the first two and the last prove something of these points."""


def other_evidence(text, lower):
    """A proof with another lower bound, as bytes."""
    found = json.loads(text)
    found["claim"]["lower"] = "0"
    found["lower"] = lower
    return json.dumps(found).encode()


SEEDS: dict[str, list[bytes]] = {}


def seeds():
    """Sound files to begin with, for each reader; made once."""
    if SEEDS:
        return SEEDS
    from tempfile import TemporaryDirectory

    from exactnorm.prover import rigorous

    text = [
        b"0,0\n1,0\n0.4,0.9\n",
        b"x;y\n0,5;1,5\n2,25;3\n",
        b"# note\n 1 2\n 3 4e-3\n",
        "sep=;\n1;2\n3;4\n".encode("utf-16"),
    ]
    arrays = []
    for array in (POINTS, POINTS.astype(np.float16), np.asfortranarray(POINTS), np.zeros((3, 2, 2)), np.arange(6)):
        buffer = io.BytesIO()
        np.save(buffer, array)
        arrays.append(buffer.getvalue())
    buffer = io.BytesIO()
    np.savez(buffer, *[POINTS[:2], POINTS[1:], POINTS])
    found = exactnorm.min_norm_denoiser(POINTS, 0.1)
    line = exactnorm.min_norm_denoiser([[0.0], [1.0], [2.5]], 0.1)
    with TemporaryDirectory() as folder:
        files = []
        for k, one in enumerate((line, found, line.network)):
            exactnorm.save(Path(folder) / f"{k}.npz", one)
            files.append(b"\x01" + (Path(folder) / f"{k}.npz").read_bytes())
    proofs = [rigorous(found).text.encode(), *(other_evidence(rigorous(found).text, low) for low in LOWER)]
    networks = [rigorous(exactnorm.min_norm_network(*HAT)).text.encode()]
    samples = [buffer.getvalue(), b"\x00\x01\x00\x08"]
    SEEDS.update(table=text, npy=arrays, npz=samples, saved=files, proof=proofs, network=networks)
    return SEEDS
