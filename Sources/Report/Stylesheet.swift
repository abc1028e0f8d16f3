/// The look of every report: one column of text, one accent, tables ruled as in print.
let stylesheet = """
  :root { --ink: #1b1f24; --quiet: #57606a; --rule: #d5d9de; --hair: #eceef1; --accent: #0a5a8c; --paper: #ffffff; }
  * { box-sizing: border-box; }
  html { color-scheme: light; -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
  body { margin: 0 auto; padding: 3.5rem 1.5rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
    font: 1.0625rem/1.6 Charter, "Bitstream Charter", "Source Serif 4", Georgia, "Liberation Serif", serif; }
  .kicker, nav, table, figcaption, .figure text, .figure tspan, .cards, .banner, footer, pre, h2 {
    font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
  p, ul, dl { max-width: 42rem; }
  h1 { margin: 0; max-width: 46rem; font-size: clamp(1.6rem, 4.5vw, 2.35rem); line-height: 1.2; font-weight: 600;
    letter-spacing: -0.012em; overflow-wrap: anywhere; }
  .kicker { margin: 0 0 .6rem; color: var(--accent); font-size: .78rem; font-weight: 600; letter-spacing: .09em;
    text-transform: uppercase; }
  .subtitle { margin: .6rem 0 0; color: var(--quiet); overflow-wrap: anywhere; }
  .subtitle + .banner { margin-top: 1.4rem; }
  .banner { margin: .5rem 0 0; padding: .7rem 1rem; max-width: none; border-left: 4px solid var(--accent);
    background: #eef4f8; font-size: .95rem; line-height: 1.5; font-weight: 600; }
  nav { margin-top: 1.8rem; border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); font-size: .85rem; }
  nav ol { display: flex; flex-wrap: wrap; gap: .15rem 1.4rem; margin: .6rem 0; padding: 0; list-style: none; }
  a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
  nav a { display: inline-block; padding: .2rem 0; text-decoration: none; }
  nav a:hover, nav a:focus { text-decoration: underline; }
  section { margin-top: 3rem; }
  h2 { margin: 0 0 .9rem; font-size: 1.2rem; font-weight: 650; letter-spacing: -0.005em; }
  h3 { margin: 1.8rem 0 .5rem; font-size: 1.05rem; font-style: italic; font-weight: 600; }
  p { margin: .7rem 0; }
  .lead { font-size: 1.2rem; line-height: 1.55; }
  .remark { color: var(--quiet); font-size: .95rem; line-height: 1.5; }
  .cards { display: grid; grid-template-columns: 1.35fr 1fr 1fr 1fr; margin: 1.4rem 0; border-top: 2px solid var(--ink);
    border-bottom: 1px solid var(--rule); }
  .cards div { margin: .9rem 0; padding: 0 1.2rem; border-left: 1px solid var(--rule); }
  .cards div:first-child { padding-left: 0; border-left: 0; }
  .cards dt { color: var(--quiet); font-size: .82rem; }
  .cards dd { margin: .1rem 0 0; font-variant-numeric: tabular-nums; }
  .cards .value { font-size: 2rem; line-height: 1.15; font-weight: 300; letter-spacing: -0.02em; }
  .cards div:first-child .value { color: var(--accent); font-size: 3.1rem; line-height: 1; }
  .cards .interval { color: var(--quiet); font-size: .85rem; }
  a:focus-visible, pre:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
  .scroll { overflow-x: auto; margin: 1.5rem 0; }
  table { width: 100%; border-collapse: collapse; font-size: .875rem; line-height: 1.4;
    border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
  caption { padding-bottom: .5rem; text-align: left; font-weight: 600; }
  th, td { padding: .45rem .55rem; text-align: left; vertical-align: top; }
  th:first-child { padding-left: 0; }
  td:last-child, th:last-child { padding-right: 0; }
  thead th { border-bottom: 1px solid var(--ink); font-weight: 600; vertical-align: bottom; }
  tbody th { font-weight: 500; }
  tbody tr + tr > * { border-top: 1px solid var(--hair); }
  .numbers { table-layout: auto; }
  .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  th.number, td::before { white-space: normal; }
  .words tbody th { white-space: nowrap; }
  .words td:last-child { overflow-wrap: anywhere; }
  .variable { font-weight: 650; }
  .category { padding-left: 1rem; }
  .interval { display: block; color: var(--quiet); font-size: .82em; }
  .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1.6rem; }
  .figures.wide { grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
  figure { margin: 1.4rem 0; break-inside: avoid; }
  .figures figure { margin: .6rem 0; }
  .figure svg { display: block; width: 100%; height: auto; }
  .natural svg { width: auto; max-width: none; }
  .natural .scroll { margin: 0; }
  .beside { display: grid; grid-template-columns: minmax(0, 31rem) minmax(12rem, 1fr); gap: 2.2rem; align-items: end; }
  figure img { display: block; max-width: 100%; height: auto; background: #000000; }
  figcaption { margin-top: .55rem; max-width: 42rem; color: var(--quiet); font-size: .85rem; line-height: 1.5; }
  pre { margin: 1.2rem 0; padding: 1rem 1.2rem; border: 1px solid var(--rule); background: #f8f9fa; white-space: pre-wrap;
    overflow-wrap: anywhere; font: .8rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
  ul { padding-left: 1.2rem; }
  li, dd, p { overflow-wrap: break-word; }
  code { font: .8rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
  /* One click takes all. */
  .copy { padding: .2rem 1.4rem 1rem; border: 1px solid var(--rule); user-select: all; -webkit-user-select: all; }
  dl.methods dt { margin-top: .9rem; font-weight: 600; }
  dl.methods dd { margin: .1rem 0 0; }
  footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--rule); color: var(--quiet); font-size: .85rem; }
  footer p { max-width: none; }
  @media (max-width: 640px) {
    body { padding: 1.8rem 1.1rem 3rem; font-size: 1rem; }
    .cards { grid-template-columns: 1fr 1fr 1fr; }
    .cards div { padding: 0 .7rem; }
    .cards div:first-child { grid-column: 1 / -1; padding-bottom: .9rem; border-bottom: 1px solid var(--rule); margin-bottom: 0; }
    .cards div:nth-child(2) { padding-left: 0; border-left: 0; }
    .cards .value { font-size: 1.5rem; }
    section { margin-top: 2.4rem; }
    .beside { display: block; }
    thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    table, caption, tbody { display: block; }
    caption { border-bottom: 0; }
    tbody { border-top: 2px solid var(--ink); }
    table { border-top: 0; }
    tbody tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .5rem .8rem; padding: .7rem 0; }
    tbody tr + tr { border-top: 1px solid var(--rule); }
    tbody th { grid-column: 1 / -1; font-weight: 650; }
    tbody tr > th, tbody tr > td { padding: 0; border: 0 !important; overflow-wrap: anywhere; }
    .number { text-align: left; }
    .words td:last-child { grid-column: 1 / -1; }
    td::before { content: attr(data-column); display: block; color: var(--quiet); font-size: .8em; }
    td:empty { display: none; }
  }
  @media print {
    @page { size: A4; margin: 18mm 16mm; }
    html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
    body { padding: 0; max-width: none; font-size: 10pt; }
    nav { display: none; }
    section { margin-top: 1.6rem; }
    h2, h3, caption { break-after: avoid; }
    tr, figure, .cards, .numbers, dt, dd, li { break-inside: avoid; }
    .numbers.long { break-inside: auto; }
    p { orphans: 3; widows: 3; }
    .scroll { overflow: visible; }
    .natural svg { max-width: 100%; max-height: 220mm; }
    thead { display: table-header-group; }
    /* A picture higher than a page would be cut. */
    figure img { width: auto; max-height: 220mm; }
    .figures { grid-template-columns: repeat(3, 1fr); }
    .figures.wide { grid-template-columns: 1fr 1fr; }
    main a { color: inherit; text-decoration: underline; }
    footer { margin-top: 1rem; padding-top: .4rem; }
  }
  """
