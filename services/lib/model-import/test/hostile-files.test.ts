import { foreignModels } from "@bellwether/testing/foreign-models";
import { externalTensorFixture, rawTensorFixture, tensorFixture } from "@bellwether/testing/onnx-fixture";
import { regressorFixture, stump, treeAttributes } from "@bellwether/testing/tree-fixture";
import { expect, test } from "vitest";
import { importModel } from "../src/import-model.ts";

const MEBIBYTE = 1024 * 1024;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const sound = regressorFixture(treeAttributes([stump()]));
const boosted = foreignModels().find((file) => file.name === "xgboost-classifier.model");
const light = foreignModels().find((file) => file.name === "lightgbm-categories.txt");
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Returns a chain of `depth` nodes, each one level below the one before. */
function deepTree(levels: number) {
  return Array.from({ length: 2 * levels + 1 }, (_, at) => {
    if (at % 2 === 1 || at === 2 * levels) return { weights: { 0: at } };
    return { mode: "BRANCH_LEQ", value: at, yes: at + 1, no: at + 2 };
  });
}

/** Returns the valid file followed by raw protobuf fields. */
function followedBy(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from([...sound, ...bytes]);
}

/**
 * Returns JSON of XGBoost with one value replaced, and with further keys beside it. `path` lists the keys
 * that lead to the value.
 */
function boostedWith(path: readonly string[], value: unknown, beside: object = {}): Uint8Array {
  const isReplaced = new Set([path.join(".")]);
  const replace = (node: unknown, at: readonly string[]): unknown => {
    if (isReplaced.has(at.join("."))) return value;
    if (Array.isArray(node)) return node.map((item, index) => replace(item, [...at, String(index)]));
    if (typeof node !== "object" || node === null) return node;
    const replaced = Object.fromEntries(Object.entries(node).map(([key, item]) => [key, replace(item, [...at, key])]));
    return at.join(".") === path.slice(0, -1).join(".") ? { ...replaced, ...beside } : replaced;
  };
  return text(JSON.stringify(replace(JSON.parse(textOf(boosted?.bytes)), [])));
}

const MODEL = ["learner", "gradient_booster", "model"];
const TREE = [...MODEL, "trees", "0"];
/** Columns 2 to 4 of 4. */
const NO_TEXTS = Array.from({ length: 3 }, () => ({ offsets: [], values: [] }));

function lightWith(from: RegExp, to: string): Uint8Array {
  return text(textOf(light?.bytes).replace(from, to));
}

/**
 * Returns a chain over 30 columns. Each node sends zero against its comparison, so the subtree below it is
 * written twice.
 */
function doubling(): Uint8Array {
  const levels = 30;
  const list = (make: (at: number) => number | string): string =>
    Array.from({ length: levels }, (_, at) => make(at)).join(" ");
  return text(`tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=${levels - 1}
objective=regression
feature_names=${list((at) => `c${at}`)}
feature_infos=${list(() => "[0:1]")}

Tree=0
num_leaves=${levels + 1}
num_cat=0
split_feature=${list((at) => at)}
threshold=${list(() => -1)}
decision_type=${list(() => 6)}
left_child=${list((at) => (at === levels - 1 ? -1 : at + 1))}
right_child=${list((at) => -at - 2)}
leaf_value=0 ${list((at) => at)}
shrinkage=1

end of trees
`);
}

