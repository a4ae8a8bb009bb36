"""Other people's simulators read what nn2crn writes.

Each takes the file as it is written, sets the inputs through the ids of --map,
runs to a fixed time and must end where crn-sim's own integration ends."""

import signal

import numpy as np

import simulators
from models import save
from random_model import random_model
from tools import ROOT, Failed, Tally, parser

TIME = 5.0  # far from the limit still: a wrong rate would show
TOLERANCE = 1e-4
PATIENCE = 120  # seconds for one simulator on one network
SEEDS = (1, 2, 5, 8, 13, 21)

# What reads which format.
CLIENTS = {
    "libsbml": ("net.xml", "sbml", simulators.libsbml_checks),
    "RoadRunner": ("net.xml", "sbml", simulators.roadrunner_end),
    "COPASI": ("net.xml", "sbml", simulators.copasi_end),
    "antimony": ("net.ant", "antimony", simulators.antimony_end),
    "crnsimulator": ("net.plain.crn", "crn-plain", simulators.crnsimulator_end),
    "run_network": ("net.net", "net", simulators.run_network_end),
}


def species_of(entry):
    """Ids of one rail of a port element in a map."""
    return [] if entry is None else [entry] if isinstance(entry, str) else entry


def amounts(mapping, case):
    """Initial amounts by id that mean these input tensors."""
    start = {}
    for port in mapping["ports"]:
        if port["direction"] != "input":
            continue
        values = (np.ravel(case[port["name"]]) + port["offset"]) * port["scale"]
        for (plus, minus), value in zip(port["elements"], values, strict=True):
            for rail, amount in ((plus, max(value, 0)), (minus, max(-value, 0))):
                ids = species_of(rail)
                if amount and not ids:
                    raise Failed(f"port {port['name']!r} has no rail for {value}")
                start.update({i: amount if i == ids[0] else 0.0 for i in ids})
    return start


def readings(mapping, end):
    """Output tensors by name, flat, from amounts by id."""
    out = {}
    for port in mapping["ports"]:
        if port["direction"] == "output":
            total = [[sum(end[i] for i in species_of(rail)) for rail in element] for element in port["elements"]]
            out[port["name"]] = np.array([(p - m) / port["scale"] - port["offset"] for p, m in total])
    return out


def compare(got, want, case):
    for name, y in want.items():
        y = np.ravel(y[case])
        # Small outputs are differences of large rails: judge by the largest.
        off = np.abs(got[name] - y)
        if not (off <= 1e-5 + TOLERANCE * np.abs(y)).all():
            raise Failed(f"output {name!r} of case {case} is off by {off.max():.3g} where crn-sim has {y[off.argmax()]:.6g}")


def run_client(name, model, inputs, tools, extra=()):
    file, emit, client = CLIENTS[name]
    tools.run("nn2crn", model, "-o", "net.crn")
    want = tools.simulate("net.crn", inputs, "--method=ode", f"--t-end={TIME}")
    mapping = tools.map_of(model, file, f"--emit={emit}", *extra)
    if client is simulators.libsbml_checks:
        return client(tools.folder / file)
    for case in range(len(next(iter(inputs.values())))):
        start = {} if extra else amounts(mapping, {k: v[case] for k, v in inputs.items()})
        end = client(tools.folder / file, start, TIME)
        compare(readings(mapping, end), want, case)


def run_as_is(name, model, inputs, tools):
    """A file that --input and --case gave amounts needs none from us."""
    case = 1
    inputs = {k: v[case:case + 1] for k, v in inputs.items()}
    for i, (port, x) in enumerate(inputs.items()):
        np.save(tools.folder / f"case{i}.npy", x)
    spec = [f"--input={port}=case{i}.npy" for i, port in enumerate(inputs)]
    run_client(name, model, inputs, tools, extra=(*spec, "--case=0"))


def patiently(body):
    """Calls body; a client that hangs is a failed check."""
    def stop(*_):
        raise Failed(f"no answer in {PATIENCE} s")
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    try:
        body()
    finally:
        signal.alarm(0)


def main():
    options = parser(__doc__).parse_args()
    tally = Tally(options)

    def check(what, body):
        tally.check(f"clients.py {what}", lambda tools: patiently(lambda: body(tools)))

    with np.load(ROOT / "examples/iris.npz") as z:
        iris = {"x": np.asarray(z["x"][:3], float)}
    for name in CLIENTS:
        check(f"{name} iris", lambda tools, name=name: run_client(name, ROOT / "examples/iris.onnx", iris, tools))
        check(f"{name} iris as is", lambda tools, name=name: run_as_is(name, ROOT / "examples/iris.onnx", iris, tools))
        for seed in SEEDS:
            def one(tools, name=name, seed=seed):
                model = random_model(seed)
                # Ordinary and negative values; the largest take others minutes.
                inputs = {k: v[:2] for k, v in model.inputs.items()}
                save(model, tools.folder / "model.onnx")
                run_client(name, "model.onnx", inputs, tools)
            check(f"{name} seed {seed}", one)
    tally.finish()


if __name__ == "__main__":
    main()
