// The look of a model's report: one style sheet inside the page, for light and dark screens and for paper.

export const reportStyle = `
:root{color-scheme:light dark;--bg:#f6f6f3;--card:#fff;--ink:#1c1d1f;--dim:#62666d;--line:#e3e3de;--track:#ececE7;--accent:#3451d1;--soft:#dfe5fb;--ok:#177a4e;--ok-soft:#e3f3ea;--bad:#c02a23;--bad-soft:#fbe6e4;--warn:#8a5a0b;--warn-soft:#fbf0da}
@media (prefers-color-scheme:dark){:root{--bg:#131416;--card:#1b1d20;--ink:#ececea;--dim:#a0a6ad;--line:#2e3136;--track:#2a2d31;--accent:#8ea2ff;--soft:#2b3358;--ok:#4cc38a;--ok-soft:#17301f;--bad:#ff7a72;--bad-soft:#3a1c1b;--warn:#e2b04a;--warn-soft:#352a12}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 Inter,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:760px;margin:0 auto;padding:48px 24px 64px}
header{margin-bottom:28px}
.kicker{color:var(--dim);font-size:13px;margin:0 0 6px}
h1{font-size:32px;line-height:1.2;letter-spacing:-.02em;margin:0 0 12px;text-wrap:balance}
h2{font-size:19px;letter-spacing:-.01em;margin:0 0 6px}
h3{font-size:14px;margin:20px 0 4px}
p{margin:0 0 10px;max-width:66ch}
.dim,.note{color:var(--dim)}
.note{font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:22px 24px;margin:16px 0;break-inside:avoid}
section>p:last-child{margin-bottom:0}
.badge{display:inline-block;border-radius:99px;padding:2px 11px;font-size:13px;font-weight:600;margin-right:6px}
.badge.ok{background:var(--ok-soft);color:var(--ok)}.badge.bad{background:var(--bad-soft);color:var(--bad)}.badge.plain{background:var(--soft);color:var(--accent)}
.lead{font-size:17px;line-height:1.5}
.two{display:grid;grid-template-columns:1fr 1fr;gap:8px 24px}
@media (max-width:620px){.two{grid-template-columns:1fr}main{padding:28px 14px}section{padding:18px 16px}h1{font-size:26px}}
figure{margin:10px 0 0;min-width:0}
figcaption{font-size:13px;color:var(--dim);margin-top:4px}
figcaption b{color:var(--ink);font-weight:600}
svg{display:block;width:100%;height:auto;overflow:visible;font:11px Inter,system-ui,sans-serif}
svg text{fill:var(--ink)}svg .tick,svg .axis,svg .dim{fill:var(--dim)}svg .axis{font-size:11.5px}
svg .name,svg .value{font-size:12.5px}svg .figure{font-size:17px;font-weight:700}
svg .grid{stroke:var(--line);stroke-width:1}
svg .line{fill:none;stroke:var(--accent);stroke-width:2.2;stroke-linejoin:round}
svg .line.c1{stroke:var(--ok);stroke-dasharray:7 3}svg .line.c2{stroke:var(--warn);stroke-dasharray:2 3}svg .line.c3{stroke:var(--bad);stroke-dasharray:9 3 2 3}svg text.c0{fill:var(--accent)}svg text.c1{fill:var(--ok)}svg text.c2{fill:var(--warn)}svg text.c3{fill:var(--bad)}
svg .reason{stroke:var(--accent);stroke-width:.8}svg .reason.high{fill:var(--accent)}svg .reason.mid{fill:var(--accent);fill-opacity:.45}svg .reason.low{fill:var(--accent);fill-opacity:.12}svg .reason.none{fill:none}
svg .past{fill:none;stroke:var(--dim);stroke-width:1.4;stroke-linejoin:round}svg .band{fill:var(--accent);opacity:.18}
svg .reference{fill:none;stroke:var(--dim);stroke-width:1.2;stroke-dasharray:4 4}
svg .dot{fill:var(--accent);stroke:var(--card);stroke-width:2}svg .point{fill:var(--accent);opacity:.55}
svg .bar{fill:var(--accent)}svg .bar.bad{fill:var(--bad)}svg .bar.faint{fill:var(--dim);opacity:.55}
svg .track{fill:var(--track)}svg .interval{fill:var(--soft);stroke:var(--accent);stroke-width:1}
svg .mark{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:3 3}
svg line.goal{stroke:var(--ok);stroke-width:2}svg text.goal{fill:var(--ok)}svg line.base{stroke:var(--dim);stroke-width:2}
svg rect.train{fill:var(--accent)}svg rect.gap{fill:var(--track)}svg rect.test{fill:var(--ok)}svg .on{fill:var(--card);font-weight:600;font-size:12px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 10px 6px 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--dim);font-weight:500;font-size:12.5px}
tbody th{font-weight:500}
td.n,th.n{text-align:right;padding-right:0;padding-left:12px;white-space:nowrap}
.scroll{overflow-x:auto}
.checks{list-style:none;margin:8px 0 0;padding:0}
.checks li{padding:8px 0 8px 28px;border-top:1px solid var(--line);position:relative}
.checks li::before{content:"✓";position:absolute;left:2px;font-weight:700;color:var(--ok)}
.checks li.bad::before{content:"✕";color:var(--bad)}
.warn{background:var(--warn-soft);color:var(--warn);border-radius:8px;padding:9px 13px;margin:0 0 8px;max-width:none}
ul.plain{margin:6px 0 0;padding-left:20px}ul.plain li{margin:3px 0;max-width:66ch}
.matrix td,.matrix th{text-align:center;padding:8px;border:1px solid var(--card)}
.matrix td{background:color-mix(in srgb,var(--accent) var(--share),var(--track));border-radius:6px;font-weight:600}
.matrix td.deep{color:var(--card)}
.matrix thead th,.matrix tbody th{border:0;font-weight:500;color:var(--dim);font-size:12.5px}
code{font:12px ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:5px 18px;margin:8px 0 0;font-size:13.5px}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
footer{color:var(--dim);font-size:12.5px;margin-top:24px}
@media print{:root{--bg:#fff;--card:#fff;--ink:#111;--dim:#555;--line:#ddd;--track:#eee;--accent:#3451d1;--soft:#dfe5fb;--ok:#177a4e;--bad:#c02a23}body{font-size:12px}main{padding:0;max-width:none}section{padding:14px 0;border:0;border-top:1px solid var(--line);border-radius:0;margin:8px 0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
