// Compiles Python for Pyodide: {path: source} on stdin -> {path of the .pyc: base64} on stdout. The argument is
// Pyodide's folder, as an address.
import { readFileSync } from "node:fs";

const given = readFileSync(0, "utf-8"); // first: Pyodide makes stdin one that does not wait
const { loadPyodide } = await import(`${process.argv[2]}/pyodide.mjs`);
const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
pyodide.globals.set("given", given);
console.log(
  pyodide.runPython(`
import base64, importlib.util, json
from importlib._bootstrap_external import _code_to_hash_pyc

def compiled(path, source):
    code = compile(source, path, "exec", dont_inherit=True)
    # Unchecked: the source lies beside it only to be read.
    return base64.b64encode(_code_to_hash_pyc(code, importlib.util.source_hash(source.encode()), False)).decode()

json.dumps({importlib.util.cache_from_source(path): compiled(path, source) for path, source in json.loads(given).items()})
`),
);
