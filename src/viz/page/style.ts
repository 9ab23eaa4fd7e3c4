/** The looks of the page around the graph; the graph's own are in `palette.ts`. */
export const PAGE_CSS = `*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:grid;grid-template:auto 1fr/1fr 320px;grid-template-areas:"bar bar" "stage panel";background:var(--paper);color:var(--ink);font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow:hidden}
#bar{grid-area:bar;display:flex;flex-wrap:wrap;align-items:center;gap:8px 14px;padding:8px 14px;border-bottom:1px solid var(--frame-line);z-index:3}
#title{font-size:15px;font-weight:650;margin:0;max-width:32ch;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
#finder{position:relative;flex:1 1 200px;max-width:420px}
#search{width:100%}
#tools{display:flex;flex-wrap:wrap;align-items:center;gap:6px;margin-left:auto}
#tools label{display:inline-flex;align-items:center;gap:5px;color:var(--soft)}
button,select,input[type=search]{font:inherit;color:inherit;background:var(--group);border:1px solid var(--frame-line);border-radius:6px;padding:3px 10px;min-height:28px}
button{cursor:pointer}
button:hover,select:hover{border-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
#hits{position:absolute;top:100%;left:0;right:0;max-height:60vh;overflow:auto;margin:4px 0 0;padding:4px;list-style:none;background:var(--paper);border:1px solid var(--frame-line);border-radius:8px;box-shadow:0 8px 28px #0004;z-index:5}
#hits li{padding:4px 8px;border-radius:5px;cursor:pointer;overflow-wrap:anywhere}
#hits li[aria-selected=true]{background:var(--accent);color:#fff}
#hits li small{opacity:.75;margin-left:6px}
#stage{grid-area:stage;position:relative;overflow:hidden;min-height:0;outline-offset:-3px;touch-action:none;cursor:grab}
#stage.moving{cursor:grabbing}
#canvas{width:100%;height:100%;display:block;user-select:none;-webkit-user-select:none}
#panel{grid-area:panel;border-left:1px solid var(--frame-line);padding:14px;overflow:auto;min-height:0;overflow-wrap:anywhere}
#panel h2{font-size:14px;margin:0 0 2px}
#panel .op{color:var(--soft);margin:0 0 12px}
#panel h3{font-size:11px;letter-spacing:.05em;text-transform:uppercase;color:var(--soft);margin:14px 0 4px}
#panel table{border-collapse:collapse;width:100%}
#panel td{padding:2px 8px 2px 0;vertical-align:top;border-top:1px solid var(--frame)}
#panel td:first-child{color:var(--soft);white-space:nowrap;width:1%;padding-right:14px}
#panel code{font:12px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
#panel ul{margin:0;padding:0;list-style:none}
#panel li button{border:0;background:none;padding:1px 0;min-height:0;color:var(--accent);text-align:left;overflow-wrap:anywhere}
#panel li small{color:var(--soft);margin-left:6px}
#legend{position:absolute;left:12px;bottom:12px;display:flex;flex-wrap:wrap;gap:4px 12px;padding:6px 10px;max-width:calc(100% - 24px);font-size:11.5px;background:color-mix(in srgb,var(--paper) 88%,transparent);border:1px solid var(--frame-line);border-radius:8px;pointer-events:none}
#legend i{display:inline-block;width:12px;height:12px;border-radius:3px;border:1px solid;margin-right:5px;vertical-align:-2px}
#legend .ramp{width:120px;height:12px;border-radius:3px;align-self:center}
#toast{position:absolute;top:12px;left:50%;transform:translateX(-50%);padding:6px 12px;border-radius:8px;background:var(--ink);color:var(--paper);opacity:0;transition:opacity .2s;pointer-events:none}
#toast.on{opacity:.92}
#keys{border:1px solid var(--frame-line);border-radius:12px;background:var(--paper);color:var(--ink);max-width:460px}
#keys::backdrop{background:#0006}
#keys dl{display:grid;grid-template-columns:auto 1fr;gap:4px 14px;margin:0}
#keys dt{font-weight:600;white-space:nowrap}
#keys dd{margin:0}
.graph .item,.graph .grip{cursor:pointer}
.graph .item:focus,.graph .frame:focus{outline:none}
.graph .item:focus rect,.graph .item.picked rect,.graph .frame:focus rect:first-of-type{stroke:var(--accent);stroke-width:2.5}
.graph .item:hover rect{stroke:var(--accent)}
.graph .frame rect.grip{fill:transparent;stroke:none}
.graph .frame:hover rect:first-of-type{stroke:var(--accent)}
.graph.lit .edge{opacity:.22}
.graph.lit .edge.on{opacity:1}
.graph .edge.on path{stroke:var(--accent)}
.graph .edge.on .head{fill:var(--accent)}
#stage.far .edge path{vector-effect:non-scaling-stroke;stroke-width:1}
.graph .edge{transition:opacity .12s}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media (max-width:760px){body{grid-template:auto 1fr 34vh/1fr;grid-template-areas:"bar" "stage" "panel"}#panel{border-left:0;border-top:1px solid var(--frame-line)}}`;
