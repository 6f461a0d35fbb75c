import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";
import { type InstalledTool, installOnce, type MissingTool } from "../stores/install-once.ts";

const REQUIREMENTS = path.resolve(import.meta.dirname, "../../requirements-kafka.txt");
const INSTALL_MS = 300_000;
const MAX_OUTPUT = 256 * 1024 * 1024;

/** Makes the virtual environment with confluent-kafka, once per machine. Needs Python with venv and pip. */
export function installKafkaTools(): Promise<InstalledTool | MissingTool> {
  const run = promisify(execFile);
  return installOnce("kafka", REQUIREMENTS, async (folder) => {
    await run("python3", ["-m", "venv", folder], { timeout: INSTALL_MS });
    const pip = ["-m", "pip", "--disable-pip-version-check", "-q", "install", "-r", REQUIREMENTS];
    await run(path.join(folder, "bin/python"), pip, { timeout: INSTALL_MS });
  });
}

/** A cluster in memory, of librdkafka. Its topics have four partitions. */
export interface MockCluster extends AsyncDisposable {
  /** "host:port". */
  readonly brokers: string;
}

/** Starts librdkafka's mock cluster with topics. */
export async function startMockCluster({ folder }: InstalledTool, topics: readonly string[]): Promise<MockCluster> {
  const child = spawn(pythonOf(folder), [path.join(import.meta.dirname, "mock_cluster.py"), ...topics], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const line = new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const found = /Mock cluster on (\S+)\n/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    ended.then(([code]) => reject(new Error(`the mock cluster ended with ${code}: ${output}`)), reject);
  });
  return {
    brokers: await line,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Creates topics with six partitions at a real broker. */
export async function createTopics(
  { folder }: InstalledTool,
  brokers: string,
  topics: readonly string[],
): Promise<void> {
  const args = [path.join(import.meta.dirname, "create_topics.py"), brokers, topics.join(",")];
  await promisify(execFile)(pythonOf(folder), args);
}

/** A record that the consumer of confluent-kafka has read. */
export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The CloudEvent. */
  readonly value: {
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly subject?: string;
    readonly sequence?: string;
    readonly [name: string]: unknown;
  };
}

export interface ReadOptions {
  readonly brokers: string;
  readonly topics: readonly string[];
  /** Number of different ids that are waited for. */
  readonly ids: number;
  /** Longest time of reading, s. */
  readonly seconds: number;
}

/** Reads topics from their beginning with the consumer of confluent-kafka. */
export async function readTopics(
  { folder }: InstalledTool,
  { brokers, topics, ids, seconds }: ReadOptions,
): Promise<readonly ReadRecord[]> {
  const script = path.join(import.meta.dirname, "read_topics.py");
  const args = [script, brokers, topics.join(","), String(ids), String(seconds)];
  const { stdout } = await promisify(execFile)(pythonOf(folder), args, { maxBuffer: MAX_OUTPUT });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line): ReadRecord => JSON.parse(line));
}

const pythonOf = (folder: string): string => path.join(folder, "bin/python");
