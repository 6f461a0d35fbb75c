import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { filesOf, isIgnored, readBuildContext } from "./build-context.ts";
import { type Instruction, parseList, readDockerfile, type Stage } from "./dockerfile.ts";
import { readManifests } from "./manifest.ts";
import { ROOT } from "./render.ts";
import { servicesOf } from "./workload.ts";

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const DOCKERFILES = ["deploy/Dockerfile.ml", "deploy/Dockerfile.ops"] as const;
const context = readBuildContext(ROOT);
const lastOf = (stages: readonly Stage[], name: string): Instruction | undefined =>
  stages.at(-1)?.instructions.findLast((instruction) => instruction.name === name);

/** Returns the files that a stage copies from the checkout. */
function copied({ instructions }: Stage): string[] {
  return instructions
    .filter(({ name, flags }) => name === "COPY" && flags.from === undefined)
    .flatMap(({ text }) => text.split(" ").slice(0, -1))
    .flatMap((source) => {
      const files = filesOf(source, context);
      expect(files, source).not.toEqual([]);
      return files;
    });
}

test.each(DOCKERFILES)(
  "%s has the project's Node, an unprivileged user, and a command whose file is in the image",
  (file) => {
    const stages = readDockerfile(path.join(ROOT, file));
    const { node } = JSON.parse(read("package.json")).dependencies;
    const images = stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from));
    expect(new Set(images)).toEqual(new Set([`node:${node}-bookworm-slim`]));
    expect(lastOf(stages, "USER")?.text).toBe("1000:1000");
    const files = stages.flatMap(copied);
    const command = lastOf(stages, "CMD");
    const main = command && parseList(command).find((word) => /\.[jt]s$/.test(word));
    // scripts/bundle.ts makes dist/main.js from src/main.ts while the image is built.
    const source = main?.replace("/dist/main.js", "/src/main.ts") ?? "";
    expect(files, main).toContain(source);
    if (source !== main) expect(files).toContain("scripts/bundle.ts");
  },
);

test.each(DOCKERFILES)("%s copies the manifest of every workspace and no test", (file) => {
  const files = readDockerfile(path.join(ROOT, file)).flatMap(copied);
  const workspaces = Object.keys(JSON.parse(read("package-lock.json")).packages).filter(
    (name) => name !== "" && !name.includes("node_modules"),
  );
  expect(files).toEqual(expect.arrayContaining(workspaces.map((folder) => `${folder}/package.json`)));
  expect(files.filter((name) => /\.test\.tsx?$|fixture|^services\/lib\/testing\/src/.test(name))).toEqual([]);
});

test("the last rule of .dockerignore that matches a path or its folder decides", () => {
  const rules = ["*", "!services", "**/*.test.ts"];
  expect(isIgnored("README.md", rules)).toBe(true);
  expect(isIgnored("services/a/src/main.ts", rules)).toBe(false);
  expect(isIgnored("services/a/src/main.test.ts", rules)).toBe(true);
  expect(context).toContain("services/ml-service/src/main.ts");
  expect(context.filter((file) => /^(docs|tests|deploy|config|\.git)\//.test(file))).toEqual([]);
});

interface ComposeService {
  readonly image: string;
  readonly command?: unknown;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string })[];
}

const compose: {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
} = parse(read("deploy/compose.yaml"), { merge: true });
const OURS = ["ml", "ops", "scheduler"] as const;

test("compose runs the same images and commands as Kubernetes", () => {
  for (const name of OURS) {
    const [deployment] = servicesOf(readManifests(path.join(ROOT, `deploy/base/${name}-service.yaml`)));
    const container = deployment?.spec.template.spec.containers[0];
    expect(compose.services[name]).toMatchObject({ image: container?.image });
    expect(compose.services[name]?.command).toEqual(container?.command);
  }
});

test("compose.models.yaml gives all three services the folder of the further models", () => {
  const { services }: { services: Readonly<Record<string, Pick<ComposeService, "environment" | "volumes">>> } = parse(
    read("deploy/compose.models.yaml"),
    { merge: true },
  );
  expect(Object.keys(services)).toEqual(["ml", "ops", "scheduler"]);
  for (const [name, { environment, volumes }] of Object.entries(services)) {
    expect([name, volumes]).toEqual([name, [`../config/models:${environment.BELLWETHER_MODELS}:ro`]]);
    // The folder is not inside another one that is mounted: the kubelet and the container engine could not create it there.
    const places = (compose.services[name]?.volumes ?? []).map((volume) => volume.split(":").at(1) ?? "");
    expect(places.filter((place) => `${environment.BELLWETHER_MODELS}/`.startsWith(`${place}/`))).toEqual([]);
  }
});

test("every service of compose has a health check, and every port is on the loopback", () => {
  const services = Object.entries(compose.services);
  expect(services.length).toBe(5);
  for (const [name, { healthcheck, ports = [] }] of services) {
    expect(healthcheck?.test.length, name).toBeGreaterThan(1);
    expect(
      ports.filter((port) => !port.startsWith("127.0.0.1:")),
      name,
    ).toEqual([]);
  }
  for (const [name, port] of [
    ["ml", 9481],
    ["ops", 9480],
    ["scheduler", 9482],
  ] as const) {
    expect(compose.services[name]?.healthcheck?.test.join(" ")).toContain(`http://127.0.0.1:${port}/readyz`);
  }
});

test("compose requires passwords, git ignores its secret files, and every variable is documented", () => {
  const documented = new Set([...read("config/example.env").matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, n]) => n));
  for (const name of OURS) {
    const { environment, secrets } = compose.services[name] ?? { environment: {} };
    expect(Object.keys(environment).filter((variable) => !documented.has(variable))).toEqual([]);
    expect(secrets?.map((secret) => (typeof secret === "string" ? secret : secret.source))).toEqual([
      "jwks.json",
      `${name}-service.token`,
    ]);
  }
  for (const { environment } of Object.values(compose.services)) {
    for (const [variable, value] of Object.entries(environment)) {
      if (/PASSWORD|AUTH$|SESSION_KEY$/.test(variable)) expect(value).toMatch(/^\$\{[A-Z_]+:\?[^}]+\}$/);
      if (/^(DATABASE|REDIS)_URL$/.test(variable)) expect(value).toMatch(/:\$\{[A-Z_]+_PASSWORD:\?[^}]+\}@/);
    }
  }
  expect(compose.services.ops?.environment).toHaveProperty("BELLWETHER_SESSION_KEY");
  for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^secrets\//);
  expect(read("deploy/.gitignore").split("\n")).toEqual(expect.arrayContaining([".env", "secrets/"]));
});
