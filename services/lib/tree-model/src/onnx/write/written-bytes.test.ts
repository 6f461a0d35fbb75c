import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Tree, TreeModel } from "../../trees/tree-model.ts";
import { writeOnnxClassProbability } from "./class-probability.ts";
import { writeOnnxTreeModelWithSets } from "./set-chains.ts";

const plain: Tree = {
  feature: Int32Array.of(0, 1, -1, -1, 0, -1, -1),
  threshold: Float32Array.of(0, 0.5, 0, 0, 0, 0, 0),
  left: Int32Array.of(1, 2, -1, -1, 5, -1, -1),
  right: Int32Array.of(4, 3, -1, -1, 6, -1, -1),
  defaultLeft: Uint8Array.of(0, 0, 0, 0, 1, 0, 0),
  cover: Float64Array.of(10, 6, 4, 2, 4, 1, 3),
  value: Float64Array.of(0, 0, 1, 10, 0, 100, 1000),
  members: new Map(),
};
const sets: Tree = {
  ...plain,
  members: new Map([
    [0, Float32Array.of(2, 5, 40)],
    [4, Float32Array.of(-1.5)],
  ]),
};
const threeClasses: Tree = { ...plain, value: Float64Array.from({ length: 21 }, (_, i) => i / 7) };

const modelOf = (trees: readonly Tree[], ...base: number[]): TreeModel => ({
  ...{ features: 2, outputs: base.length, base: Float64Array.from(base), link: "identity", hasCovers: true },
  trees: [...trees],
});

test.each([
  [
    "sets",
    writeOnnxTreeModelWithSets(modelOf([sets], 0.25)),
    "9cb591e92d0fabc45015723a4483a09bafb20e8d9150c98da7c3bfe88391dd9e",
  ],
  [
    "two trees without a base",
    writeOnnxTreeModelWithSets(modelOf([plain, plain], 0)),
    "f4af8a1a3acb47bb406631d69dee367efaad685856b408e3251d3660795eac30",
  ],
  [
    "the first class of three",
    writeOnnxClassProbability(modelOf([threeClasses], 0, 0, 0), 0),
    "44e31af2565ed46731733224a9997e98b8596273838c8d45956f916c113665d0",
  ],
  [
    "the last class of three",
    writeOnnxClassProbability(modelOf([threeClasses], 0, 1, 0), 2),
    "1068a17e142413a00ff1cf194474fbf76fd70fbb40f09c527775b201ba99e5b4",
  ],
])("a file with %s has the recorded bytes", (_, bytes, digest) => {
  expect(hash("sha256", bytes)).toBe(digest);
});
