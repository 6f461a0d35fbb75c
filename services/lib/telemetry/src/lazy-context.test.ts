import { setTimeout as delay } from "node:timers/promises";
import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { beforeAll, expect, test } from "vitest";
import { createLazyContextManager, runInContext } from "./lazy-context.ts";

const KEY = createContextKey("test");
const WITH = ROOT_CONTEXT.setValue(KEY, "value");

beforeAll(() => {
  context.setGlobalContextManager(createLazyContextManager());
});

test("the root context is active when no context was set", () => {
  expect(context.active()).toBe(ROOT_CONTEXT);
});

test("a lazy context is created when it is first read, and not before", async () => {
  let made = 0;
  const source = {
    get traceContext() {
      made++;
      return WITH;
    },
  };
  await runInContext(source, async () => {
    await delay(0);
    expect(made).toBe(0);
    expect(context.active()).toBe(WITH);
  });
  expect(made).toBe(1);
});

test("with() passes this and arguments, and the inner context stays active across awaits", async () => {
  await runInContext({ traceContext: WITH }, async () => {
    const inner = WITH.setValue(KEY, "inner");
    const add = async function (this: { base: number }, more: number): Promise<unknown> {
      await delay(0);
      return [this.base + more, context.active().getValue(KEY)];
    };
    expect(await context.with(inner, add, { base: 1 }, 2)).toEqual([3, "inner"]);
    expect(context.active()).toBe(WITH);
  });
});

test("a bound function runs in its context wherever it is called; a value that is not a function is returned unchanged", () => {
  const bound = context.bind(WITH, (more: string) => `${context.active().getValue(KEY)} ${more}`);
  expect(bound("more")).toBe("value more");
  const thing = {};
  expect(context.bind(WITH, thing)).toBe(thing);
});
