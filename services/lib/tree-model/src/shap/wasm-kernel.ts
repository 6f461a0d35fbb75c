import { quadratureWasm } from "./kernel/quadrature-wasm.ts";
import type { Kernel } from "./kernel.ts";
import type { QuadratureProgram } from "./quadrature-program.ts";

/**
 * Rows that kernel/quadrature.c accepts per call (block), and rows that it evaluates together on one tree
 * (group).
 */
const BLOCK_ROWS = 64;
const GROUP_ROWS = 16;
/** Up to this number of rows, single rows are faster than a group. */
const SINGLE_ROWS = 2;
const PAGE_BYTES = 65_536;

interface QuadratureExports {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: number;
  readonly explainBlock: (model: number, rows: number) => void;
  readonly explainRow: (model: number) => void;
}

/**
 * Creates a kernel in WebAssembly SIMD with its own memory. Returns null when the machine has no WebAssembly
 * SIMD.
 */
export function createWasmKernel(program: QuadratureProgram): Kernel | null {
  const wasm = instantiate();
  if (wasm === null) return null;
  const { features, outputs } = program;
  const values = outputs * features;
  const { model, input, output } = layOut(wasm, program);
  const inputRows = new Float32Array(wasm.memory.buffer, input, BLOCK_ROWS * features);
  const outputRows = new Float32Array(wasm.memory.buffer, output, BLOCK_ROWS * values);
  return {
    code: "wasm-simd",
    explain(rows, n, out) {
      for (let first = 0; first < n; ) {
        const left = n - first;
        const count = left <= SINGLE_ROWS ? 1 : Math.min(left, BLOCK_ROWS);
        inputRows.set(rows.subarray(first * features, (first + count) * features));
        if (count === 1) wasm.explainRow(model);
        else wasm.explainBlock(model, count);
        out.set(outputRows.subarray(0, count * values), first * values);
        first += count;
      }
    },
  };
}

function instantiate(): QuadratureExports | null {
  if (typeof WebAssembly !== "object") return null;
  const bytes = Uint8Array.from(atob(quadratureWasm), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return null;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, __heap_base: heapBase, explain_block: explainBlock, explain_row: explainRow } = exports;
  if (!(memory instanceof WebAssembly.Memory) || !(heapBase instanceof WebAssembly.Global)) return null;
  if (typeof explainBlock !== "function" || typeof explainRow !== "function") return null;
  return {
    memory,
    heapBase: Number(heapBase.value),
    explainBlock: (model, rows) => void explainBlock(model, rows),
    explainRow: (model) => void explainRow(model),
  };
}

/**
 * Writes the program, its scratch memory, and the struct `Model` of kernel/quadrature.c that points to them.
 */
function layOut(wasm: QuadratureExports, program: QuadratureProgram): { model: number; input: number; output: number } {
  const { features, outputs, setColumns, units, operations, rules, tables } = program;
  const values = outputs * features;
  const members = setColumns.flatMap((set) => [...set.members]);
  let first = 0;
  const sets = setColumns.flatMap(({ source, members: { length }, defaultLeft }) => {
    first += length;
    return [source, first - length, length, defaultLeft ? 1 : 0];
  });
  const fields: (number | Int32Array | Float32Array | { readonly bytes: number })[] = [
    features,
    outputs,
    units.length / 5,
    setColumns.length,
    units,
    operations,
    rules,
    tables,
    Int32Array.from(sets),
    Float32Array.from(members),
    { bytes: 4 * BLOCK_ROWS * features },
    { bytes: 4 * BLOCK_ROWS * values },
    { bytes: 4 * BLOCK_ROWS * (features + setColumns.length) },
    { bytes: 4 * BLOCK_ROWS * features },
    { bytes: 8 * BLOCK_ROWS * values },
    { bytes: 4 * GROUP_ROWS * program.maxSlotFloats },
    { bytes: 4 * GROUP_ROWS * (program.maxPairs + 1) },
    { bytes: 4 * GROUP_ROWS * (program.maxPairs + 1) },
  ];
  const model = align(wasm.heapBase);
  let end = model + 4 * fields.length;
  const words = fields.map((field) => {
    if (typeof field === "number") return field;
    const at = align(end);
    end = at + ("bytes" in field ? field.bytes : field.byteLength);
    return at;
  });
  const missing = end - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
  const { buffer } = wasm.memory;
  new Int32Array(buffer, model, words.length).set(words);
  for (const [i, field] of fields.entries()) {
    if (field instanceof Int32Array) new Int32Array(buffer, words[i], field.length).set(field);
    else if (field instanceof Float32Array) new Float32Array(buffer, words[i], field.length).set(field);
  }
  return { model, input: words[10], output: words[11] };
}

/** Rounds up to whole cache lines. */
function align(address: number): number {
  return Math.ceil(address / 64) * 64;
}
