/** One page that needs nothing but itself. What it does when it is open is `page/main.ts`'s business. */
import { escapeXml } from '../escape.ts';
import type { VizModel } from '../model.ts';
import { GRAPH_CSS, themeCss } from '../palette.ts';
import type { ViewOptions } from '../view.ts';

export async function writeHtml(model: VizModel, options: ViewOptions): Promise<string> {
  const [{ PAGE_CSS }, { PAGE_BODY }, { pageScript }] = await Promise.all([
    import('../page/style.ts'),
    import('../page/body.ts'),
    import('../page/script.gen.ts'),
  ]);
  const settings = {
    collapse: options.collapse,
    direction: options.direction ?? 'TB',
    maxNodes: options.maxNodes,
    showConstants: options.showConstants ?? true,
    colorBy: options.colorBy ?? (options.runMetadata?.stepStats ? 'time' : 'kind'),
  };
  const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeXml(model.title)}</title>
<style>${themeCss(':root')}
${GRAPH_CSS}
${PAGE_CSS}</style>
</head>
<body>
${PAGE_BODY}
<script type="application/json" id="model">${jsonForScript({ model, settings })}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

/** JSON in which nothing can end the script element or be a comment of HTML. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
