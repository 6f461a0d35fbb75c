import { expect, test } from "vitest";
import { createLoadQueue } from "./load-queue.ts";

test("loads run one after the other, those of an alias first, and only two requested ones wait", async () => {
  const queue = createLoadQueue(2);
  const order: string[] = [];
  let running = 0;
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const load = (name: string) => async () => {
    expect(++running).toBe(1);
    await opened;
    order.push(name);
    running--;
  };
  const loads = [
    queue.run("requested", load("first")),
    queue.run("requested", load("second")),
    queue.run("requested", load("third")),
    queue.run("alias", load("champion")),
  ];
  await expect(queue.run("requested", load("fourth"))).rejects.toMatchObject({
    name: "ModelLoadsFullError",
    message: expect.stringContaining("2 other versions wait to be loaded"),
  });
  open();
  await Promise.all(loads);
  expect(order).toEqual(["first", "champion", "second", "third"]);
  await queue.run("requested", load("fifth"));
  expect(order.at(-1)).toBe("fifth");
});

test("a load that fails does not stop those behind it", async () => {
  const queue = createLoadQueue(1);
  const failing = queue.run("alias", () => Promise.reject(new Error("no")));
  const next = queue.run("requested", async () => "loaded");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("loaded");
});
