"""Claims, coordinates, networks and texts forged by hand: refused by both verifiers."""

import copy
import json
from fractions import Fraction as F

import pytest
from forging import plus, refused_by_both, times
from proof_corpus import problem_of, proved

from exactnorm.proof.problem import fingerprint
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify

LONG = "1" + "0" * 1_000_000
REST = {
    "a basis of dependent rows": lambda p: p["coordinates"].update(basis=[1, 1]),
    "a basis with the first point": lambda p: p["coordinates"].update(basis=[0, 1]),
    "a basis in another order": lambda p: p["coordinates"].update(basis=p["coordinates"]["basis"][::-1]),
    "a basis that is too short": lambda p: p["coordinates"].update(basis=[1]),
    "a basis that is too long": lambda p: p["coordinates"].update(basis=[1, 2, 2]),
    "no basis": lambda p: p["coordinates"].update(basis=[]),
    "another unit": lambda p: p["coordinates"].update(unit=p["coordinates"]["unit"] + 1),
    "a unit beyond all": lambda p: p["coordinates"].update(unit=1101),
    "another radius": lambda p: p["claim"].update(rho=plus(p["claim"]["rho"], F(1, 2**60))),
    "the radius with its sign": lambda p: p["claim"].update(rho="-" + p["claim"]["rho"]),
    "another problem": lambda p: p["claim"].update(problem="noise balls "),
    "noisy samples": lambda p: p["claim"].update(problem="noisy samples"),
    "another version": lambda p: p.update(version=2),
    "version true": lambda p: p.update(version=True),
    "more points": lambda p: p["points"].update(number=p["points"]["number"] + 1),
    "another dimension": lambda p: p["points"].update(dimension=1),
    "another hash": lambda p: p["points"].update(sha256=p["points"]["sha256"][::-1]),
    "the hash in capitals": lambda p: p["points"].update(sha256=p["points"]["sha256"].upper()),
    "a lower claim above": lambda p: p["claim"].update(lower=plus(p["claim"]["lower"], F(1, 10**8))),
    "an upper claim below": lambda p: p["claim"].update(upper=plus(p["claim"]["upper"], F(-1, 10**8))),
    "claims exchanged": lambda p: p["claim"].update(lower=p["claim"]["upper"], upper=p["claim"]["lower"]),
    "an upper claim of nothing": lambda p: p.update(upper=None),
    "a lower claim of nothing": lambda p: p.update(lower={"kind": "none"}),
    "a network of nothing": lambda p: p["upper"].update(neurons=[]),
    "a neuron left out": lambda p: p["upper"]["neurons"].pop(),
    "a neuron twice": lambda p: p["upper"]["neurons"].append(p["upper"]["neurons"][0]),
    "a neuron's output smaller": lambda p: p["upper"]["neurons"][0].update(
        a=[times(one, "0.999999999999") for one in p["upper"]["neurons"][0]["a"]]
    ),
    "a kink moved into a ball": lambda p: p["upper"]["neurons"][0].update(
        b=times(p["upper"]["neurons"][0]["b"], "0.5")
    ),
    "a neuron turned round": lambda p: p["upper"]["neurons"][0].update(
        w=[times(one, -1) for one in p["upper"]["neurons"][0]["w"]], b=times(p["upper"]["neurons"][0]["b"], -1)
    ),
    "w and a of different lengths": lambda p: p["upper"]["neurons"][0].update(w=["1"]),
    "two neurons that cancel, with a kink in a ball": lambda p: p["upper"]["neurons"].extend(
        {"w": [sign + "1", "0"], "b": "-0.4", "a": [turn + "1", "0"]} for sign, turn in (("", ""), ("", "-"))
    ),
    "two neurons that cancel, on at the first ball": lambda p: p["upper"]["neurons"].extend(
        {"w": ["0", "0"], "b": "1", "a": [turn + "1", "0"]} for turn in ("", "-")
    ),
    "a value that no kink brings": lambda p: p["upper"]["neurons"].append({"w": ["0", "0"], "b": "1", "a": ["1", "0"]}),
    "an end without evidence, and false": lambda p: (p["claim"].update(upper=None), p["upper"]["neurons"].pop()),
    "NaN": lambda p: p["claim"].update(lower="NaN"),
    "NaN as a number": lambda p: p["claim"].update(lower=float("nan")),
    "infinity": lambda p: p["claim"].update(upper=float("inf")),
    "a float": lambda p: p["claim"].update(lower=5.0),
    "an exponent": lambda p: p["claim"].update(lower="5e0"),
    "a sign": lambda p: p["claim"].update(lower="+5"),
    "two signs": lambda p: p["claim"].update(lower="--5"),
    "a space before": lambda p: p["claim"].update(lower=" 5"),
    "a line's end behind": lambda p: p["claim"].update(lower="5\n"),
    "an underscore": lambda p: p["claim"].update(lower="5_0"),
    "digits of another script": lambda p: p["claim"].update(lower="\u0665"),
    "wide digits": lambda p: p["claim"].update(lower="\uff15"),
    "a point without digits": lambda p: p["claim"].update(lower="5."),
    "a quotient by nothing": lambda p: p["claim"].update(lower="5/0"),
    "a quotient by a negative number": lambda p: p["claim"].update(lower="-5/-1"),
    "a quotient of decimals": lambda p: p["claim"].update(lower="5.0/1.0"),
    "hexadecimal": lambda p: p["claim"].update(lower="0x5"),
    "a million digits": lambda p: p["claim"].update(lower=LONG),
    "a million digits in a network": lambda p: p["upper"]["neurons"][0].update(b="-" + LONG),
    "a million zeros before": lambda p: p["claim"].update(lower="0" * 1_000_000 + "5"),
    "a list for a number": lambda p: p["claim"].update(lower=["5"]),
    "true for a number": lambda p: p["claim"].update(lower=True),
    "one name more": lambda p: p.update(trust="me"),
    "one name more inside": lambda p: p["claim"].update(trust="me"),
    "one name less": lambda p: p["claim"].pop("rho"),
    "a proof within the proof": lambda p: p.update(lower=copy.deepcopy(p)),
}


