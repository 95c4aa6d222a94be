import type { Reporter, TestModule } from 'vitest/node';

/** What the coverage provider passes to reporters: an istanbul coverage map. */
type CoverageMap = { getCoverageSummary(): { lines: { pct: number }; branches: { pct: number } } };

/** Prints the number of passed, failed and skipped tests as the last line of a run. Under CI a skipped test is a failure. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file that cannot be loaded, or a hook that throws, fails without a failed test.
      const suites = [module, ...module.children.allSuites()];
      count.failed += suites.filter((suite) => suite.errors().length > 0).length;
    }
    if (process.env.CI && count.skipped > 0) process.exitCode = 1;
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }

  onCoverage(coverage: unknown) {
    const { lines, branches } = (coverage as CoverageMap).getCoverageSummary();
    process.stdout.write(`coverage: ${lines.pct} % of lines, ${branches.pct} % of branches\n`);
  }
}
