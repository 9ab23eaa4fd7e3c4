/** `check`: says before anything runs which nodes of a graph will not. Finding them is `findings.ts`'s work. */
import { extractSubGraph } from '../../io/graph-util.ts';
import { type Finding, findProblems, type Report } from '../findings.ts';
import { loadPart, signatureOf } from '../model.ts';
import { startTarget } from '../targets.ts';
import { counted, grouped, Page, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { shapesOf } from './inspect.ts';

export interface CheckOptions {
  readonly fetch?: readonly string[];
  readonly signature?: string;
  readonly target?: string;
  readonly tags?: string;
  readonly json?: boolean;
  readonly feed?: readonly string[];
}

/** Whether everything will run. */
export async function check(file: string, options: CheckOptions, terminal: Terminal): Promise<boolean> {
  const part = await loadPart(file, options);
  const outputs = signatureOf(part, options.signature, false)?.outputs;
  const asked = options.fetch ?? [...(outputs?.keys() ?? [])];
  const names = asked.map((name) => (outputs?.get(name)?.name ?? name).replace(/:\d+$/, ''));
  const missing = names.find((name) => !part.def.node.some((node) => node.name === name));
  if (missing !== undefined) throw new UsageError(`the graph has no '${missing}'`);
  const def = names.length > 0 ? extractSubGraph(part.def, names) : part.def;
  const target = await startTarget(options.target);
  const report = findProblems({ ...part, def }, target, shapesOf(options));
  const ok = report.findings.length === 0;
  if (options.json) {
    const { findings, unchecked } = report;
    const counts = { kernels: Object.fromEntries(report.kernels), host: Object.fromEntries(report.host) };
    await terminal.out(
      `${JSON.stringify({ ok, target, nodes: def.node.length, findings, unchecked, ...counts }, null, 2)}\n`,
    );
  } else {
    await print(new Page(terminal), file, target, def.node.length, report);
  }
  return ok;
}

const KINDS: Readonly<Record<Finding['kind'], string>> = {
  op: 'Unknown ops',
  attribute: 'Attributes that are refused',
  graph: 'The graph cannot be built',
  kernel: 'Nothing computes these',
};

async function print(page: Page, file: string, target: string, nodes: number, report: Report): Promise<void> {
  const { findings, kernels, host, unchecked } = report;
  if (findings.length === 0) page.line(`${file}: all ${counted(nodes, 'node')} will run on ${target}`);
  else
    page.line(page.red(`${file}: ${grouped(findings.length)} of ${counted(nodes, 'node')} will not run on ${target}`));
  for (const kind of Object.keys(KINDS) as Finding['kind'][]) {
    const found = findings.filter((finding) => finding.kind === kind);
    if (found.length === 0) continue;
    page.heading(KINDS[kind]);
    for (const { node, op, reason } of found) {
      page.line(`  ${node ?? '?'}${op === null ? '' : ` (${op})`}: ${reason.split('\n', 1)[0]}`);
    }
  }
  if (unchecked > 0) page.line().line(`${counted(unchecked, 'node')} that need them could not be checked`);
  if (kernels.size > 0) page.heading(`On kernels of ${target}`).table(sorted(kernels));
  if (host.size > 0) page.heading('On the host').table(sorted(host));
  await page.print();
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}
