import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { FAILURE_CLASSES } from '../src/domain/taxonomy';
import { CAMPAIGNS } from './discovery-campaigns';
import { BUDGETS, examine, type Examined } from './discovery-examination';
import {
  budgetFigures,
  campaignFigures,
  classFigures,
  faultFigures,
  populationFigures,
  totalFigures,
} from './discovery-figures';
import { generatePopulation, PROBABILITIES } from './discovery-population';
import { print } from './report';

/** Of the population; printed, so that a run can be repeated. */
const SEED = 20_261_123;
const HEALTHY = 300;

/** The members that one thread examines: those whose place in the population is `first`, `first + step`, … */
interface Part {
  readonly seed: number;
  readonly first: number;
  readonly step: number;
}

async function main(): Promise<void> {
  const seed = argument('--seed', SEED);
  const threads = availableParallelism();
  const parts = Array.from({ length: threads }, (_, first): Part => ({ seed, first, step: threads }));
  const examined = (await Promise.all(parts.map(inThread))).flat().sort((a, b) => a.index - b.index);
  report(examined, seed);
}

function report(examined: readonly Examined[], seed: number): void {
  const largest = BUDGETS.length - 1;
  print(populationFigures(examined, seed));
  for (const figures of faultFigures(examined, largest)) print(figures);
  for (const campaign of CAMPAIGNS) print(campaignFigures(examined, campaign));
  for (const budget of BUDGETS.keys()) {
    for (const failureClass of FAILURE_CLASSES) {
      for (const probability of PROBABILITIES)
        print(classFigures(examined, budget, failureClass, probability));
    }
  }
  for (const budget of BUDGETS.keys()) print(budgetFigures(examined, budget));
  print(totalFigures(budgetFigures(examined, largest), seed));
}

async function inThread({ seed, first, step }: Part): Promise<readonly Examined[]> {
  const examined: Examined[] = [];
  const argv = ['--seed', seed, '--first', first, '--step', step];
  const worker = new Worker(__filename, { argv });
  worker.on('message', (one: Examined) => examined.push(one));
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a thread of the bench ended with ${code}`));
    });
  });
  return examined;
}

async function examinePart({ seed, first, step }: Part): Promise<void> {
  for (const [index, member] of generatePopulation(seed, HEALTHY).entries()) {
    if (index % step === first) parentPort?.postMessage(await examine(index, member));
  }
}

function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

void (isMainThread
  ? main()
  : examinePart({
      seed: argument('--seed', SEED),
      first: argument('--first', 0),
      step: argument('--step', 1),
    }));
