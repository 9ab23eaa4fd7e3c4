/**
 * A graph in Graphviz's language: nested boxes for name scopes, solid arrows for tensors with their shapes, dashed ones
 * for control dependencies.
 */
import { Graph as LayoutGraph } from 'graphlib';
import { Graph } from '../graph/graph.ts';
import type { GraphSnapshot } from '../graph/snapshot.ts';
import { formatShapeBrackets } from '../util/shape.ts';

export interface DotOptions {
  /** False leaves constants out; true, the default, shows every node. */
  readonly constants?: boolean;
  /** `TB` (top to bottom, the default) or `LR`. */
  readonly direction?: 'TB' | 'LR';
}

interface DotNode {
  readonly label: string;
  readonly style: string;
}

/**
 * The graph as a DOT document, for `dot -Tsvg`.
 *
 *     await writeFile('graph.dot', tf.viz.toDot(tf.getDefaultGraph()));
 */
export function toDot(graph: Graph | GraphSnapshot, options: DotOptions = {}): string {
  const snapshot = graph instanceof Graph ? graph.snapshot() : graph;
  return print(layout(snapshot, options.constants ?? true), options.direction ?? 'TB');
}

/** The graph as a compound graph: `n<id>` for nodes, `s<number>` for scopes, so that no user name is a key. */
function layout(snapshot: GraphSnapshot, constants: boolean): LayoutGraph {
  const result = new LayoutGraph({ directed: true, compound: true, multigraph: true });
  const scopes = new Map<string, string>();
  const scopeKey = (scope: string): string | null => {
    if (scope === '') return null;
    const known = scopes.get(scope);
    if (known !== undefined) return known;
    const key = `s${scopes.size}`;
    scopes.set(scope, key);
    const slash = scope.lastIndexOf('/');
    result.setNode(key, { label: scope.slice(slash + 1), style: '' } satisfies DotNode);
    const parent = scopeKey(scope.slice(0, Math.max(slash, 0)));
    if (parent !== null) result.setParent(key, parent);
    return key;
  };
  const shown = (id: number) => constants || snapshot.node(id).op !== 'Const';
  for (const node of snapshot.nodes()) {
    if (!shown(node.id)) continue;
    const slash = node.name.lastIndexOf('/');
    const short = node.name.slice(slash + 1);
    const label = short === node.op ? short : `${short}\n${node.op}`;
    result.setNode(`n${node.id}`, { label, style: styleOf(node.op) } satisfies DotNode);
    const parent = scopeKey(node.name.slice(0, Math.max(slash, 0)));
    if (parent !== null) result.setParent(`n${node.id}`, parent);
    node.inputs.forEach((input, position) => {
      if (!shown(input.node)) return;
      const spec = snapshot.spec(input);
      const text = `${spec.dtype.shortName}${formatShapeBrackets(spec.shape)}`;
      result.setEdge(`n${input.node}`, `n${node.id}`, `label="${escape(text)}"`, `d${position}`);
    });
    for (const id of node.controls) {
      if (shown(id)) result.setEdge(`n${id}`, `n${node.id}`, 'style=dashed, color=gray50', `c${id}`);
    }
  }
  return result;
}

function styleOf(op: string): string {
  if (op === 'Placeholder' || op === 'PlaceholderWithDefault') return 'shape=invhouse, fillcolor="#dbe9f6"';
  if (op === 'Const') return 'shape=ellipse, fillcolor="#eeeeee"';
  if (op === 'VarHandleOp' || op === 'VariableV2') return 'shape=cylinder, fillcolor="#fdebc8"';
  if (op === 'NoOp') return 'shape=point, fillcolor="#999999"';
  return 'shape=box, fillcolor="#ffffff"';
}

function print(graph: LayoutGraph, direction: string): string {
  const lines = [
    'digraph graph_def {',
    `  rankdir=${direction};`,
    '  node [fontname="Helvetica", fontsize=10, style="filled,rounded"];',
    '  edge [fontname="Helvetica", fontsize=8];',
  ];
  const printNode = (key: string, indent: string): void => {
    const { label, style } = graph.node(key) as DotNode;
    if (!key.startsWith('s')) {
      lines.push(`${indent}${key} [label="${escape(label)}", ${style}];`);
      return;
    }
    lines.push(`${indent}subgraph cluster_${key} {`, `${indent}  label="${escape(label)}"; color="#bbbbbb";`);
    for (const child of graph.children(key) ?? []) printNode(child, `${indent}  `);
    lines.push(`${indent}}`);
  };
  for (const key of graph.children() ?? []) printNode(key, '  ');
  for (const edge of graph.edges()) lines.push(`  ${edge.v} -> ${edge.w} [${String(graph.edge(edge))}];`);
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

function escape(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
}
