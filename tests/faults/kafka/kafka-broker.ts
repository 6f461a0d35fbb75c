import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type InstalledTool, installOnce, type MissingTool } from "@bellwether/testing/stores/install-once";

const POM = path.join(import.meta.dirname, "pom.xml");
const INSTALL_MS = 600_000;
const START_MS = 180_000;
const HEAP = "-Xmx512m";

/** Downloads Apache Kafka with Maven, once per machine. Needs a JDK with Maven. */
export function installKafka(): Promise<InstalledTool | MissingTool> {
  return installOnce("apache-kafka", POM, async (folder) => {
    const args = ["-q", "-B", "-f", POM, "dependency:copy-dependencies", `-DoutputDirectory=${folder}/lib`];
    await promisify(execFile)("mvn", [...args, "-DincludeScope=runtime"], { timeout: INSTALL_MS });
  });
}

/** One broker of Apache Kafka, which is its own controller (KRaft). */
export interface KafkaBroker extends AsyncDisposable {
  /** "127.0.0.1:port". */
  readonly brokers: string;
  readonly pid: number | undefined;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  restart(): Promise<void>;
}

export interface BrokerOptions {
  /** Users with their passwords, for SASL PLAIN. Default: nobody signs in. */
  readonly users?: Readonly<Record<string, string>>;
  /** Further lines of server.properties. */
  readonly properties?: readonly string[];
}

/** Starts a broker on free ports. */
export async function startKafka({ folder }: InstalledTool, options: BrokerOptions = {}): Promise<KafkaBroker> {
  const data = await mkdtemp(path.join(os.tmpdir(), "bellwether-kafka-"));
  const [port, controller] = [await freePort(), await freePort()];
  const file = path.join(data, "server.properties");
  await mkdir(path.join(data, "logs"));
  await writeFile(file, propertiesOf(port, controller, path.join(data, "logs"), options).join("\n"), { mode: 0o600 });
  const java = ["-cp", path.join(folder, "lib", "*"), HEAP, "-XX:+UseSerialGC", "-Dlog4j2.level=ERROR"];
  const format = ["kafka.tools.StorageTool", "format", "--standalone", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", file];
  const run = promisify(execFile);
  await run("java", [...java, ...format], { timeout: START_MS }).catch(
    (error: { stdout?: string; stderr?: string }) => {
      throw new Error(`Kafka's folder could not be made: ${error.stdout}${error.stderr}`);
    },
  );
  let child = spawn("java", [...java, "kafka.Kafka", file], { stdio: "ignore" });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  await waitForPort(port, () => child.exitCode);
  return {
    brokers: `127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    kill: end,
    async restart() {
      await end();
      child = spawn("java", [...java, "kafka.Kafka", file], { stdio: "ignore" });
      await waitForPort(port, () => child.exitCode);
    },
    async [Symbol.asyncDispose]() {
      await end();
      await rm(data, { recursive: true, force: true });
    },
  };
}

function propertiesOf(
  port: number,
  controller: number,
  logs: string,
  { users, properties = [] }: BrokerOptions,
): string[] {
  const listener = users ? "SASL" : "PLAIN";
  const jaas = Object.entries(users ?? {}).map(([name, password]) => `user_${name}="${password}"`);
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.bootstrap.servers=127.0.0.1:${controller}`,
    `listeners=${listener}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${listener}://127.0.0.1:${port}`,
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT`,
    "controller.listener.names=CONTROLLER",
    `inter.broker.listener.name=${listener}`,
    `log.dirs=${logs}`,
    "auto.create.topics.enable=false",
    "offsets.topic.replication.factor=1",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
    ...(users
      ? [
          "sasl.enabled.mechanisms=PLAIN",
          "sasl.mechanism.inter.broker.protocol=PLAIN",
          `listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${users.admin}" ${jaas.join(" ")};`,
        ]
      : []),
    ...properties,
    "",
  ];
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

/** @param exitCode returns null as long as the broker runs */
async function waitForPort(port: number, exitCode: () => number | null): Promise<void> {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (exitCode() !== null) throw new Error(`Kafka ended with ${exitCode()} before it listened on port ${port}`);
    const socket = net.connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Kafka does not listen on port ${port} after ${START_MS / 1_000} s`);
}
