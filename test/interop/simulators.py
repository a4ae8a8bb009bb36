"""One function for each simulator: a file, initial amounts by id, a time; and
the amounts at its end by id."""

import pathlib
import re
import subprocess

from tools import Failed

RELATIVE, ABSOLUTE = 1e-8, 1e-10


def libsbml_checks(path):
    """No message at all from libsbml with every check on."""
    import libsbml
    document = libsbml.readSBMLFromFile(str(path))
    for category in (libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY, libsbml.LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
                     libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, libsbml.LIBSBML_CAT_MATHML_CONSISTENCY,
                     libsbml.LIBSBML_CAT_SBO_CONSISTENCY, libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL,
                     libsbml.LIBSBML_CAT_MODELING_PRACTICE):
        document.setConsistencyChecks(category, True)
    document.checkConsistency()
    if document.getNumErrors():
        raise Failed(f"{document.getNumErrors()} messages, the first: {document.getError(0).getMessage().strip()}")


def roadrunner_end(path, start, time):
    import roadrunner
    roadrunner.Logger.disableLogging()
    runner = roadrunner.RoadRunner(str(path))
    for species, amount in start.items():
        runner.model[f"[{species}]"] = amount
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = RELATIVE, ABSOLUTE
    runner.simulate(0, time, 2)
    ids = runner.model.getFloatingSpeciesIds() + runner.model.getBoundarySpeciesIds()
    return {i: runner[f"[{i}]"] for i in ids}


def antimony_end(path, start, time):
    """Antimony only translates; RoadRunner runs what comes out."""
    import antimony
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyFile(str(path)) < 0:
        raise Failed(antimony.getLastError())
    translated = path.with_suffix(".from-antimony.xml")
    translated.write_text(antimony.getSBMLString(antimony.getMainModuleName()))
    return roadrunner_end(translated, start, time)


def copasi_end(path, start, time):
    import basico
    model = basico.load_model(str(path))
    try:
        names = dict(zip(basico.get_species(model=model)["sbml_id"], basico.get_species(model=model).index))
        for species, amount in start.items():
            basico.set_species(names[species], initial_concentration=amount, exact=True, model=model)
        basico.run_time_course(duration=time, intervals=1, r_tol=RELATIVE, a_tol=ABSOLUTE, model=model)
        table = basico.get_species(model=model)
        return dict(zip(table["sbml_id"], table["concentration"]))
    finally:
        basico.remove_datamodel(model)


def crnsimulator_end(path, start, time):
    """Writes the differential equations as a Python module, which scipy runs."""
    import importlib.util

    from crnsimulator import ReactionGraph, parse_crn_file
    from scipy.integrate import odeint
    reactions, species = parse_crn_file(str(path))
    graph = ReactionGraph(reactions)
    names = sorted(map(str, graph.species))
    written, _ = graph.write_ODE_lib(sorted_vars=names, filename=str(path.with_name("ode.py")))
    spec = importlib.util.spec_from_file_location("ode", written)
    equations = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(equations)
    first = {name: given[1] for name, given in species.items() if given and given[1] is not None}
    first.update(start)
    y = odeint(equations.odesystem, [float(first.get(n, 0)) for n in names], [0, time], args=(None,),
               rtol=RELATIVE, atol=ABSOLUTE, mxstep=100000)
    # What takes part in no reaction stays as it is.
    return {**{n: 0.0 for n in species}, **first, **start, **dict(zip(names, y[-1]))}


def run_network_end(path, start, time):
    """BioNetGen's integrator. It has no option for amounts: they go into the file."""
    import bionetgen
    program = pathlib.Path(bionetgen.__file__).parent / "bng-linux/bin/run_network"
    program.chmod(0o755)
    names = []

    def set_amount(line):
        number, pattern, amount = line.group(2, 3, 4)
        name = pattern.lstrip("$").removesuffix("()")
        names.append(name)
        return f"{line.group(1)}{number} {pattern} {float(start[name])!r}" if name in start else line.group(0)

    text = path.read_text()
    head, block, rest = re.match(r"(.*?begin species[^\n]*\n)(.*?)(end species.*)", text, re.S).groups()
    block = re.sub(r"^(\s*)(\d+)\s+(\S+)\s+(\S+)", set_amount, block, flags=re.M)
    case = path.with_name("case.net")
    case.write_text(head + block + rest)
    done = subprocess.run([program, "-o", path.with_name("end"), "-p", "cvode", "-a", str(ABSOLUTE), "-r", str(RELATIVE),
                           "-g", case, case, str(time), "1"], capture_output=True, text=True, check=False)
    table = path.with_name("end.cdat")
    if not table.exists():
        raise Failed((done.stderr or done.stdout).strip()[-300:])
    end = table.read_text().strip().splitlines()[-1].split()[1:]
    return dict(zip(names, map(float, end), strict=True))
