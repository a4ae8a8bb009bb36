# The lit suite: text in, FileCheck on what comes out.
import os
import lit.formats

config.name = "nn2crn"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".crn", ".onnxtext", ".test"]
config.excludes = ["Inputs", "unit", "fuzz"]
config.environment["PATH"] = os.pathsep.join(
    [config.nn2crn_tools, config.llvm_tools, os.environ["PATH"]])
config.substitutions.append(("%root", config.project_root))
config.substitutions.append(("%python", config.python))
if config.sanitize:
    config.available_features.add("sanitized")
