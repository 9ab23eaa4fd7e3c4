/** The page's elements. Their looks are `style.ts`'s, what they do `main.ts`'s work. */
const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['/', 'search'],
  ['Tab', 'from the tools to the graph'],
  ['← ↑ → ↓', 'to the next box; without a box in focus, move the picture'],
  ['Enter, Space', 'open or close a scope, keep a node in the panel'],
  ['Shift + arrows', 'move the picture'],
  ['+ − 0', 'zoom in, out, fit'],
  ['e, c', 'open what fits, close everything'],
  ['d', 'dark or light'],
  ['Esc', 'let go'],
];

export const PAGE_BODY = `<header id="bar">
<h1 id="title"></h1>
<div id="finder"><input id="search" type="search" placeholder="Search  ( / )" aria-label="Search nodes" role="combobox" aria-expanded="false" aria-controls="hits" aria-autocomplete="list" autocomplete="off" spellcheck="false"><ul id="hits" role="listbox" aria-label="Nodes found" hidden></ul></div>
<div id="tools" role="toolbar" aria-label="View">
<button id="open-all" type="button" title="Open what fits (e)">Open</button>
<button id="close-all" type="button" title="Close all scopes (c)">Close</button>
<button id="fit" type="button" title="Fit (0)">Fit</button>
<button id="zoom-out" type="button" title="Zoom out (−)" aria-label="Zoom out">−</button>
<button id="zoom-in" type="button" title="Zoom in (+)" aria-label="Zoom in">+</button>
<label>Colour <select id="color"><option value="kind">kind</option><option value="time">time</option><option value="memory">memory</option></select></label>
<label><input id="constants" type="checkbox" checked> constants</label>
<button id="theme" type="button" title="Dark or light (d)" aria-label="Dark mode" aria-pressed="false">◐</button>
<button id="help" type="button" title="Keys (?)" aria-label="Keys">?</button>
</div>
</header>
<main id="stage" tabindex="0" aria-label="Graph"><svg id="canvas" class="graph" role="group" aria-label="Graph"><g id="world"></g></svg>
<div id="legend"></div>
<div id="toast" role="status" aria-live="polite"></div></main>
<aside id="panel" aria-label="Details"></aside>
<dialog id="keys" aria-label="Keys"><h2>Keys</h2><dl>${KEYS.map(([keys, what]) => `<dt>${keys}</dt><dd>${what}</dd>`).join('')}</dl><p>Wheel or pinch zooms, dragging moves. A click on a scope opens it, one on the name of an open scope closes it.</p><form method="dialog"><button>Close</button></form></dialog>`;
