/** The style of the reference, for both themes. It loads nothing. */
export const REFERENCE_STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b2430,#e4e8ee);--quiet:light-dark(#4d5866,#a9b3c0);--line:light-dark(#d5dbe3,#3a4350);--ground:light-dark(#fff,#14181e);--raised:light-dark(#f3f5f8,#1d232b);--link:light-dark(#1c5aa8,#8ab8f5)}
*{box-sizing:border-box}body{margin:0;color:var(--ink);background:var(--ground);font:15px/1.5 system-ui,sans-serif}main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem;scroll-margin-top:4rem}h3{font-size:1rem;margin:0;display:inline;font-weight:400;scroll-margin-top:4rem}h4{margin:1rem 0 .25rem}a{color:var(--link)}
code,pre{font:13px/1.45 ui-monospace,monospace}code{overflow-wrap:anywhere}pre{background:var(--raised);padding:.6rem .8rem;overflow:auto;max-height:24rem;border-radius:6px}
.search{position:sticky;top:0;background:var(--ground);padding:.5rem 0;margin:.5rem 0;border-bottom:1px solid var(--line)}input{font:inherit;padding:.35rem .6rem;width:min(24rem,70vw);color:inherit;background:var(--raised);border:1px solid var(--quiet);border-radius:6px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.2rem;list-style:none;padding:0}details{border-bottom:1px solid var(--line)}summary{cursor:pointer;padding:.45rem 0}summary span{color:var(--quiet)}summary>span{display:block;padding-left:1.1rem}summary .verb{font-weight:700;color:var(--ink)}
.body{padding:0 0 1rem 1.1rem;scroll-margin-top:6rem}.text{white-space:pre-line}.facts{color:var(--quiet)}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0}caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid var(--line);font-weight:400;min-width:5rem}td:last-child{min-width:14rem;white-space:pre-line}thead th{color:var(--quiet)}[hidden]{display:none}
`;
