/**
 * The command line `tfjs-graph`: its commands and options, and what becomes of errors. What commands do stands in
 * `commands/`; streams and exit codes of a process are `src/cli.ts`'s matter.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { OpError } from '../util/errors.ts';
import { bench } from './commands/bench.ts';
import { check } from './commands/check.ts';
import { convert } from './commands/convert.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand, FORMATS } from './commands/export.ts';
import { inspect } from './commands/inspect.ts';
import { run } from './commands/run.ts';
import { TARGETS } from './targets.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage.ts';

/** What a command answers with: false where it worked and what was asked is not so. */
type Action<O> = (file: string, options: O, terminal: Terminal) => Promise<unknown>;

const FILES = `
FILE is a graph (.pb, .pbtxt, JSON), a meta graph (.meta), a SavedModel folder, a
checkpoint (its prefix, .index file or folder) or an event file. What it is, its
content says, not its name.`;

/** Carries out a command line, without the names of program and script; gives the exit code. */
export async function main(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let code = 0;
  const program = new Command('tfjs-graph')
    .description('Looks into TensorFlow files, runs, converts, draws and checks their graphs.')
    .version(version)
    .option('--debug', 'show where an error comes from')
    .addHelpText('after', `${FILES}\n\nExamples:\n  tfjs-graph inspect frozen.pb\n  tfjs-graph help run`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(80, terminal.columns),
      getErrHelpWidth: () => Math.min(80, terminal.columns),
      getOutHasColors: () => terminal.colors,
      getErrHasColors: () => terminal.colors,
    })
    .showHelpAfterError(false)
    .showSuggestionAfterError(true);
  const action =
    <O>(act: Action<O>) =>
    async (file: string, options: O) => {
      if ((await act(file, options, terminal)) === false) code = 1;
    };
  addCommands(program, action);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.err(`error: ${oneLine(error)}\n`);
    if (program.opts<{ debug?: boolean }>().debug || args.includes('--debug')) {
      terminal.err(`${error instanceof Error ? error.stack : error}\n`);
    }
    return error instanceof UsageError ? 2 : 1;
  }
}

/** One line of whatever length, with the class of an error that TensorFlow has. */
function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = (error instanceof OpError ? error.detail : error.message).trim().replace(/\s*\n\s*/g, ' ');
  const isPlain = error instanceof UsageError || error.name === 'Error' || text.startsWith(error.name);
  return isPlain ? text : `${error.name}: ${text}`;
}

type Wrap = <O>(act: Action<O>) => (file: string, options: O) => Promise<void>;