@pytest.mark.parametrize("base", ["acute", "orthogonal"])
@pytest.mark.parametrize("name", REST)
def test_the_rest(name, base):
    proof = json.loads(proved(base).text)
    REST[name](proof)
    points, rho = problem_of(base)
    refused_by_both(json.dumps(proof), points, rho)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"format": ' + "9" * 1_000_000 + "}",
        '{"format": -' + "9" * 5000 + "}",
        "\ufeff{}",
        "{}" * 2,
    ],
)
def test_texts(text):
    refused_by_both(text, *problem_of("acute"))


def test_a_name_twice_the_second_of_which_is_sound():
    text = proved("acute").text
    assert text.startswith('{\n"format"')
    refused_by_both('{\n"version": 1,\n' + text[2:], *problem_of("acute"))


def test_points_exchanged_with_their_hash():
    points, rho = problem_of("acute")
    proof = json.loads(proved("acute").text)
    proof["points"]["sha256"] = fingerprint(points[[0, 2, 1]])
    refused_by_both(json.dumps(proof), points[[0, 2, 1]], rho)
    refused_by_both(proved("acute").text, points[[0, 2, 1]], rho)


def leaves(found, path=()):
    """Where values are that are neither objects nor lists, and where lists and objects end."""
    yield path
    for key, value in found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ():
        yield from leaves(value, (*path, key))


@pytest.mark.parametrize("base", ["acute", "line"])
def test_what_is_said_of_a_text_can_be_printed_whatever_is_in_it(base):
    points, rho = problem_of(base)
    sound = proved(base).text
    for path in leaves(json.loads(sound)):
        if not path:
            continue
        proof = json.loads(sound)
        inside = proof
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = "\x1b[31m\n\u202e\ud800é"
        try:
            said = verify(json.dumps(proof), points, rho).reasons
        except UnreadableProofError as mistake:
            said = (str(mistake),)
        assert said
        assert all(one.isprintable() for one in said), path
