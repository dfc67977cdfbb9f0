//! The colours of a picture, and its font.
//!
//! Knows nothing of what is drawn.

/// The rules of a picture: Jupyter's colours where they are defined, otherwise light or dark ones. Each names the
/// picture's class, because a page has them for all that it shows.
pub(super) const STYLE: &str = "
.bgjobs-timeline{background:var(--jp-layout-color0,#fff);fill:var(--jp-content-font-color1,#1f2328);
--faint:var(--jp-content-font-color2,#59636e);--done:var(--jp-success-color1,#2e7d32);
--failed:var(--jp-error-color1,#c62828);--stopped:var(--jp-warn-color1,#c77700);--running:var(--jp-info-color1,#1976d2);
--waiting:#8c959f;font:12px var(--jp-ui-font-family,system-ui,sans-serif);max-width:100%;height:auto}
@media(prefers-color-scheme:dark){.bgjobs-timeline{background:var(--jp-layout-color0,#0d1117);
fill:var(--jp-content-font-color1,#e6edf3);--faint:var(--jp-content-font-color2,#9198a1);
--done:var(--jp-success-color1,#57ab5a);--failed:var(--jp-error-color1,#f85149);
--stopped:var(--jp-warn-color1,#d29922);--running:var(--jp-info-color1,#58a6ff)}}
.bgjobs-timeline .title{font-weight:bold;font-size:13px}
.bgjobs-timeline .tick,.bgjobs-timeline .label,.bgjobs-timeline .note{fill:var(--faint);font-size:11px}
.bgjobs-timeline .tick{text-anchor:middle}
.bgjobs-timeline .grid{stroke:#8888;stroke-opacity:.4;fill:none}
.bgjobs-timeline .cut{fill:#888;fill-opacity:.15}
.bgjobs-timeline .row{fill:none;pointer-events:all}
.bgjobs-timeline .stripe{fill:#888;fill-opacity:.08}
.bgjobs-timeline .done{fill:var(--done);stroke:var(--done)}
.bgjobs-timeline .failed{fill:var(--failed);stroke:var(--failed)}
.bgjobs-timeline .stopped{fill:var(--stopped);stroke:var(--stopped)}
.bgjobs-timeline .running{fill:var(--running);stroke:var(--running)}
.bgjobs-timeline .waiting{fill:var(--waiting)}
.bgjobs-timeline rect,.bgjobs-timeline .area{stroke:none}
.bgjobs-timeline .area{fill-opacity:.6}
.bgjobs-timeline .wait{stroke:var(--waiting);stroke-width:3;stroke-opacity:.7;fill:none}
.bgjobs-timeline .end{stroke-width:1.5}
";
