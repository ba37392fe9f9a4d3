"""The naive verifier for proofs about samples, or inputs and targets, written from docs/proof-format.md."""

from fractions import Fraction as F

from naive_verifier import Problem, add, dot, load, root


def bound_of_multipliers(inputs, outputs, of, low, decay):
    L = [outputs.vector(one) for one in low["lambda"]]
    assert len(L) == inputs.N, "a multiplier each"
    zero = [F(0)] * len(L[0])
    for forms in [[F(1)] * inputs.N, *([dot(x, d) for x in inputs.x] for d in inputs.d)]:
        total = zero
        for form, one in zip(forms, L, strict=True):
            total = add(total, one, form)
        assert not any(total), "not orthogonal to affine functions"
    if inputs.r == 1:
        t = [dot(x, inputs.d[0]) for x in inputs.x]
        for here in t:
            total = zero
            for there, one in zip(t, L, strict=True):
                total = add(total, one, max(there - here, 0))
            assert dot(total, total) <= dot(inputs.d[0], inputs.d[0]), "too large"
    else:
        B = []
        for one, x in zip(low["lambda"][1:], inputs.x[1:], strict=True):
            row = [*(dot(x, d) for d in inputs.d), F(1)]
            B.append([[entry * factor for factor in row] for entry in one])
        inputs.cover(low | {"B": B})
    gain = sum(dot(one, outputs.x[n]) for one, n in zip(L, of, strict=True))
    return gain if decay is None else decay * (gain - decay * inputs.N * sum(dot(one, one) for one in L) / 2)


def objective_of(inputs, outputs, of, network, decay):
    cost, loss = F(0), F(0)
    for one in network["neurons"]:
        w, a = inputs.vector(one["w"]), outputs.vector(one["a"])
        cost += root(dot(w, w) * dot(a, a), True)
    for x, n in zip(inputs.x, of, strict=True):
        h = [dot(x, d) for d in inputs.d]
        value = add([dot(row, h) for row in network["V"]], network["c"])
        for one in network["neurons"]:
            value = add(value, one["a"], max(dot(one["w"], h) + one["b"], 0))
        miss = add(outputs.vector(value), outputs.x[n], -1)
        assert decay is not None or not any(miss), "a sample is missed"
        loss += dot(miss, miss)
    return cost if decay is None else loss / (2 * inputs.N) + decay * cost


def judge(text, points, samples, decay):
    """("proved" or "refuted", lower, upper, reason) of a proof about noisy samples, a list for each point."""
    return verdict(text, "noisy samples", points, samples, decay)


def judge_network(text, inputs, targets, decay):
    """The same of a proof about inputs and targets."""
    return verdict(text, "inputs and targets", targets, [[one] for one in inputs], decay)


def verdict(text, about, points, samples, decay):
    rows = [row for one in samples for row in one]
    of, given = [n for n, one in enumerate(samples) for _ in one], None if decay is None else F(decay)
    lower, upper = F(0), None
    try:
        proof = load(text)
        claim, head, where = proof["claim"], proof["points"], proof["coordinates"]
        stated = (proof["format"], proof["version"], claim["problem"], claim["weight decay"])
        assert stated == ("exactnorm proof", 1, about, given), "another problem"
        assert proof["lower"]["kind"] in ("none", "multipliers"), "evidence"
        inputs, outer = Problem(rows, 0, where), where.get("unit of outputs", where["unit"])
        outputs = Problem(points, 0, {"basis": where["outputs"], "unit": outer})
        shapes = (inputs.N, len(rows[0]), inputs.sha256), (outputs.N, len(points[0]), outputs.sha256)
        if about == "noisy samples":
            found = (head["samples"], head["dimension"], head["samples sha256"])
            assert shapes == (found, (head["number"], head["dimension"], head["sha256"])), "other data"
        else:
            found = (head["number"], head["dimension"], head["sha256"])
            assert shapes == (found, (head["number"], head["outputs"], head["targets sha256"])), "other data"
        inputs.value = outputs.vector
        here, there = F(2) ** where["unit"], F(2) ** outer
        scaled, worth = (None, there / here) if given is None else (given / here / there, there * there)
        if proof["lower"]["kind"] != "none":
            lower = max(F(0), worth * bound_of_multipliers(inputs, outputs, of, proof["lower"], scaled))
        assert claim["lower"] <= lower, f"only {float(lower)!r} is shown"
        if proof["upper"] is not None:
            upper = worth * objective_of(inputs, outputs, of, proof["upper"], scaled)
        assert claim["upper"] is None or (upper is not None and claim["upper"] >= upper), "the network costs more"
    except AssertionError as failed:
        return "refuted", lower, upper, str(failed)
    return "proved", lower, upper, ""
