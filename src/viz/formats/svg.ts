/** An SVG picture, laid out by dagre in this process. It follows the colours, light or dark, of where it is shown. */
import { drawScene, heatOf, labelWidth, sizeOfItem, titleWidth } from '../draw.ts';
import { escapeXml } from '../escape.ts';
import { layoutCut } from '../layout.ts';
import { GRAPH_CSS, themeCss } from '../palette.ts';
import type { View } from '../view.ts';

export async function writeSvg(view: View): Promise<string> {
  const dagre = await import('@dagrejs/dagre');
  const { cut, model, direction, colorBy } = view;
  const sizeOf = (item: number) => sizeOfItem(cut, item);
  const scene = layoutCut(cut, dagre, { direction, sizeOf, titleWidth, labelWidth });
  const width = Math.ceil(scene.width);
  const height = Math.ceil(scene.height);
  const heat = heatOf(model, cut.tree);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="graph" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(model.title)}</title>`,
    `<style>${themeCss('svg.graph')}\n${GRAPH_CSS}</style>`,
    `<rect width="${width}" height="${height}" style="fill:var(--paper)"/>`,
    drawScene(cut, scene, { colorBy, heat, interactive: false }),
    '</svg>\n',
  ].join('\n');
}