const HOSTILE: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["a file over 64 MiB", () => new Uint8Array(64 * MEBIBYTE + 1), /at most 67108864/],
  [
    "an initializer in another file",
    () => regressorFixture(treeAttributes([stump()]), { initializers: [externalTensorFixture("w", "/etc/passwd")] }),
    /external data/,
  ],
  [
    "an attribute in another file",
    () => regressorFixture({ ...treeAttributes([stump()]), spare: { tensor: externalTensorFixture("w", "../w.bin") } }),
    /external data/,
  ],
  [
    "an operator of an unknown domain",
    () =>
      regressorFixture(treeAttributes([stump()]), {
        extra: [{ domain: "evil.ops", opType: "Run", inputs: ["y"], outputs: ["z"] }],
      }),
    /unknown operator domain "evil.ops"/,
  ],
  ...["Loop", "Scan", "If"].map((opType): [string, () => Uint8Array, RegExp] => [
    `the operator ${opType}`,
    () =>
      regressorFixture(treeAttributes([stump()]), { extra: [{ domain: "", opType, inputs: ["y"], outputs: ["z"] }] }),
    /control flow/,
  ]),
  [
    "a subgraph on a harmless operator",
    () =>
      regressorFixture(treeAttributes([stump()]), {
        extra: [
          { domain: "", opType: "Identity", inputs: ["y"], outputs: ["z"], attributes: { body: { graph: true } } },
        ],
      }),
    /holds a graph of its own/,
  ],
  ["a cycle", () => regressorFixture(treeAttributes([stump({ no: 0 })])), /reached in two ways/],
  ["a child of two parents", () => regressorFixture(treeAttributes([stump({ no: 1 })])), /reached in two ways/],
  ["a child that does not exist", () => regressorFixture(treeAttributes([stump({ no: 77 })])), /no node 77/],
  [
    "a threshold that is no number",
    () => regressorFixture(treeAttributes([stump({ value: Number.NaN })])),
    /compares with NaN/,
  ],
  [
    "an infinite threshold",
    () => regressorFixture(treeAttributes([stump({ value: Number.POSITIVE_INFINITY })])),
    /compares with Infinity/,
  ],
  [
    "an infinite leaf",
    () => regressorFixture({ ...treeAttributes([stump()]), target_weights: { floats: [Number.NEGATIVE_INFINITY, 1] } }),
    /value -Infinity/,
  ],
  [
    "a column out of range",
    () => regressorFixture(treeAttributes([stump({ feature: 2_000_000_000 })])),
    /column 2000000000 of 2/,
  ],
  [
    "an input of two thousand million columns",
    () => regressorFixture(treeAttributes([stump()]), { columns: 2_000_000_000 }),
    /1 to 65536/,
  ],
  [
    "a thousand million targets",
    () => regressorFixture({ ...treeAttributes([stump()]), n_targets: { int: 1_000_000_000 } }),
    /1000000000 n_targets/,
  ],
  ["a tree of 20,000 levels", () => regressorFixture(treeAttributes([deepTree(20_000)])), /deeper than 1000/],
  ["a field that claims more bytes than there are", () => followedBy(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), /truncated/],
  ["a second graph that would be merged", () => followedBy(0x3a, 0x00), /graph twice/],
  ["functions of its own", () => followedBy(0xca, 0x01, 0x00), /functions/],
  [
    "a tensor of five million elements",
    () =>
      regressorFixture({
        ...treeAttributes([stump()]),
        nodes_values: { floats: [] },
        nodes_values_as_tensor: { tensor: rawTensorFixture("t", 1, [5_000_000], new Uint8Array(20_000_000)) },
      }),
    /more than 4194304/,
  ],
  [
    "a tensor whose shape claims 2^40 elements",
    () =>
      regressorFixture({
        ...treeAttributes([stump()]),
        nodes_values: { floats: [] },
        nodes_values_as_tensor: { tensor: tensorFixture("t", 11, [2 ** 40], [1]) },
      }),
    /holds 1 elements/,
  ],
  ["JSON nested a million deep", () => text(`${'{"a":'.repeat(1_000_000)}1`), /nested deeper than 64/],
  ["JSON of millions of empty lists", () => text(`{"learner":[${"[],".repeat(3_000_000)}[]]}`), /more lists/],
  ["JSON that ends in the middle", () => text(textOf(boosted?.bytes).slice(0, -40)), /not valid JSON/],
  [
    "a model that claims 10^12 columns",
    () => boostedWith(["learner", "learner_model_param", "num_feature"], "1000000000000"),
    /1000000000000/,
  ],
  ["a tree that leads back to its root", () => boostedWith([...TREE, "left_children", "0"], 0), /two parents/],
  [
    "a threshold beyond every number",
    () => text(textOf(boosted?.bytes).replace(/"split_conditions":\[[^,]*/, '"split_conditions":[1e999')),
    /Infinity/,
  ],
  [
    "UBJSON that claims 2^60 entries",
    () => Uint8Array.of(...text("{L"), 0, 0, 0, 0, 0, 0, 0, 1, ...text("a[$d#L"), 16, 0, 0, 0, 0, 0, 0, 0),
    /UBJSON|claims/,
  ],
  [
    "UBJSON nested a million deep",
    () =>
      Uint8Array.from([...text("{L"), 0, 0, 0, 0, 0, 0, 0, 1, ...text("a"), ...new Uint8Array(1_000_000).fill(0x5b)]),
    /nested deeper/,
  ],
  [
    "a LightGBM tree of 10^9 leaves",
    () => lightWith(/num_leaves=\d+/, "num_leaves=1000000000"),
    /but needs 1000000000/,
  ],
  [
    "a LightGBM tree that doubles at each level where zero means missing",
    doubling,
    /zero_as_missing.*more than 1000000 further nodes/,
  ],
  [
    "JSON with a text of 20 MB and a bare number",
    () => text(`{"a":[NaN],"b":"${"x".repeat(20 * MEBIBYTE)}"}`),
    /no "learner", but a, b/,
  ],
  [
    "JSON with a text that never ends and a bare number",
    () => text(`{"a":[NaN],"b":"${"\\\\".repeat(MEBIBYTE)}`),
    /not valid JSON/,
  ],
  [
    "category texts whose offsets point outside",
    () => boostedWith([...MODEL, "cats"], { enc: [{ offsets: [0, 9], values: [68, 69] }, ...NO_TEXTS] }),
    /cats\.enc\[0\]\.offsets point outside/,
  ],
  [
    "category texts that are not bytes",
    () => boostedWith([...MODEL, "cats"], { enc: [{ offsets: [0, 2], values: [68, 1e9] }, ...NO_TEXTS] }),
    /cats\.enc\[0\]\.values are not bytes/,
  ],
  [
    "100,000 categories of one column",
    () =>
      boostedWith([...MODEL, "cats"], {
        enc: [{ values: Array.from({ length: 100_000 }, (_, at) => at) }, ...NO_TEXTS],
      }),
    /column f0 has more than 65536 categories/,
  ],
  [
    "categories of pandas that are no JSON",
    () => text(`${textOf(light?.bytes)}\npandas_categorical:[[`),
    /not valid JSON/,
  ],
  ["a LightGBM tree with a cycle", () => lightWith(/left_child=\S+/, "left_child=0"), /two parents/],
  ["a LightGBM file that ends in the middle", () => text(textOf(light?.bytes).slice(0, 1200)), /truncated/],
  ["a pickle", () => Uint8Array.of(0x80, 4, 0x95), /pickle .* is a program.*export the model to ONNX/],
  ["a pickle of protocol 0", () => text("ccopy_reg\n_reconstructor\np0\n(csklearn.ensemble"), /pickle/],
  ["a joblib file with zlib", () => Uint8Array.of(0x78, 0x5e, 0xdd), /zlib stream, as joblib writes/],
  ["a gzip file", () => Uint8Array.of(0x1f, 0x8b, 8), /compressed \(gzip\)/],
  ["an xz file", () => Uint8Array.of(0xfd, ...text("7zXZ")), /compressed \(xz\)/],
  ["a zip archive", () => text("PK\u0003\u0004"), /zip archive/],
  ["CatBoost's binary format", () => text("CBM1...."), /CatBoost's own binary format \(cbm\).*format="onnx"/],
  [
    "CatBoost's JSON",
    () => text('{"features_info":{},"model_info":{},"oblivious_trees":[]}'),
    /CatBoost model in JSON.*format="onnx"/,
  ],
  [
    "CatBoost's Python code",
    () => text("###  Model data\nclass catboost_model(object):"),
    /CatBoost model as program code/,
  ],
  [
    "LightGBM's dump_model",
    () => text('{"name":"tree","num_tree_per_iteration":1,"tree_info":[]}'),
    /LightGBM's dump_model JSON.*save_model/,
  ],
  ["XGBoost's JSON dump", () => text('[{"nodeid":0,"leaf":1}]'), /JSON dump of XGBoost.*save_model/],
  ["XGBoost's text dump", () => text("booster[0]:\n0:leaf=1"), /text dump of XGBoost.*save_model/],
  [
    "the trees of XGBoost's text dump",
    () => text("0:[f0<-0.44] yes=1,no=2,missing=2\n\t1:leaf=1\n\t2:leaf=2\n"),
    /text dump of XGBoost.*save_model/,
  ],
  [
    "several expectiles of XGBoost, of which each is added to the one before",
    () =>
      text(
        textOf(boostedWith(["learner", "objective", "name"], "reg:expectileerror")).replace(
          /"num_class":"\d+"(,"num_feature":"\d+")(,"num_target":"\d+")?/,
          '"num_class":"0"$1,"num_target":"2"',
        ),
      ),
    /reg:expectileerror with several expectiles.*one model for each expectile_alpha/,
  ],
  [
    "XGBoost's configuration",
    () => text('{"learner":{"generic_param":{},"gradient_booster":{}},"version":[3,4,1]}'),
    /save_config/,
  ],
  ["JSON of something else", () => text('{"model":1}'), /no "learner", but model/],
  ["PMML", () => text('<?xml version="1.0"?>\n<PMML version="4.3">'), /PMML is not read.*ONNX/],
  ["Core ML", () => Uint8Array.of(8, 1, 0x12, 0x88, 0x30, 0x0a, 0x0f, 0x0a, 9), /Core ML/],
  ["a Parquet file", () => text("PAR1...."), /is data and no model/],
  ["a web page", () => text("<!DOCTYPE html><html>"), /HTML page/],
  [
    "an unknown key beside the trees of XGBoost",
    () => boostedWith(["learner", "gradient_booster", "model", "tree_info"], [0, 0], { tree_scale: [1, 0.5] }),
    /learner\.gradient_booster\.model\.tree_scale is not known here and may change scores/,
  ],
  [
    "an unknown key in a tree of XGBoost",
    () => boostedWith([...TREE, "id"], 0, { leaf_scale: 2 }),
    /trees\[0\]\.leaf_scale is not known here/,
  ],
  [
    "an XGBoost model without trees",
    () =>
      boostedWith([...MODEL, "trees"], [], {
        tree_info: [],
        gbtree_model_param: { num_trees: "0", num_parallel_tree: "1" },
      }),
    /no trees \(0 boosting rounds\)/,
  ],
  [
    "dart weights fewer than trees",
    () => boostedWith(["learner", "gradient_booster", "model", "tree_info"], [0, 0], { weight_drop: [1] }),
    /weight_drop has 1 entries but needs 2/,
  ],
  [
    "dart without weights",
    () => boostedWith(["learner", "gradient_booster", "name"], "dart"),
    /dart booster without weight_drop/,
  ],
  [
    "an unknown key in a tree of LightGBM",
    () => lightWith(/num_cat=/, "leaf_scale=2\nnum_cat="),
    /Tree=0: leaf_scale is not known here/,
  ],
  [
    "an unknown key in LightGBM's head",
    () => lightWith(/max_feature_idx=/, "output_scale=2\nmax_feature_idx="),
    /output_scale is not known here/,
  ],
  [
    "a LightGBM threshold that is no number",
    () => lightWith(/threshold=\S+/, "threshold=nan"),
    /threshold holds something that is not a number/,
  ],
  [
    "an infinite leaf of LightGBM",
    () => lightWith(/leaf_value=\S+/, "leaf_value=inf"),
    /leaf_value holds something that is not a finite number/,
  ],
  [
    "a LightGBM set of six million categories",
    () =>
      lightWith(
        /cat_boundaries=\S+ \S+([^\n]*)\ncat_threshold=/,
        `cat_boundaries=0 200000\ncat_threshold=${"4294967295 ".repeat(200_000)}`,
      ),
    /sets hold more than 4194304 members/,
  ],
  [
    "a LightGBM head of two thousand keys",
    () =>
      lightWith(/max_feature_idx=/, `${Array.from({ length: 2_000 }, (_, k) => `k${k}=1\n`).join("")}max_feature_idx=`),
    /head of the LightGBM file holds more than 1000 keys/,
  ],
  [
    "UBJSON of thirty million bytes as numbers",
    () => {
      const count = 30_000_000;
      const head = [
        ...text("{i\u0001a[$U#L"),
        0,
        0,
        0,
        0,
        count >>> 24,
        (count >>> 16) & 255,
        (count >>> 8) & 255,
        count & 255,
      ];
      const bytes = new Uint8Array(head.length + count + 1);
      bytes.set(head);
      bytes[bytes.length - 1] = "}".charCodeAt(0);
      return bytes;
    },
    /UBJSON with more than 24000000 entries/,
  ],
  [
    "JSON of five million texts",
    () => text(`{"learner":[${'"",'.repeat(5_000_000)}""]}`),
    /more lists, keys, texts or entries than any model/,
  ],
  ["something else", () => text("#!/bin/sh\nrm -rf /\n"), /not a model file: it begins with ".!/],
];

test.each(HOSTILE)("rejects %s within 5 s of CPU time and without the runtime", async (_, make, reason) => {
  const bytes = make();
  const started = process.cpuUsage();
  const rejected = await importModel({
    bytes,
    modelName: "hostile",
    background: null,
    riskClass: null,
    runOnnx: () => Promise.reject(new Error("the file reached the runtime")),
  });
  expect(rejected).toMatchObject({ status: "rejected", reason: expect.stringMatching(reason) });
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(5);
});

test("rejects every prefix of a valid file, and reports that it is truncated or invalid", async () => {
  for (let length = 0; length < sound.length; length += 3) {
    const runOnnx = () => Promise.reject(new Error("the file reached the runtime"));
    const task = { bytes: sound.subarray(0, length), modelName: "cut", background: null, riskClass: null, runOnnx };
    expect(await importModel(task)).toMatchObject({ status: "rejected", kind: "malformed" });
  }
});
