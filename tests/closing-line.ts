import { relative } from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** What the coverage provider passes to reporters: an istanbul coverage map. */
type CoverageMap = { getCoverageSummary(): { lines: { pct: number }; branches: { pct: number } } };

/**
 * Ends a run with a line `failed: FILE > TEST: MESSAGE` for each failure, and with the number of passed, failed and skipped tests as
 * the last line. Under CI a skipped test is a failure.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        count[state]++;
        if (state === 'failed') printFailure(module, test.fullName, errors);
      }
      // A file that cannot be loaded, or a hook that throws, fails without a failed test.
      for (const suite of [module, ...module.children.allSuites()]) {
        if (suite.errors().length === 0) continue;
        count.failed++;
        printFailure(module, suite.type === 'suite' ? suite.fullName : 'the file', suite.errors());
      }
    }
    // A promise that no test awaits may reject after its test has passed.
    for (const { name, message, VITEST_TEST_PATH: file, VITEST_TEST_NAME: test } of unhandledErrors) {
      count.failed++;
      print(String(file ?? 'no file'), `unhandled, last in ${test ?? 'no test'}`, String(message ?? name));
    }
    if (process.env.CI && count.skipped > 0) process.exitCode = 1;
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }

  onCoverage(coverage: unknown) {
    const { lines, branches } = (coverage as CoverageMap).getCoverageSummary();
    process.stdout.write(`coverage: ${lines.pct} % of lines, ${branches.pct} % of branches\n`);
  }
}

const printFailure = ({ moduleId }: TestModule, name: string, [error]: readonly { readonly message: string }[] = []) =>
  print(moduleId, name, error?.message ?? '');

const print = (file: string, name: string, message: string) =>
  process.stdout.write(`failed: ${relative(process.cwd(), file)} > ${name}: ${message.split('\n')[0]}\n`);
