import type { Reporter, TestModule } from "vitest/node";

/** Number of test files after which a line is printed. */
const EVERY = 50;

/** Prints a line for every 50 finished test files, so that a long run shows where it is. */
export default class ProgressReporter implements Reporter {
  #started = performance.now();
  #files = 0;
  #done = 0;
  #failed = 0;

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#started = performance.now();
    this.#files = specifications.length;
  }

  onTestModuleEnd(module: TestModule): void {
    this.#done++;
    if (module.state() === "failed") this.#failed++;
    if (this.#done % EVERY > 0) return;
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    console.log(`${this.#done} of ${this.#files} files, ${this.#failed} failed, ${seconds} s`);
  }
}
