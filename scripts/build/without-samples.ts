/**
 * Takes the samples out of the definitions of ops: what the tests try an op with is no part of the product. What else a
 * definition says stays.
 */
import type { Rolldown } from 'tsdown';

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export function withoutSamples(): Rolldown.Plugin {
  return {
    name: 'without-samples',
    transform: {
      filter: { id: /\/src\/ops\/[\w-]+\.ts$/ },
      handler(code) {
        return { code: strip(code, this.parse(code, { lang: 'ts' })), map: null };
      },
    },
  };
}

/** The text with an empty list in the place of each list of samples, and with calls of `sample` that may be dropped. */
function strip(code: string, program: object): string {
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const stack: unknown[] = [program];
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (isNode(node)) {
      const samples = samplesOf(node);
      if (samples) {
        edits.push({ start: samples.start, end: samples.end, text: '[]' });
        continue;
      }
      const isSample = node.type === 'CallExpression' && (node.callee as { name?: string }).name === 'sample';
      if (isSample) edits.push({ start: node.start, end: node.start, text: '/* @__PURE__ */ ' });
    }
    stack.push(...Object.values(node));
  }
  edits.sort((a, b) => a.start - b.start);
  let text = '';
  let at = 0;
  for (const { start, end, text: replacement } of edits) {
    text += code.slice(at, start) + replacement;
    at = end;
  }
  return text + code.slice(at);
}

function isNode(value: object): value is SyntaxNode {
  return typeof (value as SyntaxNode).type === 'string';
}

/** The expression that lists samples: the value of a property of that name, or a list of objects that look like them. */
function samplesOf(node: SyntaxNode): SyntaxNode | null {
  if (node.type === 'Property' && !node.shorthand && keyOf(node) === 'samples') return node.value as SyntaxNode;
  if (node.type !== 'ArrayExpression') return null;
  const elements = node.elements as readonly (SyntaxNode | null)[];
  return elements.length > 0 && elements.every(isSampleObject) ? node : null;
}

function isSampleObject(node: SyntaxNode | null): boolean {
  if (node?.type !== 'ObjectExpression') return false;
  const keys = (node.properties as readonly SyntaxNode[]).map(keyOf);
  return keys.includes('inputs') && keys.includes('outputs') && !keys.includes('name');
}

function keyOf(property: SyntaxNode): string | undefined {
  return (property.key as { name?: string } | undefined)?.name;
}
