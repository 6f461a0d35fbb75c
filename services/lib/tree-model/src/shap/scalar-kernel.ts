import type { Kernel } from "./kernel.ts";
import { OPERATION, pad } from "./operations.ts";
import { type QuadratureProgram, UNIT_WORDS } from "./quadrature-program.ts";

const { fround } = Math;

/**
 * Returns the quadrature kernel in plain TypeScript, for machines without WebAssembly SIMD, about a hundred
 * times slower. Every operation is rounded to float32 in the order of kernel/quadrature.c, so that the
 * results are bit-identical.
 */
export function createScalarKernel(program: QuadratureProgram): Kernel {
  const { features, outputs, units, setColumns } = program;
  const columns = new Float32Array(features + setColumns.length);
  const phi = new Float32Array(features);
  const totals = new Float64Array(outputs * features);
  const walk = treeWalk(program, columns, phi);
  return {
    code: "typescript",
    explain(rows, n, out) {
      for (let row = 0; row < n; row++) {
        columns.set(rows.subarray(row * features, (row + 1) * features));
        for (const set of setColumns) {
          const value = columns[set.source];
          const left = Number.isNaN(value) ? set.defaultLeft : set.members.includes(value);
          columns[set.column] = left ? 0 : 1;
        }
        totals.fill(0);
        phi.fill(0);
        for (let unit = 0; unit < units.length; unit += UNIT_WORDS) {
          walk(units[unit + 2], units[unit + 1], units[unit + 3]);
          if (units[unit + 4] !== 1) continue;
          const first = units[unit] * features;
          for (let f = 0; f < features; f++) totals[first + f] += phi[f];
          phi.fill(0);
        }
        out.set(totals, row * outputs * features);
      }
    },
  };
}

/** Explains one tree: adds its contributions for the row in `columns` to `phi`. */
type TreeWalk = (operationsAt: number, points: number, ruleAt: number) => void;

