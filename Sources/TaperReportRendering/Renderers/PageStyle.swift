/// The page's style: light and dark by the reader's preference, phones, paper.
enum PageStyle {
  static let css: StaticString = """
    :root{color-scheme:light dark;--bg:#fff;--panel:#f6f7f9;--ink:#16191d;--soft:#5c6670;--rule:#dfe3e8;
    --predicted:#8b97a8;--measured:#0b7a75;--dense:#a9824a;--good:#12703a;--goodbg:#e3f4e9;--bad:#b3261e;
    --badbg:#fbe9e7;
    --warn:#8a5a00;--warnbg:#fdf1d6}
    @media (prefers-color-scheme:dark){:root{--bg:#14171a;--panel:#1d2125;--ink:#e8eaed;--soft:#9aa5b1;--rule:#333a41;
    --predicted:#8794a6;--measured:#3fc1b8;--dense:#c9a368;--good:#6fd394;--goodbg:#163524;--bad:#ff8d84;
    --badbg:#43201d;
    --warn:#f0c05a;--warnbg:#3b2f13}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
    "Noto Sans",sans-serif;-webkit-text-size-adjust:100%}
    main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 3rem}
    h1{font-size:1.05rem;font-weight:600;color:var(--soft);margin:0 0 .75rem}
    h3{font-size:1rem;margin:1.5rem 0 .25rem}
    h2{font-size:1.15rem;margin:2.5rem 0 .25rem}
    p{margin:.25rem 0 .75rem;max-width:46rem;text-wrap:pretty}
    .verdict+p{margin-top:.75rem}
    .soft,small{color:var(--soft)}
    small{font-size:.8rem}
    code{font-family:ui-monospace,"Cascadia Mono",Menlo,"DejaVu Sans Mono",monospace;font-size:.85em;
    overflow-wrap:anywhere}
    .verdict{border-radius:.6rem;padding:1rem 1.25rem;display:flex;gap:.25rem 1rem;align-items:baseline;flex-wrap:wrap}
    .verdict b{font-size:1.7rem;line-height:1.2}
    .verdict p{margin:0;flex:1 1 18rem}
    .verdict.good{background:var(--goodbg)}.verdict.good b{color:var(--good)}
    .verdict.bad{background:var(--badbg)}.verdict.bad b{color:var(--bad)}
    .verdict.unsure{background:var(--warnbg)}.verdict.unsure b{color:var(--warn)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.75rem;margin:1rem 0 0;padding:0}
    .tiles div{background:var(--panel);border-radius:.6rem;padding:.7rem .9rem}
    .tiles dt{font-size:.8rem;color:var(--soft)}
    .tiles dd{margin:0;font-size:1.3rem;font-weight:600;line-height:1.3}
    .tiles dd small{display:block;font-weight:400}
    figure{margin:.5rem 0 0}
    figure svg{display:block;width:100%;height:auto}
    figure svg.narrow{display:none}
    svg text{font-size:12px;fill:var(--soft)}
    svg .end{text-anchor:end}svg .mid{text-anchor:middle}
    svg .grid{stroke:var(--rule)}svg .axis{stroke:var(--soft)}
    svg .interval{fill:var(--predicted);opacity:.2}
    polyline{fill:none;stroke-width:2;stroke-linejoin:round}
    polyline.predicted{stroke:var(--predicted)}polyline.dense{stroke:var(--dense);stroke-dasharray:5 4}
    polyline.keep{stroke:var(--measured)}
    .whisker{stroke:var(--measured);stroke-width:2}
    circle.measured{fill:var(--measured);stroke:var(--bg);stroke-width:1.5}
    svg text.name{font-weight:600}svg text.predicted{fill:var(--predicted)}svg text.dense{fill:var(--dense)}
    svg text.measured,svg text.keep{fill:var(--measured)}
    polyline.series{stroke:var(--c)}.whisker.series{stroke:var(--c);opacity:.55}
    circle.series{fill:var(--bg);stroke:var(--c);stroke-width:2}circle.pareto{fill:var(--c)}
    svg text.series{fill:var(--c)}.legend .series{background:var(--c)}.legend .none{display:none}
    .s0{--c:var(--measured)}.s1{--c:light-dark(#4a5fc1,#9fb0ff)}.s2{--c:var(--good)}.s3{--c:var(--bad)}
    .s4{--c:var(--warn)}
    .s5{--c:var(--predicted)}
    .g0{--c:light-dark(#8b97a8,#8794a6)}.g1{--c:light-dark(#0b7a75,#3fc1b8)}.g2{--c:light-dark(#4a5fc1,#9fb0ff)}
    .g3{--c:light-dark(#b3561e,#f0a060)}.g4{--c:light-dark(#a9824a,#c9a368)}.g5{--c:light-dark(#8a3a8f,#d58ad9)}
    .g6{--c:light-dark(#5c8a2e,#a5d36f)}
    rect[class^=g]{fill:var(--c);stroke:var(--bg);stroke-width:.4}circle[class^=g]{fill:var(--c);stroke:var(--bg)}
    circle.hollow{fill:none;stroke:var(--c);stroke-width:1.5}circle.op{fill:var(--predicted);fill-opacity:.75}
    circle.beyond{fill:none;stroke-width:1.5}circle.op.beyond{stroke:var(--predicted)}
    circle.measured.beyond{stroke:var(--measured)}
    rect.slot{fill:var(--c);fill-opacity:.3;stroke:var(--c);stroke-width:.7}
    polyline.alive{stroke:var(--ink);stroke-width:1.2}polyline.roof{stroke:var(--soft)}
    polyline.guess{stroke-dasharray:5 4}
    rect.longer{fill:var(--bad)}rect.shorter{fill:var(--measured)}
    .legend [class^=g]{background:var(--c)}.legend i.dot{border-radius:50%}.legend i.op{background:var(--predicted);
    width:.55rem;height:.55rem}
    rect.predicted{fill:var(--predicted)}rect.measured{fill:var(--measured)}
    .legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.85rem;color:var(--soft);margin:.25rem 0 .5rem}
    .legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.15rem;margin-right:.4rem;
    vertical-align:-.08rem}
    .legend .predicted{background:var(--predicted)}.legend .measured{background:var(--measured)}
    .legend .dense{background:none;border-top:2px dashed var(--dense);border-radius:0;height:0;vertical-align:.25rem;
    width:1.2rem}
    .legend .interval{background:var(--predicted);opacity:.3}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.5rem 0}
    th,td{padding:.4rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
    th{font-weight:500;color:var(--soft);font-size:.8rem}
    th:first-child,td:first-child{padding-left:0}
    .l{text-align:left;white-space:normal}
    td.bad{color:var(--bad);font-weight:600}
    td small{display:block;color:var(--soft)}
    .bars{font-size:.9rem;font-variant-numeric:tabular-nums;margin-top:.5rem}
    .bar{display:grid;grid-template-columns:minmax(11rem,1.1fr) minmax(6rem,1.6fr) repeat(var(--n),5rem);gap:.75rem;
    align-items:center;padding:.3rem 0;border-bottom:1px solid var(--rule)}
    .plain .bar{grid-template-columns:minmax(16rem,1fr) repeat(var(--n),5rem)}
    .bar svg{width:100%;height:18px;display:block}
    .bar .n{text-align:right;white-space:nowrap}
    .bar.head{color:var(--soft);font-size:.8rem}
    .bar.op{padding-left:1.1rem;font-size:.85rem}
    .bar.op small{display:block;line-height:1.2}
    summary{cursor:pointer;list-style:none}
    summary::-webkit-details-marker{display:none}
    summary .what::before{content:"";display:inline-block;border:.28rem solid transparent;border-left-color:var(--soft);
    margin-right:.35rem;border-right-width:0}
    details[open] summary .what::before{transform:rotate(90deg)}
    summary:focus-visible{outline:2px solid var(--measured);outline-offset:2px}
    dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;font-size:.9rem;margin:.5rem 0}
    dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
    @media (max-width:40rem){main{padding:1.25rem 1rem 2rem}figure svg.wide{display:none}
    figure svg.narrow{display:block}.opt{display:none}
    .bar,.plain .bar{grid-template-columns:1fr repeat(var(--n),4.2rem);gap:.1rem .5rem}
    .plain .bar{grid-template-columns:repeat(var(--n),1fr)}
    .bar .what{grid-column:1/-1}.bar.head .what,.bar.head span:first-child{display:none}
    dl.facts{grid-template-columns:1fr}dl.facts dd{margin-bottom:.4rem}.tiles{grid-template-columns:1fr 1fr}
    th,td{padding:.4rem .35rem}}
    @media print{:root{--bg:#fff;--panel:#f6f7f9;--ink:#000;--soft:#444;--rule:#ccc;--predicted:#8b97a8;
    --measured:#0b7a75;
    --dense:#a9824a;--good:#12703a;--goodbg:#e3f4e9;--bad:#b3261e;--badbg:#fbe9e7;--warn:#8a5a00;--warnbg:#fdf1d6}
    *{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}
    body{font-size:11pt}h2,h3,h2+p,.legend{break-after:avoid}.scroll{overflow:visible}table{font-size:9pt}
    th,td{padding:.3rem}figure,tr,.bar,.legend,.verdict,.tiles div{break-inside:avoid}
    .bar{grid-template-columns:19rem 1fr repeat(var(--n),4.6rem);padding:.15rem 0}.bar svg{height:13px}
    .bar.op{font-size:8.5pt;padding:0 0 0 1.1rem}.bar.op small{display:inline}
    details::details-content{content-visibility:visible;height:auto;display:block}}
    """
}
