#!/usr/bin/env python3
"""Certificates of every verdict keep to docs/reference/certificate.schema.json.

usage: certificate_schema.py TOOLS_FOLDER PROJECT"""
import json
import pathlib
import subprocess
import sys
import tempfile

TOOLS, PROJECT = (pathlib.Path(a).resolve() for a in sys.argv[1:])
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("number", "integer"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def problems(value, schema, at="$"):
    """What of the few words of JSON Schema that ours uses does not hold."""
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, n) for n in names):
        yield f"{at}: {value!r} is no {' or '.join(names)}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}: {k} is missing" for k in schema.get("required", []) if k not in value)
        if schema.get("additionalProperties") is False:
            yield from (f"{at}: {k} is not in the schema" for k in value if k not in known)
        for key in value.keys() & known.keys():
            yield from problems(value[key], known[key], f"{at}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from problems(item, schema["items"], f"{at}[{i}]")


def main():
    schema = json.loads((PROJECT / "docs/reference/certificate.schema.json").read_text())
    bad, seen = [], set()
    assert list(problems({"schema": "x"}, schema)), "the checker checks nothing"
    with tempfile.TemporaryDirectory() as folder:
        def run(tool, *options):
            subprocess.run([TOOLS / tool, *options], capture_output=True, cwd=folder)

        model = PROJECT / "examples/iris.onnx"
        run("nn2crn", model, "-O0", "-o", "equal.crn", "--input-range=0:8")
        text = (pathlib.Path(folder) / "equal.crn").read_text()
        for name, changed in {"different": text.replace("z0.1.p + z0.2.n", "z0.1.p + z0.2.p", 1),
                              "unproven": text + "x.0.p -> y.0.p\n",
                              "differences": text + "z0.1.p + z0.1.n -> [k = 3]\n"}.items():
            (pathlib.Path(folder) / f"{name}.crn").write_text(changed)
        for name in ("equal", "different", "unproven", "differences"):
            run("crn-check", f"{name}.crn", f"--against={model}", "--json=c.json")
            certificate = json.loads((pathlib.Path(folder) / "c.json").read_text())
            seen |= {certificate["verdict"], certificate["limit"]}
            bad += [f"{name}: {p}" for p in problems(certificate, schema)]
    missing = {"equal", "different", "unproven", "unique", "differences", "uncertain"} - seen
    bad += [f"no certificate says {m}" for m in sorted(missing)]
    print("\n".join(bad) if bad else "certificates keep to the schema")
    return 1 if bad else 0


sys.exit(main())