function treeWalk(program: QuadratureProgram, columns: Float32Array, phi: Float32Array): TreeWalk {
  const { operations, rules, tables } = program;
  const floats = new Float32Array(operations.buffer, operations.byteOffset, operations.length);
  const weight = new Float32Array(program.maxSlotFloats);
  const mask = new Uint8Array(program.maxPairs);
  const known = new Uint8Array(program.maxPairs + 1).fill(1);

  const int = (at: number): number => operations[at];
  const float = (at: number): number => floats[at];
  const goesLeft = (at: number): boolean => {
    const value = columns[int(at)];
    return value <= float(at + 1) || (Number.isNaN(value) && int(at + 2) !== 0);
  };
  const recall = (at: number): boolean => known[int(at + 2)] === 1 && (mask[int(at)] === 1) === (int(at + 1) !== 0);
  const add = (feature: number, term: number): void => {
    phi[feature] += term;
  };
  /** Computes F and K of a feature that occurred before on the path; see quadrature-program.ts. */
  const factor = (table: number, q: number, met: boolean, both: boolean, stride: number): number =>
    fround(fround(tables[table] + (met ? tables[table + 1 + q] : 0)) + (both ? tables[table + 1 + stride + q] : 0));
  const multiplier = (table: number, q: number, met: boolean, both: boolean, stride: number): number =>
    fround((met ? tables[table + 1 + 2 * stride + q] : 0) + (both ? tables[table + 1 + 3 * stride + q] : 0));

  return (operationsAt, points, ruleAt) => {
    const stride = pad(points);
    const t = (q: number): number => rules[ruleAt + q];
    const at = (slot: number, q: number): number => weight[slot * stride + q];
    /** Returns the value of a linear function at quadrature point `q`. */
    const line = (base: number, slope: number, q: number): number => fround(base + fround(slope * t(q)));
    /**
     * Returns the slope of the line in t of a leaf or stump. Its words (feature, step, cover fraction × step)
     * start at `end`.
     */
    const endSlope = (end: number, left: boolean): number => fround((left ? float(end + 1) : 0) - float(end + 2));
    const down = (slot: number, pair: number, factorOf: (q: number) => number): void => {
      for (let q = 0; q < points; q++) {
        const g = at(slot, q);
        const left = fround(g * factorOf(q));
        weight[(2 * pair + 1) * stride + q] = left;
        weight[(2 * pair + 2) * stride + q] = g - left;
      }
    };
    const up = (
      slot: number,
      pair: number,
      factorOf: (q: number) => number,
      termOf: (gd: number, q: number) => number,
    ) => {
      let sum = 0;
      for (let q = 0; q < points; q++) {
        const right = at(2 * pair + 2, q);
        const difference = fround(at(2 * pair + 1, q) - right);
        sum = fround(sum + termOf(fround(at(slot, q) * difference), q));
        weight[slot * stride + q] = right + fround(factorOf(q) * difference);
      }
      return sum;
    };
    for (let q = 0; q < points; q++) weight[q] = rules[ruleAt + stride + q];
    for (let op = operationsAt; ; ) {
      const kind = int(op);
      const count = int(op + 1);
      op += 2;
      if (kind === OPERATION.end) return;
      for (let i = 0; i < count; i++) {
        if (kind === OPERATION.freshDown) {
          const left = goesLeft(op);
          const share = float(op + 5);
          const slope = fround((left ? 1 : 0) - share);
          mask[int(op + 4)] = left ? 1 : 0;
          down(int(op + 3), int(op + 4), (q) => line(share, slope, q));
          op += 6;
        } else if (kind === OPERATION.freshUp) {
          const share = float(op + 3);
          const slope = fround(mask[int(op + 1)] - share);
          const sum = up(
            int(op),
            int(op + 1),
            (q) => line(share, slope, q),
            (gd) => gd,
          );
          add(int(op + 2), fround(sum * slope));
          op += 4;
        } else if (kind === OPERATION.repeatDown) {
          const pair = int(op + 4);
          const left = goesLeft(op);
          const met = recall(op + 5);
          mask[pair] = left ? 1 : 0;
          known[pair + 1] = met ? 1 : 0;
          down(int(op + 3), pair, (q) => factor(int(op + 8), q, met, met && left, stride));
          op += 9;
        } else if (kind === OPERATION.repeatUp) {
          const pair = int(op + 1);
          const table = int(op + 3);
          const met = known[pair + 1] === 1;
          const both = met && mask[pair] === 1;
          const sum = up(
            int(op),
            pair,
            (q) => factor(table, q, met, both, stride),
            (gd, q) => fround(gd * multiplier(table, q, met, both, stride)),
          );
          add(int(op + 2), sum);
          op += 4;
        } else if (kind === OPERATION.leaf) {
          weight.fill(float(op + 1), int(op) * stride, int(op) * stride + points);
          op += 2;
        } else if (kind === OPERATION.freshStump) {
          const slot = int(op + 3);
          const slope = endSlope(op + 4, goesLeft(op));
          let sum = 0;
          for (let q = 0; q < points; q++) {
            sum = fround(sum + at(slot, q));
            weight[slot * stride + q] = line(float(op + 7), slope, q);
          }
          add(int(op + 4), fround(sum * slope));
          op += 8;
        } else if (kind === OPERATION.repeatStump) {
          const slot = int(op + 3);
          const table = int(op + 8);
          const met = recall(op + 5);
          const both = met && goesLeft(op);
          let sum = 0;
          for (let q = 0; q < points; q++) {
            sum = fround(sum + fround(at(slot, q) * multiplier(table, q, met, both, stride)));
            weight[slot * stride + q] = factor(table, q, met, both, stride);
          }
          add(int(op + 4), sum);
          op += 9;
        } else {
          const slot = int(op + 9);
          const share = float(op + 11);
          const gap = float(op + 18);
          const slope = fround((goesLeft(op) ? 1 : 0) - share);
          const left = endSlope(op + 12, goesLeft(op + 3));
          const right = endSlope(op + 15, goesLeft(op + 6));
          let [zeroth, first] = [0, 0];
          for (let q = 0; q < points; q++) {
            zeroth = fround(zeroth + at(slot, q));
            first = fround(first + fround(at(slot, q) * t(q)));
          }
          const difference = fround(left - right);
          const part = fround(fround(share * zeroth) + fround(slope * first));
          add(int(op + 10), fround(slope * fround(fround(gap * zeroth) + fround(difference * first))));
          add(int(op + 12), fround(left * part));
          add(int(op + 15), fround(right * fround(zeroth - part)));
          const linear = fround(fround(right + fround(share * difference)) + fround(slope * gap));
          const square = fround(slope * difference);
          for (let q = 0; q < points; q++) {
            weight[slot * stride + q] = float(op + 19) + fround(t(q) * fround(linear + fround(t(q) * square)));
          }
          op += 20;
        }
      }
    }
  };
}
