import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

const SOURCES = path.join(import.meta.dirname, "src");
const GENERATED = path.resolve(import.meta.dirname, "../../gen");

/** The descriptor of a file in generated code, in base64: `fileDesc("BASE64", [dependencies])`. */
const ENCODED = /fileDesc\("([A-Za-z0-9+/=]+)"/;

/** Names of the contract in the sources of the page. */
export interface UsedNames {
  /** The methods that are called, as "AlertService.listAlerts". */
  readonly methods: ReadonlySet<string>;
  /** The messages that are created, for example "Alert". */
  readonly messages: ReadonlySet<string>;
}

/**
 * Returns the names that the sources of the page use. Methods are recognized as `XService.method.name` and as
 * `const { name } = XService.method`.
 * @throws Error for a use in another form, which would otherwise be missed
 */
export function usedNamesIn(sources: readonly string[]): UsedNames {
  const methods = new Set<string>();
  const messages = new Set<string>();
  for (const source of sources) {
    const uses = [...source.matchAll(/(\w+Service)\s*\.method\b(?:\s*\.\s*(\w+))?/g)];
    for (const [, service, name] of uses) if (name !== undefined) methods.add(`${service}.${name}`);
    const taken = [...source.matchAll(/\{([^{}]*)\}\s*=\s*(\w+Service)\s*\.method\b(?!\s*\.)/g)];
    for (const [, names = "", service] of taken)
      for (const one of names.split(",").filter((text) => text.trim() !== ""))
        methods.add(`${service}.${(one.split(":")[0] ?? "").trim()}`);
    if (taken.length !== uses.filter(([, , name]) => name === undefined).length)
      throw new Error("write SERVICE.method.NAME or { NAME } = SERVICE.method");
    if (/\bcreateClient\(/.test(source)) throw new Error("write SERVICE.method.NAME instead of createClient(SERVICE)");
    for (const [, name = ""] of source.matchAll(/\b(\w+)Schema\b/g)) messages.add(name);
  }
  return { methods, messages };
}

/** Reads the names that the page uses, and the descriptors of the contract. */
export function readUsedContract(): UsedContract {
  const sources = globSync("**/*.{ts,tsx}", { cwd: SOURCES }).filter((file) => !/\.test\.tsx?$/.test(file));
  const generated = globSync("bellwether/**/*_pb.ts", { cwd: GENERATED });
  const files = generated.map((file) => {
    const [, encoded = ""] = ENCODED.exec(readFileSync(path.join(GENERATED, file), "utf8")) ?? [];
    return fromBinary(FileDescriptorProtoSchema, base64Decode(encoded));
  });
  return usedContract(files, usedNamesIn(sources.map((file) => readFileSync(path.join(SOURCES, file), "utf8"))));
}

/** The part of the contract that the page uses. */
export interface UsedContract {
  /**
   * Removes the methods that the page does not call, and the fields of the messages that it neither sends nor gets.
   * Messages keep their places, because generated code finds them by their index.
   */
  prune(file: FileDescriptorProto): void;
  /** Returns the names in generated code of the files of this project that a pruned file needs. */
  dependenciesOf(file: FileDescriptorProto): ReadonlySet<string>;
}

/** Returns the part of the contract in `files` that has the names in `used`. */
export function usedContract(files: readonly FileDescriptorProto[], used: UsedNames): UsedContract {
  const known = new Map<string, { readonly message?: DescriptorProto; readonly file: string }>();
  const addMessage = (prefix: string, message: DescriptorProto, file: string): void => {
    const name = `${prefix}.${message.name}`;
    known.set(name, { message, file });
    for (const nested of message.nestedType) addMessage(name, nested, file);
    for (const { name: nested } of message.enumType) known.set(`${name}.${nested}`, { file });
  };
  for (const file of files) {
    for (const message of file.messageType) addMessage(`.${file.package}`, message, file.name);
    for (const { name } of file.enumType) known.set(`.${file.package}.${name}`, { file: file.name });
  }
  const isCalled = (service: string, method: string): boolean =>
    used.methods.has(`${service}.${method.charAt(0).toLowerCase()}${method.slice(1)}`);
  const roots = files.flatMap((file) => [
    ...file.service.flatMap(({ name, method }) =>
      method.filter((one) => isCalled(name, one.name)).flatMap(({ inputType, outputType }) => [inputType, outputType]),
    ),
    ...file.messageType.filter(({ name }) => used.messages.has(name)).map(({ name }) => `.${file.package}.${name}`),
    ...file.extension.map(({ typeName }) => typeName),
  ]);
  const reached = new Set<string>();
  for (const waiting = [...roots]; waiting.length > 0; ) {
    const name = waiting.pop() ?? "";
    const message = known.get(name)?.message;
    if (!message || reached.has(name)) continue;
    reached.add(name);
    waiting.push(...referencesOf(message));
  }
  const isReached = (prefix: string, message: DescriptorProto): boolean => reached.has(`${prefix}.${message.name}`);
  return {
    prune(file) {
      for (const service of file.service)
        service.method = service.method.filter(({ name }) => isCalled(service.name, name));
      for (const message of file.messageType) {
        const isNeeded = isReached(`.${file.package}`, message) || !message.nestedType.every(isMapEntry);
        if (isNeeded) continue;
        message.field = [];
        message.oneofDecl = [];
        message.nestedType = [];
      }
    },
    dependenciesOf(file) {
      const names = [
        ...file.messageType.flatMap(referencesOf),
        ...file.service.flatMap(({ method }) => method.flatMap(({ inputType, outputType }) => [inputType, outputType])),
      ];
      return new Set(names.flatMap((name) => known.get(name)?.file ?? []).map(generatedName));
    },
  };
}

/** Returns the names of the messages and enums of the fields of a message and of its nested messages. */
function referencesOf(message: DescriptorProto): string[] {
  const own = message.field.map(({ typeName }) => typeName).filter((name) => name !== "");
  return [...own, ...message.nestedType.flatMap(referencesOf)];
}

const isMapEntry = (message: DescriptorProto): boolean => message.options?.mapEntry === true;

/** Returns the name of a file's descriptor in generated code: "file_bellwether_ops_v1_alert". */
const generatedName = (file: string): string => `file_${file.replace(/\.proto$/, "").replaceAll(/\W/g, "_")}`;
