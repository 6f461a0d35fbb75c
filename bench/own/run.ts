// `node bench/own/run.ts <name>`: measures only this checkout. The last line on stdout is one JSON object.
import type { Bench } from "../metric.ts";
import { report } from "../metric.ts";

const name = process.argv[2] ?? "";
if (!/^[a-z]+$/.test(name)) throw new Error("usage: node bench/own/run.ts <name>");
const { own }: { readonly own: Bench } = await import(new URL(`./${name}.ts`, import.meta.url).href);
console.log(report(name, await own({ log: (line) => console.error(line) })));
