/** `npm run conformance`: the suite on our broker or on any other, and its report. */
import { writeFileSync } from 'node:fs';
import { type CommandLine, CommandLineError, readCommandLine, USAGE } from './command-line.ts';
import { startOwn } from './run/own-broker.ts';
import { jsonReport, summarize, textReport } from './run/report.ts';
import { type Outcome, runScenarios } from './run/runner.ts';
import { type Scenario, titleOf } from './run/scenario.ts';
import { at, startCommand, type Target } from './run/target.ts';
import { SCENARIOS } from './scenarios/index.ts';

async function startTarget({ target, webSocket, command, name }: CommandLine): Promise<Target> {
  if (target !== undefined) return at(target, webSocket);
  return command === undefined ? startOwn() : startCommand(name ?? command, command);
}

function choose({ versions, only, target, command }: CommandLine): Scenario[] {
  const isOurs = target === undefined && command === undefined;
  return SCENARIOS.filter((scenario) => {
    if (scenario.side === 'client' && !isOurs) return false;
    const text = `${titleOf(scenario)} ${scenario.chapter}`.toLowerCase();
    return versions.includes(scenario.version) && (only === undefined || text.includes(only.toLowerCase()));
  });
}

/** One line that is rewritten in a terminal; elsewhere a line now and then. */
function showProgress(total: number): (outcome: Outcome) => void {
  let done = 0;
  let violated = 0;
  return ({ result }) => {
    done++;
    if (result === 'violated') violated++;
    const text = `${done} of ${total} scenarios, ${violated} violated`;
    if (process.stderr.isTTY) process.stderr.write(`\r${text}${done === total ? '\n' : ''}`);
    else if (done % 100 === 0 || done === total) process.stderr.write(`${text}\n`);
  };
}

async function main(): Promise<number> {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const scenarios = choose(commandLine);
  if (scenarios.length === 0) throw new CommandLineError('no scenario is like that');
  const target = await startTarget(commandLine);
  const startedAt = performance.now();
  const outcomes = await runScenarios(target, scenarios, showProgress(scenarios.length));
  await target.close();
  const name = commandLine.name ?? target.name;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${textReport(name, outcomes, commandLine.verbose)} in ${seconds} s\n`);
  if (commandLine.json !== undefined) {
    writeFileSync(commandLine.json, `${JSON.stringify(jsonReport(name, outcomes), undefined, 2)}\n`);
  }
  return summarize(outcomes).violated === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = 2;
  const isUsage = error instanceof CommandLineError;
  process.stderr.write(`${isUsage ? `${error.message}\n\n${USAGE}` : String((error as Error).stack)}\n`);
}