function addCommands(program: Command, action: Wrap): void {
  command(program, 'inspect', 'what is in a file: ops, inputs, outputs, variables, size')
    .option('--json', 'facts for programs')
    .addOption(feed('the shape of an input, for shapes and FLOPs: x:32,784'))
    .addOption(tags())
    .addHelpText(
      'after',
      examples(
        'inspect frozen.pb',
        'inspect export/1 --json',
        'inspect frozen.pb --feed x:1,224,224,3',
        'inspect model.ckpt-100',
      ),
    )
    .action(action(inspect));

  command(program, 'run', 'compute tensors of a graph')
    .addOption(feed('a value: a .npy or JSON file, or JSON: x=in.npy, n=3, x=[[1,2]]'))
    .addOption(fetch())
    .option('--out <file>', 'write results to a .npy file (one), or a .json file')
    .option('--json', 'print results as JSON')
    .addOption(signature())
    .addOption(checkpoint())
    .addOption(init())
    .addOption(target(false))
    .addOption(tags())
    .addHelpText(
      'after',
      examples(
        'run frozen.pb --feed x=in.npy --fetch y --out y.npy',
        "run frozen.pb --feed 'x=[[1,2,3]]' --fetch y z",
        'run export/1 --signature serving_default --feed images=in.npy',
        'run model.meta --checkpoint model.ckpt-100 --feed x=in.json --fetch y',
      ),
    )
    .action(action(run));

  command(program, 'export', 'a graph as a picture, or in another form')
    .addOption(new Option('-f, --format <format>', 'as what; the ending of --output says it too').choices(FORMATS))
    .addOption(output('write to a file; else to standard output'))
    .option('--collapse <depth|scopes>', 'draw scopes deeper than this, or these (a,b/c), as one box')
    .addOption(new Option('--max-nodes <n>', 'close scopes until there are no more boxes').argParser(positive))
    .addOption(new Option('--direction <direction>', 'where edges lead').choices(['TB', 'LR']))
    .option('--no-constants', 'leave constants out of pictures')
    .option('--title <text>', 'the title of the picture')
    .option('--run <tag>', 'of an event file: colours say what this traced run spent')
    .addOption(tags())
    .addHelpText(
      'after',
      examples(
        'export frozen.pb -o graph.html',
        'export frozen.pb --format dot | dot -Tpdf > graph.pdf',
        'export frozen.pb -f pbtxt',
        'export model.meta -o graph.svg --collapse 2',
        'export logs -o graph.html --run "step 50"',
      ),
    )
    .action(action(exportCommand));

  command(program, 'convert', 'freeze: variables become constants')
    .addOption(output('write to a file'))
    .addOption(new Option('-f, --format <format>', 'pb, or by the ending of --output').choices(['pb', 'pbtxt', 'json']))
    .addOption(fetch())
    .addOption(signature())
    .addOption(checkpoint())
    .addOption(init())
    .option('--clean', 'remove nodes that only training needs')
    .addOption(tags())
    .addHelpText(
      'after',
      examples(
        'convert model.ckpt-100.meta --checkpoint model.ckpt-100 --fetch y -o frozen.pb',
        'convert export/1 -o frozen.pb',
      ),
    )
    .action(action(convert));

  command(program, 'explain', 'how a request is compiled: IR after each pass, plan')
    .addOption(feed('the shape of an input: x:32,784; sizes that are not known are 1 without it'))
    .addOption(fetch())
    .addOption(signature())
    .addOption(target(true))
    .option('--no-passes', 'only the passes that no plan can do without')
    .addOption(tags())
    .addHelpText(
      'after',
      examples('explain frozen.pb --fetch y --feed x:32,784', 'explain frozen.pb --fetch y --target cpu'),
    )
    .action(action(explainCommand));

  command(program, 'bench', 'how long a run takes')
    .addOption(feed('a value (x=in.npy), or a shape (x:32,784) for random ones'))
    .addOption(fetch())
    .addOption(new Option('--runs <n>', 'how many runs are measured').default(30).argParser(positive))
    .addOption(new Option('--warmup <n>', 'how many come before').default(5).argParser(positive))
    .option('--json', 'figures for programs')
    .addOption(signature())
    .addOption(checkpoint())
    .addOption(init())
    .addOption(target(false))
    .addOption(tags())
    .addHelpText(
      'after',
      examples('bench frozen.pb --fetch y --feed x:32,784', 'bench export/1 --target cpu --runs 100'),
    )
    .action(action(bench));

  command(program, 'check', 'which ops, types and attributes will not run; exit code 1 if any')
    .addOption(feed('the shape of an input: x:32,784; sizes that are not known are 1 without it'))
    .addOption(fetch())
    .addOption(signature())
    .addOption(target(true))
    .option('--json', 'findings for programs')
    .addOption(tags())
    .addHelpText(
      'after',
      examples('check frozen.pb', 'check frozen.pb --feed x:32,784', 'check model.meta --fetch y --target cpu'),
    )
    .action(action(check));
}

function command(program: Command, name: string, summary: string): Command {
  return program
    .command(name)
    .summary(summary)
    .description(`${summary[0].toUpperCase()}${summary.slice(1)}.`)
    .argument('<file>', 'graph, meta graph, SavedModel, checkpoint or event file')
    .option('--debug', 'show where an error comes from');
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  tfjs-graph ${line}`).join('\n')}`;
}

const several = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];

function feed(description: string): Option {
  return new Option('--feed <name...>', description).argParser(several);
}
function fetch(): Option {
  return new Option('--fetch <name...>', "what is wanted: 'y', 'y:1', or an output of the signature").argParser(
    several,
  );
}
function signature(): Option {
  return new Option('--signature <name>', 'the signature whose names are meant');
}
function checkpoint(): Option {
  return new Option('--checkpoint <prefix>', 'the checkpoint with the values of variables');
}
function init(): Option {
  return new Option('--init <name...>', 'operations to run first').argParser(several);
}
function tags(): Option {
  return new Option('--tags <tags>', 'the tags of the meta graph, where a SavedModel has several');
}
function output(description: string): Option {
  return new Option('-o, --output <file>', description);
}
/** @param withHost whether it is enough to compile */
function target(withHost: boolean): Option {
  return new Option('--target <target>', 'where it runs (default: wasm)').choices(
    TARGETS.filter((name) => withHost || name !== 'host'),
  );
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}
